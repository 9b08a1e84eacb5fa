"""Progress meters, given to a run as objects: none, a bar, TensorBoard, or several."""

import os
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from neurorl.errors import NeurorlError


class Progress:
    """The meter that shows nothing; the others derive from it."""

    def start(self, description: str, total: int, done: int) -> None:
        """Begin at ``done`` of ``total`` environment steps."""

    def update(self, step: int, values: dict[str, np.ndarray], steps_per_second: float) -> None:
        """Show a point of the training curve; every value is [learners]."""

    def evaluated(self, step: int, returns: np.ndarray) -> None:
        """Show an evaluation; ``returns`` is [learners, episodes]."""

    def say(self, message: str) -> None:
        """Show a line of text."""

    def close(self) -> None:
        """End."""


class Bar(Progress):
    """A bar on standard error, with the returns and the speed."""

    def __init__(self) -> None:
        """Make a bar; it appears at the start."""
        self._returns: dict[str, str] = {}

    def start(self, description: str, total: int, done: int) -> None:
        """Show the bar."""
        from tqdm import tqdm

        layout = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} steps [{elapsed}<{remaining}{postfix}]"
        self._bar = tqdm(
            total=total, initial=done, desc=description, bar_format=layout, dynamic_ncols=True, leave=True, file=sys.stderr
        )

    def update(self, step: int, values: dict[str, np.ndarray], steps_per_second: float) -> None:
        """Move the bar."""
        recent = values["recent_return"]
        if np.isfinite(recent).any():
            self._returns["train"] = f"{np.nanmean(recent):.1f}"
        self._bar.set_postfix(self._returns | {"steps/s": f"{steps_per_second:,.0f}"}, refresh=False)
        self._bar.update(step - self._bar.n)

    def evaluated(self, step: int, returns: np.ndarray) -> None:
        """Show the mean return of the evaluation."""
        self._returns["greedy"] = f"{returns.mean():.1f}"

    def say(self, message: str) -> None:
        """Show a line above the bar."""
        self._bar.write(message, file=sys.stderr)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()


class TensorBoard(Progress):
    """Scalars for TensorBoard, one run a seed."""

    def __init__(self, folder: Path, seeds: Iterable[int]) -> None:
        """Write below ``folder``; needs the extra ``tensorboard``."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from tensorboardX import SummaryWriter
        except ImportError as error:
            raise NeurorlError("TensorBoard logs need an extra: pip install 'neurorl[tensorboard]'") from error
        self._make = SummaryWriter
        self._folders = [folder / f"seed-{seed}" for seed in seeds]
        self._writers: list[Any] = []

    def start(self, description: str, total: int, done: int) -> None:
        """Open the files, now that the run has its folder."""
        self._writers = [self._make(os.fspath(folder)) for folder in self._folders]

    def update(self, step: int, values: dict[str, np.ndarray], steps_per_second: float) -> None:
        """Write a point of the training curve."""
        for lane, writer in enumerate(self._writers):
            for name, column in values.items():
                if np.isfinite(column[lane]):
                    writer.add_scalar(f"training/{name}", column[lane], step)
            writer.add_scalar("speed/env_steps_per_second", steps_per_second, step)

    def evaluated(self, step: int, returns: np.ndarray) -> None:
        """Write an evaluation."""
        for writer, row in zip(self._writers, returns, strict=True):
            writer.add_scalar("evaluation/return", row.mean(), step)

    def close(self) -> None:
        """Flush."""
        for writer in self._writers:
            writer.close()


class Several(Progress):
    """Several meters at once."""

    def __init__(self, *meters: Progress) -> None:
        """Pass everything on to ``meters``."""
        self._meters = meters

    def start(self, description: str, total: int, done: int) -> None:
        """Start all."""
        for meter in self._meters:
            meter.start(description, total, done)

    def update(self, step: int, values: dict[str, np.ndarray], steps_per_second: float) -> None:
        """Update all."""
        for meter in self._meters:
            meter.update(step, values, steps_per_second)

    def evaluated(self, step: int, returns: np.ndarray) -> None:
        """Tell all of an evaluation."""
        for meter in self._meters:
            meter.evaluated(step, returns)

    def say(self, message: str) -> None:
        """Tell all a line."""
        for meter in self._meters:
            meter.say(message)

    def close(self) -> None:
        """Close all."""
        for meter in self._meters:
            meter.close()
