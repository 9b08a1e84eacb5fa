"""Spikes as a table of pandas, one row a spike, in the order of time.

What a table of spikes alone cannot say, the session's ends and the neurons that were silent, is in its ``attrs``.
"""

from typing import TYPE_CHECKING

import numpy as np

from neurorl.errors import NeurorlError
from neurorl.exchange.recorded import Recorded

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("population", "neuron", "time_ms")


def to_pandas(recorded: Recorded) -> "pd.DataFrame":
    """Return the spikes as a table: ``population``, ``neuron`` (from 0) and ``time_ms``; signals stay behind.

    ``attrs`` has ``t_start`` and ``t_stop``, ms, and ``sizes``, the neurons of each population.
    """
    import pandas as pd

    parts = [(name, neuron, times) for name, trains in recorded.spikes.items() for neuron, times in enumerate(trains)]
    lengths = [len(times) for _, _, times in parts]
    columns = {
        "population": np.repeat(np.array([name for name, _, _ in parts], object), lengths),
        "neuron": np.repeat(np.array([neuron for _, neuron, _ in parts], np.int64), lengths),
        "time_ms": np.concatenate([times for _, _, times in parts]) if parts else np.zeros(0),
    }
    table = pd.DataFrame(columns).sort_values("time_ms", kind="stable", ignore_index=True)
    sizes = {name: len(trains) for name, trains in recorded.spikes.items()}
    table.attrs |= {"t_start": recorded.t_start, "t_stop": recorded.t_stop, "sizes": sizes}
    return table


def from_pandas(
    table: "pd.DataFrame", t_start: float | None = None, t_stop: float | None = None, sizes: dict[str, int] | None = None
) -> Recorded:
    """Return what a table of spikes says.

    Args:
        table: With the columns ``population``, ``neuron`` and ``time_ms``.
        t_start, t_stop: Of the session, ms; by default those in ``attrs``, and else 0 and the last spike.
        sizes: Neurons of each population; by default those in ``attrs``, and else up to the last one that fired.

    Raises:
        NeurorlError: A column that is missing, or a neuron beyond its population's size.
    """
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise NeurorlError(f"the table has no column '{missing[0]}'; it needs {', '.join(COLUMNS)}")
    start = table.attrs.get("t_start", 0.0) if t_start is None else t_start
    last = float(np.nextafter(table["time_ms"].max(), np.inf)) if len(table) else start + 1.0
    stop = table.attrs.get("t_stop", last) if t_stop is None else t_stop
    known = dict(table.attrs.get("sizes", {}) if sizes is None else sizes)
    spikes = {}
    for name in dict.fromkeys([*known, *table["population"]]):
        own = table[table["population"] == name]
        size = known.get(name, int(own["neuron"].max()) + 1)
        if len(own) and not 0 <= own["neuron"].min() <= own["neuron"].max() < size:
            raise NeurorlError(
                f"'neuron' of '{name}' is {own['neuron'].max()}; the population has {size}, from 0 on: give 'sizes'"
            )
        spikes[name] = [own.loc[own["neuron"] == i, "time_ms"].to_numpy(np.float64) for i in range(size)]
    return Recorded(spikes, float(start), float(stop))
