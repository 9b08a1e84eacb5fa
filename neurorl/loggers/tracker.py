"""What experiment trackers have in common: a run of theirs for each of ours, found again by its id when ours goes on."""

import os
from typing import Any

from neurorl.loggers.logger import Job, Logger, Point
from neurorl.loggers.scalars import APART, of_all, of_learner

STEP = "env_step"  # a number of every point: the axis that the others are drawn over
PROJECT = "neurorl"


class Tracker(Logger):
    """Sends every point as one row of numbers: those of all learners, and those of each under ``seeds/SEED``."""

    def start(self, job: Job, done: int) -> None:
        """Open the tracker's run of the job."""
        self.job = job
        self._apart = job.seeds if len(job.seeds) <= APART else ()
        self._kept = self.open(job)

    def point(self, point: Point) -> None:
        """Send a point, unless the tracker has it from before an interruption."""
        if point.step <= self._kept:
            return
        values = {STEP: float(point.step), **of_all(point)}
        for index, seed in enumerate(self._apart):
            values |= {f"seeds/{seed}/{name}": value for name, value in of_learner(point, index).items()}
        self.send(values, point.step)

    def open(self, job: Job) -> int:
        """Make or find the tracker's run; return the last environment step that it is known to hold, or -1."""
        raise NotImplementedError

    def send(self, values: dict[str, float], step: int) -> None:
        """Log numbers at an environment step."""
        raise NotImplementedError


def project(given: str | None, variable: str) -> str:
    """Return the name under which runs are gathered: as given, as the tracker's own variable says, or the house's."""
    return given or os.environ.get(variable) or PROJECT


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a configuration with dotted keys, as ``--set`` takes them."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
    return found
