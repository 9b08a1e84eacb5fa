"""Sweeps: many configurations and seeds, cut into shards that anything may compute, kill and compute again.

    report = sweeps.sweep("sweep.toml", runner="pool")
    table = sweeps.results("runs/sweep")

A sweep is a set of shards. Each is a pure function of the configuration's hash, some rows (configurations) and a range of seeds,
and becomes one Parquet file by one rename, so whatever is there is whole, and whatever is missing is computed again, to the bit.
"""

from neurorl.sweeps.driver import Report, sweep
from neurorl.sweeps.ranking import best
from neurorl.sweeps.tables import results

__all__ = ["Report", "best", "results", "sweep"]
