"""What was recorded of some populations: spike times and signals between two moments, all in ms."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurorl.errors import NeurorlError
from neurorl.networks.recording import Events, Record
from neurorl.steps import spacing


@dataclasses.dataclass(frozen=True, eq=False)
class Signal:
    """Samples at equal distances, of one or several channels."""

    values: np.ndarray  # [samples, channels]
    dt: float  # ms between two samples
    t_start: float = 0.0  # ms, of the first one
    unit: str = "dimensionless"

    def __post_init__(self) -> None:
        """Raise a NeurorlError unless the samples are a table and their distance is a time."""
        if np.ndim(self.values) != 2:
            raise NeurorlError(f"'values' of a signal has the shape {np.shape(self.values)}; it must be [samples, channels]")
        if not np.isfinite(self.dt) or self.dt <= 0.0:
            raise NeurorlError(f"'dt' of a signal is {self.dt} ms; it must be finite and above 0")


@dataclasses.dataclass(frozen=True, eq=False)
class Recorded:
    """Spikes and signals of a session; see the module's docstring.

    Raises:
        NeurorlError: A spike outside of the session, or a session that ends before it begins.
    """

    spikes: Mapping[str, list[np.ndarray]]  # of each population, of each of its neurons: times, ms, ascending, float64
    t_start: float  # ms
    t_stop: float  # ms
    signals: Mapping[str, Signal] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort and check the times."""
        if not (np.isfinite([self.t_start, self.t_stop]).all() and self.t_start < self.t_stop):
            raise NeurorlError(f"'t_start' is {self.t_start} ms and 't_stop' {self.t_stop} ms; the one must be below the other")
        sorted_ = {name: [np.sort(np.asarray(each, np.float64)) for each in trains] for name, trains in self.spikes.items()}
        for name, trains in sorted_.items():
            for neuron, times in enumerate(trains):
                inside = (times >= self.t_start - spacing(times)) & (times <= self.t_stop + spacing(times))
                if times.ndim != 1 or not inside.all():
                    wrong = times.ravel()[:1] if times.ndim != 1 else times[~inside][:1]
                    raise NeurorlError(
                        f"neuron {neuron} of '{name}' has a spike at {wrong} ms, outside of [{self.t_start}, {self.t_stop}]; "
                        "give the session's t_start and t_stop"
                    )
        object.__setattr__(self, "spikes", sorted_)

    def rasters(self, dt: float) -> dict[str, np.ndarray]:
        """Return the spikes of each population as [steps, n] of 0 and 1, step 0 beginning at ``t_start``.

        Raises:
            NeurorlError: Two spikes of a neuron in one step of ``dt`` ms.
        """
        from neurorl.analysis.spike_train import SpikeTrain

        steps = int(np.ceil((self.t_stop - self.t_start) / dt - 1e-6))
        rasters = {}
        for name, trains in self.spikes.items():
            each = [SpikeTrain(np.clip(t - self.t_start, 0.0, None)).to_raster(dt, steps) for t in trains]
            rasters[name] = np.stack(each, 1) if each else np.zeros((steps, 0))
        return rasters


def of_record(
    record: Record,
    t_start: float = 0.0,
    sizes: Mapping[str, int] | None = None,
    steps: int | None = None,
    copy: int | None = None,
) -> Recorded:
    """Return what a network's run kept.

    Args:
        record: Of ``Network.run``, with spikes as a raster or as events; the time of a spike is the beginning of its step.
        t_start: When the run began, ms.
        sizes: Of events: neurons of each population.
        steps: Of events: how many steps the run had.
        copy: Which copy of a run of copies.

    Raises:
        NeurorlError: Counts, which have no times, or events without ``sizes`` and ``steps``.
    """
    rasters = {name: _of_copy(raster, copy, 2, name) for name, raster in record.spikes.items()}
    events: dict[str, Events] = {name: each if copy is None else each[copy] for name, each in record.events.items()}
    if record.counts and not rasters and not events:
        raise NeurorlError("the record holds counts, which have no times; record with form='raster' or form='events'")
    if events and (sizes is None or steps is None):
        raise NeurorlError("the record holds events: give 'sizes', the neurons of each population, and 'steps', those of the run")
    potentials = {name: _of_copy(v, copy, 2, name) for name, v in record.v.items()}
    if steps is None:
        rows = [len(each) for each in rasters.values()] + [len(each) * record.every for each in potentials.values()]
        if not rows:
            raise NeurorlError("the record is empty; say what to record with record= or voltages=")
        steps = max(rows)
    spikes = {name: [t_start + np.flatnonzero(train) * record.dt for train in raster.T] for name, raster in rasters.items()}
    for name, each in events.items():
        step, neuron = np.asarray(each.step), np.asarray(each.neuron)
        spikes[name] = [t_start + step[neuron == i] * record.dt for i in range((sizes or {})[name])]
    apart = record.every * record.dt
    signals = {f"{name} v": Signal(v, apart, t_start + apart, "mV") for name, v in potentials.items()}
    return Recorded(spikes, t_start, t_start + steps * record.dt, signals)


def _of_copy(values: Any, copy: int | None, ndim: int, name: str) -> np.ndarray:
    values = np.asarray(values) if copy is None else np.asarray(values)[copy]
    if values.ndim != ndim:
        raise NeurorlError(f"the record of '{name}' has the shape {values.shape}; of a run of copies, say which 'copy'")
    return values
