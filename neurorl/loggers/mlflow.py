"""MLflow, wherever MLFLOW_TRACKING_URI says, by default a database in the present folder; a sweep is a run with a child a row."""

import time
from pathlib import Path
from typing import Any

from neurorl import extras
from neurorl.loggers.logger import Job
from neurorl.loggers.tracker import STEP, Tracker, flat, project

ID = "neurorl.id"  # the tag by which a run is found again
BATCH = 1000  # most metrics that a server takes at once
PARAMETERS = 100  # most parameters, likewise
LONGEST = 6000  # characters of a parameter


class MLflow(Tracker):
    """A run of MLflow, with the configuration, the summary and the figures among its artifacts."""

    def __init__(self, experiment: str | None = None, tracking_uri: str | None = None):
        """Needs the extra ``mlflow``.

        Args:
            experiment: Of MLflow; by default MLFLOW_EXPERIMENT_NAME, or "neurorl".
            tracking_uri: By default as MLflow has it.
        """
        with extras.needed("logger 'mlflow'", "mlflow"):
            from mlflow import MlflowClient, entities
        self._make, self._entities = MlflowClient, entities
        self._experiment, self._uri = experiment, tracking_uri
        self._run: str | None = None  # MLflow's own id of the run

    def open(self, job: Job) -> int:
        """Begin the run, or go on with it."""
        self._client = self._make(self._uri)
        self._in = self._experiment_id(project(self._experiment, "MLFLOW_EXPERIMENT_NAME"))
        found = self._find(job.id)
        if found is not None:
            self._run = found.info.run_id
            self._client.update_run(self._run, status="RUNNING")
            return int(found.data.metrics.get(STEP, -1))
        tags = {} if job.group is None else {"mlflow.parentRunId": self._parent(job.group)}
        self._run = self._client.create_run(self._in, tags={ID: job.id, **tags}, run_name=job.name).info.run_id
        self._client.log_dict(self._run, job.values, "config.json")
        parameters = [self._entities.Param(key, str(value)[:LONGEST]) for key, value in flat(job.values).items()]
        for start in range(0, len(parameters), PARAMETERS):
            self._client.log_batch(self._run, params=parameters[start : start + PARAMETERS])
        return -1

    def send(self, values: dict[str, float], step: int) -> None:
        """Log a row. The number by which it is known to be there goes last."""
        now = int(time.time() * 1000)
        ordered = sorted(values, key=lambda name: name == STEP)
        metrics = [self._entities.Metric(_allowed(name), values[name], now, step) for name in ordered]
        for start in range(0, len(metrics), BATCH):
            self._client.log_batch(self._run, metrics=metrics[start : start + BATCH])

    def figure(self, name: str, path: Path) -> None:
        """Keep a figure among the artifacts."""
        self._client.log_artifact(self._run, str(path))

    def end(self, summary: dict[str, Any]) -> None:
        """Keep the summary and finish."""
        self._client.log_dict(self._run, summary, "summary.json")
        self._client.set_terminated(self._run, "FINISHED")
        self._run = None

    def close(self) -> None:
        """Mark a run that was interrupted as killed; it goes on as the same run."""
        if self._run is not None:
            self._client.set_terminated(self._run, "KILLED")
            self._run = None

    def _experiment_id(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        return self._client.create_experiment(name) if found is None else found.experiment_id

    def _find(self, ours: str) -> Any:
        found = self._client.search_runs([self._in], filter_string=f"tags.`{ID}` = '{ours}'")
        return found[0] if found else None

    def _parent(self, group: str) -> str:
        """Return the run that the rows of a sweep are children of."""
        found = self._find(group)
        if found is not None:
            return found.info.run_id
        run = self._client.create_run(self._in, tags={ID: group}, run_name=group)
        self._client.set_terminated(run.info.run_id, "FINISHED")
        return run.info.run_id


def _allowed(name: str) -> str:
    """Return the name of a metric in the letters that MLflow takes."""
    return "".join(letter if letter.isalnum() or letter in "/_-. " else "_" for letter in name)
