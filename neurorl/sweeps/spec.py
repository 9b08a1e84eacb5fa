"""The configuration of a sweep: a TOML file, checked, in one canonical form with a hash.

    env = "CartPole-v1"        agent, steps, seeds, seed, eval_every, eval_episodes, group
    [set]                      the same for all rows
    "actor.hazard" = 0.4
    [grid]                     every combination
    gamma = [0.9, 0.99]
    [random]                   ``rows`` draws, seeded, for every combination of the grid
    rows = 20
    "actor.learning_rate" = { low = 1.0, high = 100.0, log = true }

Keys are those of ``neurorl train --set``; ``env`` and ``agent`` may be fields of the grid and the draws too. The order of tables
and fields means nothing.
"""

import dataclasses
import functools
import hashlib
import json
import math
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

from neurorl.errors import NeurorlError, nearest
from neurorl.parameters import from_dict, parameter, plain, to_dict
from neurorl.runs.options import Options

VERSION = 1  # of the layout of sweep.json
TABLES = ("set", "grid", "random")
RANGE = {"low", "high", "log"}
FIXED = ("seed", "seeds", "eval_every", "group")  # fields that cannot differ between rows


def _of_a_run(name: str) -> Any:
    """Return the field of that name that every run has."""
    field = Options.__dataclass_fields__[name]
    return dataclasses.field(default=field.default, metadata=field.metadata)


@dataclasses.dataclass(frozen=True)
class Head:
    """What stands above the tables: options of each row's run, and how they are cut into batches."""

    env: str = parameter("", "gymnax id, Gymnasium id, or module:id")
    agent: str = parameter("", "agent, or module:Class; without one that which `neurorl train` would take")
    steps: int = _of_a_run("steps")
    seeds: int = _of_a_run("seeds")
    seed: int = _of_a_run("seed")
    eval_every: int = _of_a_run("eval_every")
    eval_episodes: int = _of_a_run("eval_episodes")
    group: int = _of_a_run("group")


@dataclasses.dataclass(frozen=True)
class Range:
    """A field drawn at random between two bounds."""

    low: float
    high: float
    log: bool = False  # whether the logarithm is uniform


@dataclasses.dataclass(frozen=True)
class Spec:
    """A sweep."""

    head: Head
    set: dict[str, Any]
    grid: dict[str, list[Any]]
    random: dict[str, list[Any] | Range]
    random_rows: int

    def to_json(self) -> dict[str, Any]:
        """Return the canonical form, as JSON values."""
        random = {key: dataclasses.asdict(v) if isinstance(v, Range) else v for key, v in sorted(self.random.items())}
        return {
            "version": VERSION,
            **to_dict(self.head),
            "set": dict(sorted(self.set.items())),
            "grid": dict(sorted(self.grid.items())),
            "random": {"rows": self.random_rows, **random} if random else {},
        }

    @property
    def hash(self) -> str:
        """Hash of everything the results depend on: the canonical form and the versions of what computes it."""
        return digest({"sweep": self.to_json(), "versions": versions()})


def digest(values: dict[str, Any]) -> str:
    """Return the hash of JSON values, whatever the order of their keys."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of what decides the last bit."""
    return {name: metadata.version(name) for name in ("neurorl", "jax", "jaxlib", "numpy", "gymnax", "gymnasium")}


def read(path: Path) -> Spec:
    """Return the sweep in a TOML file.

    Raises:
        NeurorlError: No such file, no TOML, or anything in it that is unknown, of the wrong type or out of range.
    """
    try:
        return check(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise NeurorlError(f"'{path}' cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NeurorlError(f"'{path}' is no TOML: {error}") from error
    except NeurorlError as error:
        raise NeurorlError(f"'{path}': {error}") from error


def check(values: dict[str, Any]) -> Spec:
    """Return the sweep of a TOML document, or of what :meth:`Spec.to_json` returned."""
    values = plain(values)
    if values.pop("version", VERSION) != VERSION:
        raise NeurorlError(f"this sweep has another version; this neurorl reads version {VERSION}")
    tables = {name: values.pop(name, {}) for name in TABLES}
    names = [field.name for field in dataclasses.fields(Head)]
    for name in values:
        if name not in names:
            raise NeurorlError(f"unknown field '{name}'{nearest(name, [*names, *TABLES])}; other parameters go into [set]")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise NeurorlError(f"'{name}' must be a table: [{name}]")
    head = from_dict(Head(), values)
    random = dict(tables["random"])
    count = random.pop("rows", 0)
    fixed, grid, drawn = flatten(tables["set"]), flatten(tables["grid"]), flatten(random)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0 or (count and not drawn):
        raise NeurorlError(f"'random.rows' is {count!r}; it must be the number of draws, beside the fields of [random]")
    for key, choices in grid.items():
        _check_choices(f"grid.{key}", choices)
    ranges = {key: _check_random(f"random.{key}", value) for key, value in drawn.items()}
    for key in [*fixed, *grid, *ranges]:
        if [key in fixed, key in grid, key in ranges].count(True) > 1:
            raise NeurorlError(f"'{key}' stands in two tables; give it in one of [set], [grid] and [random]")
        if key in FIXED or (key in names and key in fixed):
            raise NeurorlError(f"'{key}' is the same for all rows; write it above the tables")
    if not head.env and "env" not in grid and "env" not in ranges:
        raise NeurorlError("'env' is missing: write env = \"CartPole-v1\" above the tables, or give a list in [grid]")
    return Spec(head, fixed, grid, ranges, count)


def flatten(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a table of tables with dotted keys; ``{ low, high, log }`` is a value."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        inner = isinstance(value, dict) and not ({"low", "high"} <= set(value) <= RANGE)
        flat |= flatten(value, f"{prefix}{key}.") if inner else {prefix + key: value}
    return flat


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what differs between two canonical forms, a phrase each."""

    def leaves(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
        flat: dict[str, Any] = {}
        for key, value in values.items():
            deeper = isinstance(value, dict) and not ({"low", "high"} <= set(value) <= RANGE)
            flat |= leaves(value, f"{prefix}{key}.") if deeper else {prefix + key: value}
        return flat

    before, after = leaves(old), leaves(new)
    return [
        f"{key} was {json.dumps(before[key]) if key in before else 'absent'} and is "
        f"{json.dumps(after[key]) if key in after else 'absent'}"
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key) or (key in before) != (key in after)
    ]


def _check_choices(where: str, choices: Any) -> None:
    if not isinstance(choices, list) or not choices:
        raise NeurorlError(f"'{where}' is {choices!r}; it must be a list of values")
    for i, choice in enumerate(choices):
        if isinstance(choice, float) and not math.isfinite(choice):
            raise NeurorlError(f"'{where}' holds {choice}; it must hold finite numbers")
        if any(type(choice) is type(other) and choice == other for other in choices[:i]):
            raise NeurorlError(f"'{where}' holds {choice!r} twice")


def _check_random(where: str, value: Any) -> list[Any] | Range:
    if not isinstance(value, dict):
        _check_choices(where, value)
        return value
    for name in ("low", "high"):
        if not isinstance(value[name], int | float) or isinstance(value[name], bool) or not math.isfinite(value[name]):
            raise NeurorlError(f"'{where}.{name}' is {value[name]!r}; it must be a finite number")
    found = Range(value["low"], value["high"], value.get("log", False))
    if not isinstance(found.log, bool):
        raise NeurorlError(f"'{where}.log' is {found.log!r}; it must be true or false")
    if found.low >= found.high:
        raise NeurorlError(f"'{where}' goes from {found.low} to {found.high}; low must be below high")
    if found.log and found.low <= 0:
        raise NeurorlError(f"'{where}.low' is {found.low}; on a logarithmic range it must be above 0")
    return found
