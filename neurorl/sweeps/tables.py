"""Results as a table, one row a seed and evaluation.

sweeps.results("runs/sweep")                        pandas; the shards that are done
polars.read_parquet("runs/sweep/results.parquet")   the same, once the sweep is complete
"""

from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from neurorl.errors import NeurorlError
from neurorl.files import write_atomically
from neurorl.sweeps import folder as folders
from neurorl.sweeps import growth, rows
from neurorl.sweeps.folder import SweepFolder
from neurorl.sweeps.shard import TYPES

LEARNER = ["row", "seed"]


def results(path: str | Path) -> pd.DataFrame:
    """Return the results of the shards that are done, one row a seed and evaluation.

    Args:
        path: The sweep's folder.
    """
    folder, _ = folders.open_sweep(path)
    return table(folder).to_pandas()


def table(folder: SweepFolder) -> pa.Table:
    """Return the results of the shards that are done."""
    files = folder.files()
    if not files:
        raise NeurorlError(f"sweep '{folder.path}' has no shard yet")
    had = folder.parts()
    return of(files) if len(had) == 1 else grown(folder, range(len(had)))


def grown(folder: SweepFolder, which: Collection[int]) -> pa.Table:
    """Return the results of some parts of a sweep that has grown; a learner's are those of the newest part that has it."""
    had = folder.parts()
    kinds = rows.columns(had[-1])
    found = {row.index: row.values for row in growth.rows(had)}
    newest: pa.Table | None = None
    for number in sorted(which, reverse=True):
        files = [file for file in folder.files() if folders.part_of(file) == number]
        if not files:
            continue
        older = of(files)
        for name, kind in kinds.items():  # which values more of a field may have changed: 2.5 makes numbers of whole ones
            if older.schema.field(name).type != TYPES[kind]:
                cells = [rows.cell(found[row][name], kind) for row in older["row"].to_pylist()]
                older = older.set_column(older.column_names.index(name), name, pa.array(cells, TYPES[kind]))
        if newest is not None:
            known = newest.select(LEARNER).group_by(LEARNER).aggregate([])
            older = older.join(known, LEARNER, join_type="left anti")
        newest = older if newest is None else pa.concat_tables([newest, older.select(newest.column_names)])
    if newest is None:
        return pa.table({name: pa.array([], pa.int64()) for name in LEARNER})
    return ordered(newest).replace_schema_metadata({"neurorl.sweep": had[-1].hash})


def of(files: list[Path]) -> pa.Table:
    """Return the results in the files of shards, ordered by row, seed and environment step."""
    return ordered(pa.concat_tables([pq.read_table(file) for file in files]))


def ordered(table: pa.Table) -> pa.Table:
    """Return a table ordered by row, seed and environment step."""
    return table.sort_by([(name, "ascending") for name in (*LEARNER, "env_step")]).combine_chunks()


def write(folder: SweepFolder) -> None:
    """Write all results into one file; the same shards give the same bytes."""
    together = table(folder)
    write_atomically(folder.results, lambda temporary: pq.write_table(together, temporary))
