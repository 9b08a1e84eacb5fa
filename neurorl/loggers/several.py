"""Several loggers told as one."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurorl.errors import NeurorlWarning
from neurorl.loggers.logger import Job, Logger, Point, Progress


class Several(Logger):
    """Tells several loggers. One that fails is left out from then on, and that is said: what only shows may cost no run."""

    def __init__(self, loggers: Sequence[Logger] = ()):
        """Pass everything on to ``loggers``."""
        self.loggers = list(loggers)

    def start(self, job: Job, done: int) -> None:
        """Start all."""
        self._tell("start", job, done)

    def point(self, point: Point) -> None:
        """Tell all of a point."""
        self._tell("point", point)

    def flush(self) -> None:
        """Flush all."""
        self._tell("flush")

    def figure(self, name: str, path: Path) -> None:
        """Show all a figure."""
        self._tell("figure", name, path)

    def end(self, summary: dict[str, Any]) -> None:
        """Tell all that the job is complete."""
        self._tell("end", summary)

    def progress(self, progress: Progress) -> None:
        """Tell all how far the command has come."""
        self._tell("progress", progress)

    def say(self, message: str) -> None:
        """Give all a line of text."""
        self._tell("say", message)

    def close(self) -> None:
        """Close all."""
        self._tell("close")

    def _tell(self, verb: str, *arguments: Any) -> None:
        for logger in list(self.loggers):
            try:
                getattr(logger, verb)(*arguments)
            except Exception as error:  # whatever a disk, a terminal, a server or somebody else's logger raises
                self.loggers.remove(logger)
                name = logger.given_name or type(logger).__name__
                warnings.warn(f"the logger {name} failed, and goes on without it: {error!r}", NeurorlWarning, stacklevel=2)
