"""The files of a sweep.

sweep.json            its configuration, in canonical form, with its hash and versions; "earlier": those from which it has grown
shards/NAME.parquet   one shard each, whole from the moment it is there; grown-K_NAME.parquet since it grew for the K-th time
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
from neurorl.sweeps import growth, spec
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

    def parts(self) -> list[Spec]:
        """Return the configurations that it has had, oldest first; the last is the present one."""
        kept = run_folder.read_json(self.config)
        earlier: list[dict[str, Any]] = kept.get("earlier", [])
        return [spec.check(each) for each in [*earlier, kept["sweep"]]]


def part_of(file: Path) -> int:
    """Return how often the sweep had grown when a shard was computed, which its name says."""
    head, _, _ = file.name.partition("_")
    return int(head.removeprefix("grown-")) if head.startswith("grown-") else 0


def parts(path: str | Path, sweep: Spec, kind: str) -> list[Spec]:
    """Return the configurations of a folder, oldest first, once ``sweep`` is its newest one.

    Args:
        path: The folder; it may be absent.
        sweep: What is to run in it.
        kind: "sweep" or "tune"; only a sweep grows.

    Raises:
        NeurorlError: The folder holds something else, or a sweep from which this one does not grow: the message shows why.
    """
    folder = SweepFolder(path)
    if not folder.config.is_file():
        if folder.path.exists() and (not folder.path.is_dir() or not folder.barren):
            raise NeurorlError(f"'{path}' exists and holds no sweep; give another folder with --out")
        return [sweep]
    theirs = run_folder.read_json(folder.config)
    same = {"kind": kind, "versions": spec.versions()}
    changes = spec.differences({name: theirs[name] for name in same}, same)
    had = folder.parts()
    if kind == "sweep" and theirs["kind"] == kind:
        changes += growth.hindrances(had[-1], sweep)
    else:
        changes += spec.differences(had[-1].to_json(), sweep.to_json())
    if changes:
        grows = f" ({growth.MORE})" if kind == "sweep" else ""
        raise NeurorlError(
            f"'{path}' holds another sweep: {'; '.join(changes)}. Give another folder with --out, or undo the change{grows}"
        )
    return had if had[-1] == sweep else [*had, sweep]


def begin(path: str | Path, sweep: Spec, kind: str) -> SweepFolder:
    """Return the folder of a sweep, made now, begun before by the same configuration, or by one from which it has grown.

    Args:
        path: The folder.
        sweep: Its configuration.
        kind: "sweep" or "tune".

    Raises:
        NeurorlError: The folder holds something else, or a sweep from which this one does not grow: the message shows why.
    """
    folder = SweepFolder(path)
    *earlier, _ = parts(path, sweep, kind)
    ours: dict[str, Any] = {"kind": kind, "hash": sweep.hash, "versions": spec.versions(), "sweep": sweep.to_json()}
    if earlier:
        ours["earlier"] = [part.to_json() for part in earlier]
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        if not folder.config.is_file():
            run_folder.write_json(folder.config, ours)
        elif earlier and folder.parts()[-1] != sweep:
            folder.results.unlink(missing_ok=True)  # it says that the sweep is complete
            if (earlier[-1].head.seeds, earlier[-1].head.steps) != (sweep.head.seeds, sweep.head.steps):
                folder.told.unlink(missing_ok=True)  # rows have become more than loggers know
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
