"""Results as a table, one row a seed and evaluation.

sweeps.results("runs/sweep")                        pandas; the shards that are done
polars.read_parquet("runs/sweep/results.parquet")   the same, once the sweep is complete
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from neurorl.errors import NeurorlError
from neurorl.files import write_atomically
from neurorl.sweeps import folder as folders
from neurorl.sweeps.folder import SweepFolder


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
    return of(files)


def of(files: list[Path]) -> pa.Table:
    """Return the results in the files of shards, ordered by row, seed and environment step."""
    together = pa.concat_tables([pq.read_table(file) for file in files])
    return together.sort_by([("row", "ascending"), ("seed", "ascending"), ("env_step", "ascending")]).combine_chunks()


def write(folder: SweepFolder) -> None:
    """Write all results into one file; the same shards give the same bytes."""
    together = table(folder)
    write_atomically(folder.results, lambda temporary: pq.write_table(together, temporary))
