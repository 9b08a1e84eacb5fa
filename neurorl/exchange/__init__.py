"""Spikes and records in the forms of neuroscience: pandas, Neo (which Elephant reads) and NWB files.

    recorded = of_record(record)                      of a network's run; ``of_episode(run)`` of a trained agent's episode
    to_pandas(recorded), to_neo(recorded)             a table, a ``neo.Block``
    write_nwb(recorded, "session.nwb")                and back: from_pandas, from_neo, read_nwb
    recorded.rasters(dt)                              spikes of any origin, to be injected into a network

Neo and NWB need the extra ``nwb``. docs/exchange.md shows each.
"""

from neurorl.exchange.frames import from_pandas, to_pandas
from neurorl.exchange.neo_blocks import from_neo, to_neo
from neurorl.exchange.nwb_files import read_nwb, write_nwb
from neurorl.exchange.recorded import Recorded, Signal, of_record
from neurorl.exchange.runs import of_episode

__all__ = [
    "Recorded",
    "Signal",
    "from_neo",
    "from_pandas",
    "of_episode",
    "of_record",
    "read_nwb",
    "to_neo",
    "to_pandas",
    "write_nwb",
]
