"""trackio, the local tracker of Hugging Face: a database in its cache folder (TRACKIO_DIR), or a Space; no account is needed."""

import contextlib
import io
from pathlib import Path
from typing import Any

from neurorl import extras
from neurorl.loggers.logger import Job
from neurorl.loggers.tracker import Tracker, project


class Trackio(Tracker):
    """A run of trackio; ``trackio show --project neurorl`` shows it."""

    def __init__(self, project: str | None = None, **init: Any):
        """Needs the extra ``trackio``.

        Args:
            project: Of trackio; by default TRACKIO_PROJECT, or "neurorl".
            **init: Further arguments of ``trackio.init``: space_id, private.
        """
        with extras.needed("logger 'trackio'", "trackio"):
            import trackio
        self._trackio, self._project, self._init = trackio, project, init
        self._run: Any = None

    def open(self, job: Job) -> int:
        """Begin the run, or go on with it."""
        self._project = project(self._project, "TRACKIO_PROJECT")
        kept = self._trackio.SQLiteStorage.get_max_step_for_run(self._project, self._name)
        self._step = 0 if kept is None else kept
        return -1 if kept is None else kept

    def send(self, values: dict[str, float], step: int) -> None:
        """Log a row."""
        self._step = step
        self._log(dict(values))

    def figure(self, name: str, path: Path) -> None:
        """Log a figure, at the step of the last row."""
        self._log({name: self._trackio.Image(str(path))})

    def flush(self) -> None:
        """End its run, the one way to wait until its thread has written everything; the next row goes on with the run."""
        if self._run is not None:
            with _quiet():
                self._trackio.finish()
            self._run = None

    def end(self, summary: dict[str, Any]) -> None:
        """Keep the numbers of the summary and finish."""
        self._log({f"summary/{name}": value for name, value in summary.items() if isinstance(value, int | float)})
        self.flush()

    def close(self) -> None:
        """Write what waits."""
        self.flush()

    @property
    def _name(self) -> str:
        """Its runs are found again by their names, so that ours bear their ids."""
        return f"{self.job.name}~{self.job.id}"

    def _log(self, values: dict[str, Any]) -> None:
        if self._run is None:
            ours = {"name": self._name, "group": self.job.group, "config": self.job.values, "resume": "allow", "embed": False}
            with _quiet():
                self._run = self._trackio.init(
                    self._project, **ours | {"auto_log_cpu": False, "auto_log_gpu": False} | self._init
                )
        self._run.log(values, step=self._step)


def _quiet() -> contextlib.redirect_stdout[io.StringIO]:
    """Keep what trackio prints at every start and end off the standard output, where commands answer."""
    return contextlib.redirect_stdout(io.StringIO())
