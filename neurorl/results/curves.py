"""Learning curves: rows of one seed and one point, kept in order and written as Parquet with nulls for what is missing."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neurorl.errors import NeurorlError
from neurorl.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd


class Curve:
    """A growing table with columns ``seed``, ``env_step`` and whatever the points bring."""

    def __init__(self, table: pa.Table | None = None):
        """Begin with the rows of a table, or with none."""
        self._tables = [] if table is None or table.num_rows == 0 else [table]

    def add(self, seeds: np.ndarray, env_step: int, values: dict[str, Any]) -> None:
        """Append one point of every seed.

        Args:
            seeds: [learners].
            env_step: Environment steps done by each learner.
            values: Columns, each [learners]; NaN is missing.
        """
        self.extend({"seed": seeds, "env_step": np.full(len(seeds), env_step), **values})

    def extend(self, columns: dict[str, Any]) -> None:
        """Append rows, whose columns ``seed`` and ``env_step`` are among those given."""
        self._tables.append(pa.table({name: _array(np.asarray(column)) for name, column in columns.items()}))

    def table(self) -> pa.Table:
        """Return all rows, in the order they were added."""
        return pa.concat_tables(self._tables).combine_chunks() if self._tables else pa.table({"seed": [], "env_step": []})

    def write(self, path: Path) -> None:
        """Write the table atomically; the same rows give the same bytes."""
        write_atomically(path, lambda temporary: pq.write_table(self.table(), temporary))


def _array(column: np.ndarray) -> pa.Array:
    """Return a column of float64 with nulls for what is no number, or of int64; ``pa.array`` would import pandas."""
    floating = np.issubdtype(column.dtype, np.floating)
    data, valid = column.astype(np.float64 if floating else np.int64), np.isfinite(column)
    bits = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(pa.float64() if floating else pa.int64(), len(data), [bits, pa.py_buffer(data)])


def _numpy(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column as an array, NaN for nulls; its own ``to_numpy`` would import pandas."""
    together = column.combine_chunks()
    if together.null_count:
        together = together.cast(pa.float64()).fill_null(np.nan)
    return np.from_dlpack(together)


def read(path: Path, until: int | None = None) -> pa.Table | None:
    """Return the rows of a curve up to an environment step, or None where there is no file."""
    if not path.is_file():
        return None
    try:
        with pq.ParquetFile(path) as file:  # `read_table` would import pandas
            table = file.read()
    except (OSError, pa.ArrowException) as error:
        raise NeurorlError(f"'{path}' cannot be read as Parquet: {error}") from error
    if until is None:
        return table
    return table.filter(pc.less_equal(table["env_step"], until)).combine_chunks()


class Grid(NamedTuple):
    """One column of a curve, in the order of the seeds and the points."""

    steps: np.ndarray  # [points], environment steps
    values: np.ndarray  # [seeds, points], NaN where there is none

    def at(self, step: int) -> np.ndarray:
        """Return the values at a point, [seeds]."""
        return self.values[:, np.flatnonzero(self.steps == step)[0]]


def grid(table: pa.Table | None, column: str) -> Grid:
    """Return one column of a curve as an array; it has no points where the curve has no such column."""
    if table is None or column not in table.column_names:
        return Grid(np.empty(0, int), np.empty((0, 0)))
    seeds, steps, cells = (_numpy(table[name]) for name in ("seed", "env_step", column))
    (all_seeds, row), (all_steps, point) = np.unique(seeds, return_inverse=True), np.unique(steps, return_inverse=True)
    values = np.full((len(all_seeds), len(all_steps)), np.nan)
    values[row, point] = cells
    return Grid(all_steps, values)


def at(table: pa.Table, step: int) -> dict[str, np.ndarray]:
    """Return the values of a curve's columns after an environment step, each [seeds]; {} where it has no point there."""
    there = table.filter(pc.equal(table["env_step"], step)) if table.num_rows else table
    names = [name for name in there.column_names if name not in ("seed", "env_step")] if there.num_rows else []
    return {name: _numpy(there[name]) for name in names}


def pivot(table: pa.Table | None, column: str) -> "pd.DataFrame":
    """Return one column as a frame with a row a seed and a column a point, in the order of the seeds."""
    import pandas as pd  # takes half a second that not every run needs

    if table is None or column not in table.column_names:
        return pd.DataFrame()
    return table.to_pandas().pivot(index="seed", columns="env_step", values=column).sort_index()
