"""The files of a run.

config.json           everything the results depend on
training.parquet      one row a seed and point of the training curve
evaluation.parquet    one row a seed and evaluation
episodes.parquet      one row a training episode, where they are logged
timing.json           clock times, kept apart from the results
checkpoints/STEP      learners after STEP environment steps
loggers.json          its id and its loggers, for when it goes on; their own files are theirs
learning_curve.png, spikes.png
summary.json          written last: where it is, the run is complete
"""

import itertools
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from neurorl.errors import NeurorlError
from neurorl.files import user_path, write_atomically


class RunFolder:
    """Paths and atomic writes of one run."""

    def __init__(self, path: str | os.PathLike[str]):
        """Name a folder; nothing is read or made."""
        self.path = user_path(path)
        self.config = self.path / "config.json"
        self.training = self.path / "training.parquet"
        self.evaluation = self.path / "evaluation.parquet"
        self.episodes = self.path / "episodes.parquet"
        self.timing = self.path / "timing.json"
        self.checkpoints = self.path / "checkpoints"
        self.loggers = self.path / "loggers.json"
        self.tensorboard = self.path / "tensorboard"
        self.learning_curve = self.path / "learning_curve.png"
        self.spikes = self.path / "spikes.png"
        self.summary = self.path / "summary.json"

    @property
    def complete(self) -> bool:
        """Whether the run has finished."""
        return self.summary.is_file()

    @property
    def barren(self) -> bool:
        """Whether nothing is in it but what a kill leaves of a run that had no configuration yet."""
        left = {self.checkpoints, *self.path.glob(f".{self.config.stem}.*{self.config.suffix}")}
        return set(self.path.iterdir()) <= left and not any(self.checkpoints.glob("*"))

    def clear(self) -> None:
        """Remove what a run wrote, and the folder too where nothing else is in it: the user's own files stay."""
        tables = (self.training, self.evaluation, self.episodes)
        files = (self.summary, self.learning_curve, self.spikes, *tables, self.timing, self.loggers, self.config)
        for file in files:  # the summary first: half removed, the run is not complete
            for each in (file, *self.path.glob(f".{file.stem}.*{file.suffix}")):  # and what a kill left of it
                each.unlink(missing_ok=True)
        for child in list(self.checkpoints.glob("*")):
            if child.name.lstrip(".").partition(".")[0].isdigit():
                shutil.rmtree(child)
        for log in list(self.tensorboard.glob("*/events.out.tfevents.*")):
            log.unlink()
        for folder in (*self.tensorboard.glob("*"), self.tensorboard, self.checkpoints, self.path):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def create(path: str | os.PathLike[str], overwrite: bool) -> RunFolder:
    """Return a run folder without a run in it, which no other process gets.

    Raises:
        NeurorlError: The folder exists and ``overwrite`` is False, or it holds something that is no run.
    """
    folder = RunFolder(path)
    if folder.path.exists() and not folder.path.is_dir():
        raise NeurorlError(f"'{path}' is a file; give another folder with --out")
    if folder.path.is_dir() and any(folder.path.iterdir()):
        if not overwrite:
            raise NeurorlError(f"folder '{path}' exists; give another with --out, or --overwrite to replace the run in it")
        if not (folder.config.is_file() or folder.barren):
            raise NeurorlError(
                f"folder '{path}' exists and is not a run, so --overwrite does not touch it; give another with --out"
            )
        folder.clear()
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.checkpoints.mkdir(exist_ok=overwrite)
    except FileExistsError as error:
        raise NeurorlError(f"folder '{path}' was made by another run just now; give another with --out") from error
    except OSError as error:
        raise NeurorlError(f"folder '{path}' cannot be made: {error.strerror}") from error
    return folder


def create_default(env_id: str, agent_id: str, seed: int) -> RunFolder:
    """Return the new folder ``runs/ENV__AGENT__SEED__TIME``, with a number behind where another run was as fast."""
    safe = [part.replace("/", "_").replace(":", "_") for part in (env_id, agent_id)]
    name = f"{safe[0]}__{safe[1]}__{seed}__{time.strftime('%Y%m%d-%H%M%S')}"
    for number in itertools.count(1):
        path = Path("runs") / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise NeurorlError(f"folder '{path}' cannot be made: {error.strerror}") from error
        break
    return create(path, overwrite=False)


def open_run(path: str | os.PathLike[str]) -> tuple[RunFolder, dict[str, Any]]:
    """Return the folder of an existing run, and its config.json.

    Raises:
        NeurorlError: There is no such folder, or it is not a run.
    """
    folder = RunFolder(path)
    if not folder.path.is_dir():
        raise NeurorlError(f"there is no folder '{path}'")
    if not folder.config.is_file():
        raise NeurorlError(f"folder '{path}' is not a run: it has no config.json")
    return folder, read_json(folder.config)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file."""
    try:
        values = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise NeurorlError(f"'{path}' cannot be read as JSON: {error}") from error
    if not isinstance(values, dict):
        raise NeurorlError(f"'{path}' does not hold a JSON object")
    return values


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON file atomically."""
    text = json.dumps(values, indent=2, allow_nan=False) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text))
