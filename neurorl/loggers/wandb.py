"""Weights & Biases, online or offline (``WANDB_MODE=offline``); a sweep is a group of runs."""

import time
from pathlib import Path
from typing import Any

from neurorl import extras
from neurorl.loggers.logger import Job
from neurorl.loggers.tracker import STEP, Tracker, project

INTERVAL = 0.05  # seconds after which its service writes what it was given; 15 by default, which a kill would take


class WandB(Tracker):
    """A run of Weights & Biases.

    Offline, a run that goes on makes a second folder under the same id, and a kill leaves the points after the last checkpoint in
    both: the same numbers at the same steps.
    """

    def __init__(self, project: str | None = None, **init: Any):
        """Needs the extra ``wandb``.

        Args:
            project: Of Weights & Biases; by default WANDB_PROJECT, or "neurorl".
            **init: Further arguments of ``wandb.init``: entity, tags, notes, mode, dir.
        """
        with extras.needed("logger 'wandb'", "wandb"):
            import wandb
        self._wandb, self._project, self._init = wandb, project, init
        self._run: Any = None

    def open(self, job: Job) -> int:
        """Begin the run, or go on with it; only the server tells what it holds."""
        settings = self._wandb.Settings(console="off", x_transaction_log_flush_interval=INTERVAL)
        ours = {"id": job.id, "name": job.name, "group": job.group, "config": job.values, "settings": settings}
        again = {"resume": "allow", "reinit": "create_new", "allow_val_change": True}
        self._run = self._wandb.init(project=project(self._project, "WANDB_PROJECT"), **ours | again | self._init)
        self._run.define_metric("*", step_metric=STEP)
        return int(self._run.summary.get(STEP, -1)) if self._run.resumed else -1

    def send(self, values: dict[str, float], step: int) -> None:
        """Log a row; the step of Weights & Biases is the environment step."""
        self._run.log(values, step=step, commit=True)

    def figure(self, name: str, path: Path) -> None:
        """Log a figure."""
        self._run.log({name: self._wandb.Image(str(path))})

    def flush(self) -> None:
        """Wait until its service has written everything."""
        self._run.status()  # answers after what was sent before it
        time.sleep(2 * INTERVAL)

    def end(self, summary: dict[str, Any]) -> None:
        """Keep the summary and finish."""
        self._run.summary.update({f"summary/{name}": value for name, value in summary.items() if not isinstance(value, dict)})
        self._run.finish()
        self._run = None

    def close(self) -> None:
        """Finish a run that was interrupted, as one that failed; it goes on under the same id."""
        if self._run is not None:
            self._run.finish(exit_code=1)
            self._run = None
