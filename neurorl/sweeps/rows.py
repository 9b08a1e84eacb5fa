"""The rows of a sweep: every combination of the grid, each with every random draw, as settings of a run."""

import dataclasses
import functools
import itertools
import json
import math
import zlib
from typing import Any

import numpy as np

from neurorl.errors import NeurorlError
from neurorl.parameters import to_dict
from neurorl.runs import config
from neurorl.runs.config import Config
from neurorl.sweeps.spec import Head, Range, Spec


@dataclasses.dataclass(frozen=True)
class Row:
    """A configuration of a sweep, as plain values."""

    index: int
    values: dict[str, Any]  # the fields that the sweep varies, by key


def rows(spec: Spec) -> list[Row]:
    """Return all rows in order: the grid with its last key (in alphabetical order) fastest, and within it the draws.

    The draws of a field depend on the sweep's seed and the field's name only: more rows or another field change none of them.
    """
    if spec.random and not spec.random_rows:
        raise NeurorlError("'random.rows' is missing: write rows = 20 under [random], the number of draws")
    keys = sorted(spec.grid)
    combinations = [dict(zip(keys, values, strict=True)) for values in itertools.product(*(spec.grid[key] for key in keys))]
    chances = {key: _uniform(spec.head.seed, key, spec.random_rows) for key in sorted(spec.random)}
    found: list[Row] = []
    for combination in combinations:
        for draw in range(max(1, spec.random_rows)):
            values = dict(combination)
            for key in sorted(chances, key=lambda key: (key not in ("env", "agent"), key)):  # whose fields the others are
                values[key] = pick(spec, values, key, chances[key][draw])
            found.append(Row(len(found), values))
    return found


def pick(spec: Spec, values: dict[str, Any], key: str, chance: float) -> Any:
    """Return the value of a random field.

    Args:
        spec: The sweep.
        values: The row so far, with its environment and agent.
        key: The field.
        chance: In [0, 1).
    """
    among = spec.random[key]
    if not isinstance(among, Range):
        return among[int(chance * len(among))]
    if is_whole(spec, values, key):
        low, high = math.ceil(among.low), math.floor(among.high) + 1
        value = low * (high / low) ** chance if among.log else low + (high - low) * chance
        return min(math.floor(value), high - 1)
    return among.low * (among.high / among.low) ** chance if among.log else among.low + (among.high - among.low) * chance


def is_whole(spec: Spec, values: dict[str, Any], key: str) -> bool:
    """Return whether a range holds whole numbers only: its field does, in the row's environment and agent.

    Where the field has no value yet (null), the bounds decide: 1 is whole, 1.0 is not.
    """
    current = _current(values.get("env", spec.head.env), values.get("agent", spec.head.agent), key)
    if current is None:
        among = spec.random[key]
        return isinstance(among, Range) and isinstance(among.low, int) and isinstance(among.high, int)
    return isinstance(current, int) and not isinstance(current, bool)


def resolve(spec: Spec, row: Row) -> Config:
    """Return the configuration of a row.

    Raises:
        NeurorlError: Anything unknown, of the wrong type or out of range.
    """
    configuration = _resolve(spec.head, {**spec.set, **row.values})
    for name in ("until_solved", "log_episodes"):
        if getattr(configuration.options, name):
            raise NeurorlError(f"'{name}' is for single runs: the learners of a sweep take their steps together; leave it out")
    return configuration


def columns(spec: Spec) -> dict[str, str]:
    """Return the kind of column of each field that varies: "bool", "int", "float", "text", or "json" for what is none."""
    return {key: "float" if isinstance(v, Range) else _kind(v) for key, v in sorted({**spec.grid, **spec.random}.items())}


def cell(value: Any, kind: str) -> Any:
    """Return a value as it stands in a column."""
    return json.dumps(value) if kind == "json" else float(value) if kind == "float" else value


def describe(row: Row) -> str:
    """Return ``row 3 (gamma=0.9, ...)``."""
    return f"row {row.index}" + (f" ({', '.join(f'{k}={json.dumps(v)}' for k, v in row.values.items())})" if row.values else "")


def _resolve(head: Head, settings: dict[str, Any]) -> Config:
    settings = dict(settings)
    env, agent = settings.pop("env", head.env), settings.pop("agent", head.agent)
    options = {name: value for name, value in to_dict(head).items() if name not in ("env", "agent")}
    return config.build(env, agent or None, options, settings)


def _uniform(seed: int, key: str, count: int) -> np.ndarray:
    return np.random.default_rng([seed, zlib.crc32(key.encode())]).random(count)


@functools.lru_cache(maxsize=1024)
def _current(env: str, agent: str, key: str) -> Any:
    """Return the value of a field before the sweep sets it; "" where there is none, and resolving the row says what is wrong."""
    try:
        return config.value_at(_resolve(Head(), {"env": env, "agent": agent}), key)
    except NeurorlError:
        return ""


def _kind(values: list[Any]) -> str:
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return "bool"
    if kinds == {str}:
        return "text"
    if kinds <= {int, float}:
        return "int" if kinds == {int} else "float"
    return "json"
