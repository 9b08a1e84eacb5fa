"""What to keep of a run, and what was kept.

By default the spikes of all populations are kept as a raster, [steps, n] each. ``record=()`` keeps nothing, and a run then needs
no memory that grows with its steps; ``record=("motor",)`` keeps the spikes of one population; a :class:`Monitor` says the rest.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from neurorl.errors import NeurorlError, nearest

if TYPE_CHECKING:
    from neurorl.networks.network import Network

FORMS = ("raster", "events", "counts")
Form = Literal["raster", "events", "counts"]


class Events(NamedTuple):
    """Spikes as a list, in the order of their steps."""

    step: np.ndarray  # from 0
    neuron: np.ndarray


class Record(NamedTuple):
    """What happened in a run, by population; of copies, arrays have a leading axis of copies, and events are a list of them."""

    dt: float  # ms
    spikes: dict[str, np.ndarray]  # [steps, n] of 0 and 1
    v: dict[str, np.ndarray]  # [steps / every, neurons], mV; of the populations asked for
    events: dict[str, Any] = {}  # Events
    counts: dict[str, np.ndarray] = {}  # [n], spikes in the run
    weights: dict[tuple[str, str], np.ndarray] = {}  # [steps / every, synapses], in the unit of the synapse model
    every: int = 1  # steps between two rows of v and of weights, which are those after each ``every`` steps


@dataclasses.dataclass(frozen=True)
class Monitor:
    """What to keep of a run.

    Args:
        spikes: Populations whose spikes to keep; None: all.
        form: "raster", "events" (a list of steps and neurons) or "counts" (how often each neuron fired).
        voltages: Populations whose membrane potentials to keep, or a mapping from them to the neurons.
        weights: Pathways (source, target) whose weights to keep, or a mapping from them to the numbers of the synapses.
        every: Steps between two rows of voltages and weights.
    """

    spikes: Iterable[Any] | None = None
    form: Form = "raster"
    voltages: Iterable[Any] | Mapping[Any, Any] = ()
    weights: Iterable[tuple[Any, Any]] | Mapping[tuple[Any, Any], Any] = ()
    every: int = 1

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        if self.form not in FORMS:
            raise NeurorlError(f"'form' is {self.form!r}; it must be one of {', '.join(FORMS)}{nearest(str(self.form), FORMS)}")
        if not isinstance(self.every, int | np.integer) or isinstance(self.every, bool) or self.every < 1:
            raise NeurorlError(f"'every' is {self.every!r}; it must be a whole number of steps of at least 1")


class Kept(NamedTuple):
    """A recording in the names of a network."""

    spikes: tuple[str, ...]
    form: str
    voltages: tuple[tuple[str, tuple[int, ...] | None], ...]
    weights: tuple[tuple[int, tuple[int, ...] | None], ...]  # by the number of the pathway
    every: int


def resolve(network: "Network", record: Any, voltages: Iterable[Any]) -> Kept:
    """Return what ``record`` asks for: a :class:`Monitor`, populations whose spikes to keep, or None for all of them.

    Raises:
        NeurorlError: Populations, neurons, pathways or synapses that are not there.
    """
    recording = record if isinstance(record, Monitor) else Monitor(spikes=record)
    names = network.populations if recording.spikes is None else [network.find(p).name for p in recording.spikes]
    chosen = []
    for population, neurons in [*_chosen(recording.voltages), *_chosen(voltages)]:
        found = network.find(population)
        chosen.append((found.name, _within("voltages", found.name, neurons, found.size)))
    pathways = []
    for pair, synapses in _chosen(recording.weights):
        source, target = (network.find(p).name for p in pair)
        numbers = [k for k, p in enumerate(network.pathways) if (p.source, p.target) == (source, target)]
        if len(numbers) != 1:
            raise NeurorlError(f"'weights' names {source} to {target}, between which there are {len(numbers)} pathways, not one")
        size = len(network.pathways[numbers[0]].weights)
        pathways.append((numbers[0], _within("weights", f"{source} to {target}", synapses, size)))
    return Kept(tuple(names), recording.form, tuple(dict(chosen).items()), tuple(pathways), int(recording.every))


def _chosen(what: Iterable[Any] | Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    return list(what.items()) if isinstance(what, Mapping) else [(each, None) for each in what]


def _within(field: str, where: str, numbers: Any, size: int) -> tuple[int, ...] | None:
    if numbers is None:
        return None
    given = np.atleast_1d(np.asarray(numbers))
    if not np.issubdtype(given.dtype, np.integer) or (given.size and not 0 <= given.min() <= given.max() < size):
        raise NeurorlError(f"'{field}' of {where} is {numbers!r}; give whole numbers from 0 to {size - 1}")
    return tuple(given.tolist())
