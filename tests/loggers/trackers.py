"""Trackers read back by what they are read with themselves: every row that one run of theirs has, in the order it was told."""

import json
import os
import shutil
import struct
import tempfile
import time
from pathlib import Path

BLOCK = 32768  # of the log that W&B writes: records are cut at its multiples


class WandB:
    """Its offline files: a log of records, which are messages of its protocol."""

    name = "wandb"
    repeats = True  # whether a kill leaves the points after a checkpoint twice

    def __init__(self, folder):
        self.folder = folder
        self.environment = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": str(folder)}

    def close(self):
        import wandb

        wandb.teardown()  # it reads its folder once a process, and again after this

    def ids(self):
        return sorted({file.stem.removeprefix("run-") for file in self._files()})

    def rows(self, run):
        """Yield every row as (environment step, numbers)."""
        for record in self._records(run):
            if record.WhichOneof("record_type") == "history":
                values = {(i.key or "/".join(i.nested_key)): json.loads(i.value_json) for i in record.history.item}
                if "evaluation/return" in values:  # a figure has the step of the point before it
                    assert values["_step"] == values["env_step"]
                    yield int(values["env_step"]), values

    def configuration(self, run):
        (record, *_) = [r for r in self._records(run) if r.WhichOneof("record_type") == "run"]
        return {item.key: json.loads(item.value_json) for item in record.run.config.update}

    def group(self, run):
        (record, *_) = [r for r in self._records(run) if r.WhichOneof("record_type") == "run"]
        return record.run.run_group

    def figures(self, run):
        paths = [file.parent / "files/media/images" for file in self._files(run)]
        return [figure.read_bytes() for path in paths for figure in path.glob("learning_curve*.png")]

    def summary(self, run):
        found = {}
        for record in self._records(run):
            if record.WhichOneof("record_type") == "summary":
                found |= {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.summary.update}
        return {name.removeprefix("summary/"): value for name, value in found.items() if name.startswith("summary/")}

    def status(self, run):
        for _ in range(100):  # its service may go on to write after it has answered that a run is finished
            codes = [r.exit.exit_code for r in self._records(run) if r.WhichOneof("record_type") == "exit"]
            if len(codes) == len(self._files(run)):
                break
            time.sleep(0.1)
        return "finished" if codes[-1] == 0 else "failed"

    def _files(self, run="*"):
        return sorted((self.folder / "wandb").glob(f"offline-run-*/run-{run}.wandb"))

    def _records(self, run):
        from wandb.proto.wandb_internal_pb2 import Record

        for file in self._files(run):
            data, at, whole = file.read_bytes(), 7, b""  # after W&B's own mark
            while at + 7 <= len(data):
                if BLOCK - at % BLOCK < 7:
                    at += BLOCK - at % BLOCK
                    continue
                length, kind = struct.unpack_from("<HB", data, at + 4)
                whole, at = whole + data[at + 7 : at + 7 + length], at + 7 + length
                if kind in (1, 4):  # the whole of a record, or its last part
                    yield Record.FromString(whole)
                    whole = b""


class MLflow:
    """Its local store, by its client."""

    name, repeats = "mlflow", False

    def __init__(self, folder):
        self.environment = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
        self.uri = self.environment["MLFLOW_TRACKING_URI"]

    def close(self):
        pass

    @property
    def client(self):
        from mlflow import MlflowClient

        return MlflowClient(self.uri)

    def runs(self):
        experiment = self.client.get_experiment_by_name("neurorl")
        return {run.data.tags["neurorl.id"]: run for run in self.client.search_runs([experiment.experiment_id])}

    def ids(self):
        return sorted(name for name, run in self.runs().items() if run.data.params)

    def rows(self, run):
        found = self.runs()[run]
        history = {name: self.client.get_metric_history(found.info.run_id, name) for name in found.data.metrics}
        for metric in history["env_step"]:
            yield metric.step, {name: [m.value for m in of if m.step == metric.step][-1] for name, of in history.items()
                                if any(m.step == metric.step for m in of)}  # fmt: skip

    def configuration(self, run):
        import mlflow

        found = self.runs()[run]
        return mlflow.artifacts.load_dict(f"{found.info.artifact_uri}/config.json")

    def group(self, run):
        parent = self.runs()[run].data.tags.get("mlflow.parentRunId")
        return next(name for name, other in self.runs().items() if other.info.run_id == parent)

    def figures(self, run):
        return [path.read_bytes() for path in self._artifacts(run).glob("learning_curve.png")]

    def summary(self, run):
        return json.loads((self._artifacts(run) / "summary.json").read_text())

    def status(self, run):
        return {"FINISHED": "finished", "KILLED": "failed"}[self.runs()[run].info.status]

    def _artifacts(self, run):
        return Path(self.runs()[run].info.artifact_uri)


class Trackio:
    """Its local database, by its storage."""

    name, repeats = "trackio", False

    folder = Path(tempfile.gettempdir()) / f"neurorl-trackio-{os.getpid()}"  # of all tests: it is read when trackio is imported

    def __init__(self, folder):
        self.project = folder.name
        self.environment = {"TRACKIO_DIR": str(self.folder), "TRACKIO_PROJECT": self.project, "HF_HUB_OFFLINE": "1"}

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def storage(self):
        import trackio

        return trackio.SQLiteStorage

    def ids(self):
        import trackio

        self.names = {run.name.partition("~")[2]: run for run in trackio.Api().runs(self.project)}
        return sorted(self.names)

    def rows(self, run):
        for row in self._logs(run):
            if "env_step" in row:
                assert row["step"] == row["env_step"]
                yield row["step"], row

    def configuration(self, run):
        return self._run(run).config

    def group(self, run):
        return self._run(run).config["_Group"]

    def figures(self, run):
        files = [row["learning_curve"]["file_path"] for row in self._logs(run) if "learning_curve" in row]
        return [(self.folder / "media" / file).read_bytes() for file in files]

    def summary(self, run):
        return {
            name.removeprefix("summary/"): value
            for row in self._logs(run)
            for name, value in row.items()
            if name.startswith("summary/")
        }

    def _run(self, run):
        self.ids()
        return self.names[run]

    def _logs(self, run):
        return self.storage.get_logs(self.project, self._run(run).name)


ALL = (WandB, MLflow, Trackio)
