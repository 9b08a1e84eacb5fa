"""Spikes and signals as a file of Neurodata Without Borders (NWB; Ruebel et al. 2022, eLife 11:e78362).

Spikes are in the table ``units``, signals in acquisition. NWB counts in seconds. A unit's ``obs_intervals`` say when it was
observed; ``population`` and ``neuron`` are columns of the table.
"""

import datetime
import os
import uuid
from typing import Any

import numpy as np

from neurorl import extras
from neurorl.errors import NeurorlError
from neurorl.exchange.neo_blocks import placed
from neurorl.exchange.recorded import Recorded, Signal
from neurorl.files import user_path, write_atomically

MS = 1000.0  # ms in a second


def write_nwb(
    recorded: Recorded,
    path: str | os.PathLike[str],
    description: str = "simulated by neurorl",
    start: datetime.datetime | None = None,
) -> None:
    """Write a file.

    Args:
        recorded: Spikes and signals.
        path: The file.
        description: Of the session.
        start: When the session began, which is when the times count from; by default now.

    Raises:
        NeurorlError: The package ``pynwb`` is not installed, or the record has no neuron.
        OSError: The file cannot be written.
    """
    with extras.needed("NWB", "nwb"):
        import pynwb
    if not any(recorded.spikes.values()):
        raise NeurorlError("the record has no neuron, so that there is nothing to write")
    begun = datetime.datetime.now(datetime.UTC) if start is None else start
    file = pynwb.NWBFile(description, str(uuid.uuid4()), begun if begun.tzinfo else begun.replace(tzinfo=datetime.UTC))
    file.add_unit_column("population", "population of the network that the neuron is of")
    file.add_unit_column("neuron", "its number there, from 0")
    observed = [[recorded.t_start / MS, recorded.t_stop / MS]]
    for name, trains in recorded.spikes.items():
        for neuron, times in enumerate(trains):
            file.add_unit(spike_times=times / MS, obs_intervals=observed, population=name, neuron=neuron)
    for name, signal in recorded.signals.items():
        place = {"rate": MS / signal.dt, "starting_time": signal.t_start / MS}
        file.add_acquisition(pynwb.TimeSeries(name=name, data=signal.values, unit=signal.unit, **place))

    def write(temporary: Any) -> None:
        with pynwb.NWBHDF5IO(str(temporary), "w") as io:
            io.write(file)

    write_atomically(user_path(path), write)


def read_nwb(path: str | os.PathLike[str], t_start: float | None = None, t_stop: float | None = None) -> Recorded:
    """Return the units of a file and the series in its acquisition that have a rate.

    Args:
        path: The file, of any program. Units without a column ``population`` are those of "units".
        t_start, t_stop: Of the session, ms; by default the ends of what was observed, and else 0 and the last spike.

    Raises:
        NeurorlError: No such file, one that is no NWB file or has no units, or the package ``pynwb`` is not installed.
    """
    with extras.needed("NWB", "nwb"):
        import pynwb
    source = user_path(path)
    if not source.is_file():
        raise NeurorlError(f"there is no file '{path}'")
    try:
        with pynwb.NWBHDF5IO(str(source), "r") as io:
            file = io.read()
            if file.units is None or not len(file.units):
                raise NeurorlError(f"'{path}' has no units, so that there are no spikes in it")
            return _read(file, t_start, t_stop)
    except (OSError, TypeError, KeyError) as error:
        raise NeurorlError(f"'{path}' cannot be read as NWB: {error}") from error


def _read(file: Any, t_start: float | None, t_stop: float | None) -> Recorded:
    units, columns = file.units, file.units.colnames
    trains = [np.asarray(units.get_unit_spike_times(i), np.float64) * MS for i in range(len(units))]
    observed = [np.asarray(units.get_unit_obs_intervals(i)) for i in range(len(units))] if "obs_intervals" in columns else []
    ends = np.concatenate([each.ravel() for each in observed]) * MS if observed else np.zeros(0)
    last = max((float(train.max()) for train in trains if len(train)), default=0.0)
    start = (float(ends.min()) if ends.size else 0.0) if t_start is None else t_start
    stop = (float(ends.max()) if ends.size else float(np.nextafter(last, np.inf))) if t_stop is None else t_stop
    names, numbers = (units[name][:] if name in columns else [None] * len(units) for name in ("population", "neuron"))
    signals = {}
    for name, series in file.acquisition.items():
        if getattr(series, "rate", None):
            values = np.asarray(series.data[:]) * (series.conversion or 1.0)
            table = values[:, None] if values.ndim == 1 else values
            signals[name] = Signal(table, MS / series.rate, (series.starting_time or 0.0) * MS, series.unit)
    return Recorded(placed(zip(names, numbers, trains, strict=True)), start, stop, signals)
