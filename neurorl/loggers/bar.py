"""A progress bar."""

import math
import sys
from typing import Any

import numpy as np

from neurorl.loggers.logger import Job, Logger, Point, Progress
from neurorl.results.text import number

LAYOUT = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}{postfix}]"


class Bar(Logger):
    """A bar on standard error with the speed, over a run with its returns too."""

    of_rows = False

    def __init__(self) -> None:
        """Make a bar; it appears with the first progress."""
        self._returns: dict[str, str] = {}
        self._bar: Any = None

    def start(self, job: Job, done: int) -> None:
        """Say what is trained."""
        values = job.values
        size = f"{values['seeds']} seeds x {values['steps']:,} steps"
        self.say(f"{values['env_id']}: {values['loop']} loop, {values['agent_id']}, {size}")
        if values["task"]["limited_by_us"]:
            limit = values["task"]["max_episode_steps"]
            self.say(f"episodes are cut after {limit} steps, which counts as truncation")

    def point(self, point: Point) -> None:
        """Keep the mean returns to be shown."""
        for name, column in (("train", point.recent_return), ("greedy", point.eval_return)):
            if np.isfinite(column).any():
                self._returns[name] = number(float(np.nanmean(column)))

    def progress(self, progress: Progress) -> None:
        """Move the bar."""
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=progress.total, initial=progress.done, desc=progress.name, unit=progress.unit,
                bar_format=LAYOUT, dynamic_ncols=True, file=sys.stderr,
            )  # fmt: skip
        shown = dict(self._returns) if progress.unit == "steps" else {"learners": f"{progress.learners:,}"}
        if not math.isnan(progress.steps_per_second):
            shown["steps/s"] = f"{progress.steps_per_second:,.0f}"
        self._bar.total = progress.total  # less than at first where a run ends early
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update(progress.done - self._bar.n)

    def say(self, message: str) -> None:
        """Show a line, above the bar where there is one."""
        if self._bar is None:
            sys.stderr.write(message + "\n")
        else:
            self._bar.write(message, file=sys.stderr)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
