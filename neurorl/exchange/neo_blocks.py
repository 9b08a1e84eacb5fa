"""Spikes and signals as a block of Neo (Garcia et al. 2014, Frontiers in Neuroinformatics 8:10), which Elephant reads."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurorl import extras
from neurorl.errors import NeurorlError
from neurorl.exchange.recorded import Recorded, Signal

OTHERS = "units"  # the population of trains that name none


def to_neo(recorded: Recorded) -> Any:
    """Return a ``neo.Block`` of one segment: a SpikeTrain a neuron, in ms, with the annotations ``population`` and ``neuron``.

    Raises:
        NeurorlError: The package ``neo`` is not installed.
    """
    with extras.needed("Neo", "nwb"):
        import neo
        import quantities as pq
    segment = neo.Segment(name="recorded by neurorl")
    ends = {"t_start": recorded.t_start * pq.ms, "t_stop": recorded.t_stop * pq.ms}
    for name, trains in recorded.spikes.items():
        for neuron, times in enumerate(trains):
            inside = np.clip(times, recorded.t_start, recorded.t_stop)  # Neo knows no rounding
            about = {"name": f"{name}[{neuron}]", "population": name, "neuron": neuron}
            segment.spiketrains.append(neo.SpikeTrain(inside, units=pq.ms, **ends, **about))
    for name, signal in recorded.signals.items():
        made = neo.AnalogSignal(
            signal.values, units=signal.unit, sampling_period=signal.dt * pq.ms, t_start=signal.t_start * pq.ms, name=name
        )
        segment.analogsignals.append(made)
    block = neo.Block(name="neurorl")
    block.segments.append(segment)
    return block


def from_neo(source: Any) -> Recorded:
    """Return what a ``neo.Block`` of one segment, a ``neo.Segment``, or a list of ``neo.SpikeTrain`` holds, whatever its units.

    The population and the neuron are what the annotations of those names say; trains without them are those of "units", in turn.

    Raises:
        NeurorlError: A block of several segments, no spike train, or the package ``neo`` is not installed.
    """
    with extras.needed("Neo", "nwb"):
        import neo
    if isinstance(source, neo.Block):
        if len(source.segments) != 1:
            raise NeurorlError(f"the block has {len(source.segments)} segments; give one of them: block.segments[0]")
        source = source.segments[0]
    trains = list(source.spiketrains) if isinstance(source, neo.Segment) else list(source)
    signals = list(source.analogsignals) if isinstance(source, neo.Segment) else []
    if not trains:
        raise NeurorlError("there is no spike train, which says when the session began and ended")
    start, stop = (
        chosen(float(getattr(train, name).rescale("ms")) for train in trains)
        for chosen, name in ((min, "t_start"), (max, "t_stop"))
    )
    named = [
        (train.annotations.get("population"), train.annotations.get("neuron"), train.rescale("ms").magnitude) for train in trains
    ]
    return Recorded(placed(named), start, stop, {s.name or f"signal {k}": _signal(s) for k, s in enumerate(signals)})


def placed(named: Iterable[tuple[Any, Any, np.ndarray]]) -> dict[str, list[np.ndarray]]:
    """Return trains by population and neuron, of their population (None: no name), neuron (None: the next) and times."""
    found: dict[str, dict[int, np.ndarray]] = {}
    for population, neuron, times in named:
        own = found.setdefault(OTHERS if population is None else str(population), {})
        number = len(own) if neuron is None else int(neuron)
        if number in own:
            raise NeurorlError(f"there are two trains of neuron {number} of '{population}'")
        own[number] = np.asarray(times, np.float64)
    return {name: [own.get(i, np.zeros(0)) for i in range(max(own) + 1)] for name, own in found.items()}


def _signal(signal: Any) -> Signal:
    dt, t_start = (float(getattr(signal, name).rescale("ms")) for name in ("sampling_period", "t_start"))
    return Signal(np.asarray(signal.magnitude), dt, t_start, signal.units.dimensionality.string)
