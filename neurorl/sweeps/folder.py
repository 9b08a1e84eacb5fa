"""The files of a sweep.

sweep.json            its configuration, in canonical form, with its hash and versions
shards/NAME.parquet   one shard each, whole from the moment it is there
failures.json         what failed at the last command, with its error
loggers.json          its id and its loggers, for when it goes on; told.json: the rows that they know of
results.parquet       all shards together, written last: where it is, the sweep is complete
"""

import json
from pathlib import Path
from typing import Any

from neurorl.errors import NeurorlError
from neurorl.files import user_path
from neurorl.results import run_folder
from neurorl.sweeps import spec
from neurorl.sweeps.grouping import Shard
from neurorl.sweeps.spec import Spec


class SweepFolder:
    """Paths of one sweep."""

    def __init__(self, path: str | Path):
        """Name a folder; nothing is read or made."""
        self.path = user_path(path)
        self.config = self.path / "sweep.json"
        self.shards = self.path / "shards"
        self.failures = self.path / "failures.json"
        self.told = self.path / "told.json"
        self.results = self.path / "results.parquet"
        self.study = self.path / "study.journal"

    @property
    def barren(self) -> bool:
        """Whether nothing is in it but what a kill leaves of a sweep that had no configuration yet."""
        return set(self.path.iterdir()) <= set(self.path.glob(f".{self.config.stem}.*{self.config.suffix}"))

    def has(self, shard: Shard) -> bool:
        """Whether a shard is done."""
        return (self.shards / f"{shard.name}.parquet").is_file()

    def files(self) -> list[Path]:
        """Return the files of all shards that are done; temporary ones begin with a dot."""
        return sorted(path for path in self.shards.glob("*.parquet") if not path.name.startswith("."))


def begin(path: str | Path, sweep: Spec, kind: str) -> SweepFolder:
    """Return the folder of a sweep, made now or begun before by the same configuration.

    Args:
        path: The folder.
        sweep: Its configuration.
        kind: "sweep" or "tune".

    Raises:
        NeurorlError: The folder holds something else, or a sweep with another configuration: the message shows the difference.
    """
    folder = SweepFolder(path)
    ours = {"kind": kind, "hash": sweep.hash, "versions": spec.versions(), "sweep": sweep.to_json()}
    if folder.config.is_file():
        theirs = run_folder.read_json(folder.config)
        changes = spec.differences(
            {k: v for k, v in theirs.items() if k != "hash"}, {k: v for k, v in ours.items() if k != "hash"}
        )
        if changes:
            listed = "; ".join(change.removeprefix("sweep.") for change in changes)
            raise NeurorlError(f"'{path}' holds another sweep: {listed}. Give another folder with --out, or undo the change")
    elif folder.path.exists() and (not folder.path.is_dir() or not folder.barren):
        raise NeurorlError(f"'{path}' exists and holds no sweep; give another folder with --out")
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        if not folder.config.is_file():
            run_folder.write_json(folder.config, ours)
        folder.shards.mkdir(exist_ok=True)
    except OSError as error:
        raise NeurorlError(f"folder '{path}' cannot be made: {error.strerror}") from error
    return folder


def open_sweep(path: str | Path) -> tuple[SweepFolder, Spec]:
    """Return the folder of an existing sweep, and its configuration.

    Raises:
        NeurorlError: There is no such folder, or it is no sweep.
    """
    folder = SweepFolder(path)
    if not folder.path.is_dir():
        raise NeurorlError(f"there is no folder '{path}'")
    if not folder.config.is_file():
        raise NeurorlError(f"folder '{path}' is no sweep: it has no sweep.json")
    return folder, spec.check(run_folder.read_json(folder.config)["sweep"])


def failures(folder: SweepFolder) -> list[dict[str, Any]]:
    """Return what failed at the last command."""
    return json.loads(folder.failures.read_text())["failures"] if folder.failures.is_file() else []
