"""Learning curves: rows of one seed and one point, kept in order and written as Parquet with nulls for what is missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from neurorl.errors import NeurorlError
from neurorl.files import write_atomically


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
        columns = {"seed": pa.array(seeds, pa.int64()), "env_step": pa.array(np.full(len(seeds), env_step), pa.int64())}
        for name, column in values.items():
            column = np.asarray(column)
            if np.issubdtype(column.dtype, np.floating):
                columns[name] = pa.array(column.astype(np.float64), pa.float64(), mask=~np.isfinite(column))
            else:
                columns[name] = pa.array(column.astype(np.int64), pa.int64())
        self._tables.append(pa.table(columns))

    def table(self) -> pa.Table:
        """Return all rows, in the order they were added."""
        return pa.concat_tables(self._tables).combine_chunks() if self._tables else pa.table({"seed": [], "env_step": []})

    def write(self, path: Path) -> None:
        """Write the table atomically; the same rows give the same bytes."""
        write_atomically(path, lambda temporary: pq.write_table(self.table(), temporary))


def read(path: Path, until: int | None = None) -> pa.Table | None:
    """Return the rows of a curve up to an environment step, or None where there is no file."""
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise NeurorlError(f"'{path}' cannot be read as Parquet: {error}") from error
    if until is None:
        return table
    return table.filter(pa.compute.less_equal(table["env_step"], until)).combine_chunks()


def pivot(table: pa.Table | None, column: str) -> pd.DataFrame:
    """Return one column as a frame with a row a seed and a column a point, in the order of the seeds."""
    if table is None or column not in table.column_names:
        return pd.DataFrame()
    return table.to_pandas().pivot(index="seed", columns="env_step", values=column).sort_index()
