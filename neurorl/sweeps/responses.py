"""What a sweep says of its fields: the last greedy return at each value of one, and at each pair of values of two.

A field of up to ``MOST`` different values is shown at those; one of more, drawn from a range, in ``BINS`` equal parts of it (of
its logarithm, where the range is logarithmic). Other fields are pooled over, whatever the rows have there.
"""

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd

from neurorl.results import statistics
from neurorl.sweeps import rows
from neurorl.sweeps.spec import Range, Spec

MOST = 8  # different values that are each shown
BINS = 6


@dataclasses.dataclass(frozen=True)
class Field:
    """A varied field, over the rows of a table."""

    name: str
    places: np.ndarray  # [places], numbers, or 0, 1, ... where the values are none
    labels: list[str] | None  # [places], what stands there; None where the numbers say it
    edges: np.ndarray | None  # [places + 1], ends of the parts of a range; None where places are values
    log: bool
    at: dict[Any, int]  # the place of each row
    value: dict[Any, float]  # where each row lies on the axis


def last(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the last evaluation of every row of a sweep's table."""
    return frame[frame.env_step == frame.groupby("row").env_step.transform("max")]


def scores(frame: pd.DataFrame) -> dict[Any, np.ndarray]:
    """Return the last greedy returns of every row with any, [seeds] each."""
    found = {row: group.eval_return.to_numpy(float) for row, group in last(frame).groupby("row")}
    return {row: values for row, values in found.items() if np.isfinite(values).any()}


def fields(spec: Spec, frame: pd.DataFrame) -> list[Field]:
    """Return the fields that a sweep varies, ``env`` aside, where the rows of its table differ."""
    of_rows = frame.drop_duplicates("row").set_index("row")
    kinds = {name: kind for name, kind in rows.columns(spec).items() if name != "env"}
    return [_field(spec, of_rows[name], kind) for name, kind in kinds.items() if of_rows[name].nunique(dropna=False) > 1]


def _field(spec: Spec, column: pd.Series, kind: str) -> Field:
    among = spec.random.get(str(column.name))
    name = str(column.name)
    if kind not in ("int", "float"):
        values = [json.dumps(v) if isinstance(v, bool) else str(v) for v in column]
        labels = sorted(set(values))
        at = {row: labels.index(value) for row, value in zip(column.index, values, strict=True)}
        return Field(name, np.arange(len(labels)), labels, None, False, at, {row: float(place) for row, place in at.items()})
    numbers = column.to_numpy(float)
    different = np.unique(numbers)
    log = among.log if isinstance(among, Range) else bool(different[0] > 0 and different[-1] >= 20 * different[0])
    value = dict(zip(column.index, numbers.tolist(), strict=True))
    if len(different) <= MOST or not isinstance(among, Range):
        places = np.searchsorted(different, numbers)
        return Field(name, different, None, None, log, dict(zip(column.index, places.tolist(), strict=True)), value)
    edges = np.geomspace(among.low, among.high, BINS + 1) if log else np.linspace(among.low, among.high, BINS + 1)
    middles = np.sqrt(edges[:-1] * edges[1:]) if log else (edges[:-1] + edges[1:]) / 2
    places = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, BINS - 1)
    return Field(name, middles, None, edges, log, dict(zip(column.index, places.tolist(), strict=True)), value)


def response(field: Field, returns: dict[Any, np.ndarray]) -> statistics.Curve:
    """Return the interquartile mean at each place of a field, with its 95 % interval: seeds are drawn again within rows."""
    groups = [[values for row, values in returns.items() if field.at[row] == place] for place in range(len(field.places))]
    middle = [statistics.interquartile_mean(group) if group else None for group in groups]
    ends = [(statistics.confidence_interval(group) if group else None) or (np.nan, np.nan) for group in groups]
    return statistics.Curve(np.array(middle, float), *np.array(ends, float).T)


def pairs(first: Field, second: Field, returns: dict[Any, np.ndarray]) -> np.ndarray:
    """Return the interquartile mean at each pair of places, [places of the second, places of the first]; NaN where no row is."""
    cells: dict[tuple[int, int], list[np.ndarray]] = {}
    for row, values in returns.items():
        cells.setdefault((second.at[row], first.at[row]), []).append(values)
    table = np.full((len(second.places), len(first.places)), np.nan)
    for place, group in cells.items():
        table[place] = statistics.interquartile_mean(group)
    return table
