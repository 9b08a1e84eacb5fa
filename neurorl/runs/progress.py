"""Progress meters, given to a run as objects: none, a bar, TensorBoard, or several."""

import os
import struct
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from neurorl.errors import NeurorlError, NeurorlWarning
from neurorl.results.run_folder import RunFolder
from neurorl.results.text import number


class Progress:
    """The meter that shows nothing; the others derive from it."""

    def start(self, folder: RunFolder, values: dict[str, Any], done: int) -> None:
        """Begin, or go on, after ``done`` environment steps of a run in ``folder``; ``values`` is its config.json."""

    def update(self, step: int, values: dict[str, np.ndarray], steps_per_second: float) -> None:
        """Show a point of the training curve; every value is [learners]."""

    def evaluated(self, step: int, returns: np.ndarray) -> None:
        """Show an evaluation; ``returns`` is [learners, episodes]."""

    def flush(self) -> None:
        """Keep what was shown: a checkpoint follows, from which a run that is killed goes on."""

    def close(self) -> None:
        """End."""


class Bar(Progress):
    """A line on the task and a bar on standard error, with the returns and the speed."""

    def __init__(self) -> None:
        """Make a bar; it appears at the start."""
        self._returns: dict[str, str] = {}
        self._bar: Any = None

    def start(self, folder: RunFolder, values: dict[str, Any], done: int) -> None:
        """Say what is trained, and show the bar."""
        from tqdm import tqdm

        size = f"{values['seeds']} seeds x {values['steps']:,} steps"
        sys.stderr.write(f"{values['env_id']}: {values['loop']} loop, {values['agent_id']}, {size}\n")
        if values["task"]["limited_by_us"]:
            limit = values["task"]["max_episode_steps"]
            sys.stderr.write(f"episodes are cut after {limit} steps, which counts as truncation\n")
        layout = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} steps [{elapsed}<{remaining}{postfix}]"
        self._bar = tqdm(
            total=values["steps"], initial=done, desc=values["env_id"], bar_format=layout, dynamic_ncols=True, file=sys.stderr
        )

    def update(self, step: int, values: dict[str, np.ndarray], steps_per_second: float) -> None:
        """Move the bar."""
        recent = values["recent_return"]
        if np.isfinite(recent).any():
            self._returns["train"] = number(np.nanmean(recent))
        self._bar.set_postfix(self._returns | {"steps/s": f"{steps_per_second:,.0f}"}, refresh=False)
        self._bar.update(step - self._bar.n)

    def evaluated(self, step: int, returns: np.ndarray) -> None:
        """Show the mean return of the evaluation."""
        self._returns["greedy"] = number(returns.mean())

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()


class TensorBoard(Progress):
    """Scalars for TensorBoard in the run's folder, one log a seed.

    A run that goes on from a checkpoint drops what was logged after it, since the same points come again.
    """

    def __init__(self) -> None:
        """Needs the extra ``tensorboard``."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from tensorboardX import event_file_writer, summary
        except ImportError as error:
            raise NeurorlError("TensorBoard logs need an extra: pip install 'neurorl[tensorboard]'") from error
        self._make, self._scalar = event_file_writer.EventsWriter, summary.scalar
        self._writers: list[Any] = []

    def start(self, folder: RunFolder, values: dict[str, Any], done: int) -> None:
        """Open the files."""
        for seed in range(values["seed"], values["seed"] + values["seeds"]):
            log = folder.tensorboard / f"seed-{seed}"
            log.mkdir(parents=True, exist_ok=True)
            for file in log.glob("events.out.tfevents.*"):
                _drop_after(file, done)
            # Not a SummaryWriter: a flush of it does not wait for what its thread has yet to write.
            self._writers.append(self._make(os.fspath(log / "events"), f".{done}"))

    def update(self, step: int, values: dict[str, np.ndarray], steps_per_second: float) -> None:
        """Write a point of the training curve."""
        for lane, writer in enumerate(self._writers):
            for name, column in values.items():
                if np.isfinite(column[lane]):
                    self._write(writer, f"training/{name}", column[lane], step)
            self._write(writer, "speed/env_steps_per_second", steps_per_second, step)

    def evaluated(self, step: int, returns: np.ndarray) -> None:
        """Write an evaluation."""
        for writer, row in zip(self._writers, returns, strict=True):
            self._write(writer, "evaluation/return", row.mean(), step)

    def flush(self) -> None:
        """Write what waits in memory."""
        for writer in self._writers:
            writer.flush()

    def close(self) -> None:
        """Flush and close."""
        while self._writers:
            self._writers.pop().close()

    def _write(self, writer: Any, tag: str, value: float, step: int) -> None:
        from tensorboardX.proto.event_pb2 import Event

        writer.write_event(Event(wall_time=time.time(), step=step, summary=self._scalar(tag, float(value))))


class Several(Progress):
    """Several meters at once. One that fails is left out from then on, and that is said: what only shows may cost no run."""

    def __init__(self, *meters: Progress) -> None:
        """Pass everything on to ``meters``."""
        self._meters = list(meters)

    def start(self, folder: RunFolder, values: dict[str, Any], done: int) -> None:
        """Start all."""
        self._tell("start", folder, values, done)

    def update(self, step: int, values: dict[str, np.ndarray], steps_per_second: float) -> None:
        """Update all."""
        self._tell("update", step, values, steps_per_second)

    def evaluated(self, step: int, returns: np.ndarray) -> None:
        """Tell all of an evaluation."""
        self._tell("evaluated", step, returns)

    def flush(self) -> None:
        """Flush all."""
        self._tell("flush")

    def close(self) -> None:
        """Close all."""
        self._tell("close")

    def _tell(self, verb: str, *arguments: Any) -> None:
        for meter in list(self._meters):
            try:
                getattr(meter, verb)(*arguments)
            except Exception as error:  # whatever a disk, a terminal or somebody else's meter raises
                self._meters.remove(meter)
                name = type(meter).__name__
                warnings.warn(f"the meter {name} failed, and the run goes on without it: {error!r}", NeurorlWarning, stacklevel=2)


def _drop_after(file: Path, done: int) -> None:
    """Cut a log of TensorBoard behind its last whole record of an environment step up to ``done``; the steps ascend."""
    from tensorboardX.proto.event_pb2 import Event

    content, at = file.read_bytes(), 0
    while at + 12 <= len(content):  # length (8 bytes), its checksum (4), the event, its checksum (4)
        end = at + 16 + struct.unpack_from("<Q", content, at)[0]
        if end > len(content) or Event.FromString(content[at + 12 : end - 4]).step > done:
            break
        at = end
    os.truncate(file, at)
