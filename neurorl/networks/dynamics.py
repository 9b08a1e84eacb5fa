"""One step of a network, in the order in which it happens: what changes, and the functions that change it.

1. the phasic modulators decay, and say what they do;
2. what was sent arrives (a spike takes at least one step);
3. neurons integrate it with the input from outside, and fire; injected spikes are fired besides;
4. thresholds adapt;
5. plastic pathways learn from what arrived and from who fired.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl import counter_random
from neurorl.homeostasis import threshold
from neurorl.kernels.materialised import materialised
from neurorl.networks.programs.program import Step
from neurorl.neuromodulation import effects, modulators
from neurorl.neuromodulation.effects import Factors
from neurorl.neuromodulation.modulators import ModulatorState

if TYPE_CHECKING:
    from neurorl.networks.network import Network


@jax.tree_util.register_pytree_with_keys_class
@dataclasses.dataclass(frozen=True, eq=False)
class NetworkState:
    """What changes in a run. ``Network.step`` leaves it packed, and a field is taken out when it is read first."""

    step: Array  # [], steps done
    neurons: dict[str, Any]  # of each population
    thresholds: dict[str, Array]  # [n], mV above the model's own; of populations whose thresholds adapt
    noise: dict[str, Array]  # [n], noise currents, of populations that have one
    spikes: dict[str, Array]  # [n] of each population, in the last step
    hazard: dict[str, Array]  # [n], the probability that they had, where a rule asks for it
    pathways: list[Any]  # a ``PathwayState`` each; within a run, what each program makes of them
    modulators: ModulatorState
    key: Array  # of escape noise and noise currents

    packed: ClassVar[Any] = None  # a ``stepper.Packed``, which has the fields that are not there yet

    @classmethod
    def of(cls, fields: Mapping[str, Any], packed: Any = None) -> "NetworkState":
        """Return the state of all fields, or of some and of a whole state that is packed."""
        state = object.__new__(cls)
        state.__dict__.update(fields)
        if packed is not None:
            state.__dict__["packed"] = packed
        return state

    def __getattr__(self, name: str) -> Any:
        """Take out a field that is still packed."""
        if name not in FIELDS or self.packed is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self.__dict__.update(self.packed.fields((name,)))
        return self.__dict__[name]

    def _asdict(self) -> dict[str, Any]:
        """Return all fields by name, as those of a NamedTuple."""
        if missing := tuple(name for name in FIELDS if name not in self.__dict__):
            self.__dict__.update(self.packed.fields(missing))
        return {name: self.__dict__[name] for name in FIELDS}

    def _replace(self, **changes: Any) -> "NetworkState":
        """Return the state with other values of some fields, as those of a NamedTuple."""
        return type(self)(**(self._asdict() | changes))

    def __reduce__(self) -> Any:
        """Copy and pickle a state as its fields."""
        return type(self), tuple(self._asdict().values())

    def tree_flatten_with_keys(self) -> tuple[Any, None]:
        """Return the fields with their names: to JAX a state is a tree of them, packed or not."""
        return tuple((jax.tree_util.GetAttrKey(name), value) for name, value in self._asdict().items()), None

    @classmethod
    def tree_unflatten(cls, _: None, values: Iterable[Any]) -> "NetworkState":
        """Return the state of fields in their order."""
        return cls.of(dict(zip(FIELDS, values, strict=True)))


FIELDS = tuple(field.name for field in dataclasses.fields(NetworkState))


WORTH_STORING = 256  # neurons: fewer cost less to compute again than a loop that stores them


class Now(NamedTuple):
    """Where a step is in its chunk."""

    t: Array | int = 0
    stores: bool = False  # whether what many read is stored before they do (``kernels/materialised.py``)
    sent: dict[str, Array] = {}  # [n], spikes of the step before, of populations that are not in the state

    def stored(self, values: Array) -> Array:
        """Return values that many read."""
        return materialised(values) if self.stores else values


def init(network: "Network", key: Array) -> NetworkState:
    """Return a network at rest."""
    populations = network.populations
    adapting = populations if network.adapts else {}
    return NetworkState(
        step=jnp.int32(0),
        neurons={name: p.init() for name, p in populations.items()},
        thresholds={name: jnp.zeros(p.size) for name, p in adapting.items()},
        noise={name: p.noise.init(p.size) for name, p in populations.items() if p.noise is not None},
        spikes={name: jnp.zeros(p.size) for name, p in populations.items()},
        hazard={name: jnp.zeros(populations[name].size) for name in network.asked},
        pathways=[pathway.init() for pathway in network.pathways],
        modulators=modulators.init(network.config.modulators),
        key=key,
    )


def advance(
    network: "Network",
    state: NetworkState,
    current: dict[str, Array],
    spikes: dict[str, Array],
    programs: Sequence[Any] | None = None,
) -> NetworkState:
    """Return the state after one step.

    Args:
        network: What is there.
        state: The state before it.
        current: Input current of populations, [] or [n].
        spikes: Spikes that populations fire besides their own, [n].
        programs: What runs the pathways, in whose layout those of the state are; by default the reference.
    """
    programs = network.references if programs is None else programs
    state, factors = modulate(network, state, network.config.dt)
    after = fire(network, state, current, spikes, factors, programs)
    dopamine, rate = (None, 1.0) if factors is None else (state.modulators.phasic.dopamine, factors.learning_rate)
    return after._replace(pathways=learn(network, state, after, dopamine, rate, programs))


def modulate(network: "Network", state: NetworkState, time: float) -> tuple[NetworkState, Factors | None]:
    """Return the state ``time`` ms later, when its modulators have decayed, and what they do; None where they are off."""
    c = network.config
    if not c.neuromod_enabled:
        return state, None
    levels = modulators.decay(c.modulators, state.modulators, time)
    return state._replace(modulators=levels), effects.factors(c.effects, c.modulators, levels)


def fire(
    network: "Network",
    state: NetworkState,
    current: dict[str, Array],
    spikes: dict[str, Array],
    factors: Factors | None,
    programs: Sequence[Any] | None = None,
    now: Now = Now(),
) -> NetworkState:
    """Return the state after the second to the fourth part of a step, in which no weight changes; arguments as above."""
    c = network.config
    programs = network.references if programs is None else programs
    pathways = _arrive(network, state, factors, programs, now)
    neurons, fired, hazard, noise = _fire(network, state, _acting(programs, pathways), current, factors, now)
    fired = {name: jnp.maximum(own, spikes[name]) if name in spikes else own for name, own in fired.items()}
    share = c.target_rate * c.dt / 1000.0
    thresholds = {name: threshold.adapt(old, fired[name], share, c.threshold_rate) for name, old in state.thresholds.items()}
    return NetworkState(state.step + 1, neurons, thresholds, noise, fired, hazard, pathways, state.modulators, state.key)


def learn(
    network: "Network",
    before: NetworkState,
    after: NetworkState,
    dopamine: Array | None,
    rate: Array | float,
    programs: Sequence[Any],
    now: Now = Now(),
) -> list[Any]:
    """Return the pathways after the last part of a step."""
    sent = before.spikes | now.sent
    return [
        program.learn(each, Step(now.t, sent[program.source], after.spikes, after.hazard, dopamine, rate, network.config.dt))
        for program, each in zip(programs, after.pathways, strict=True)
    ]


def _arrive(network: "Network", state: NetworkState, factors: Factors | None, programs: Sequence[Any], now: Now) -> list[Any]:
    """Let what was sent arrive at every synapse; serotonin strengthens inhibition."""
    arrived, sent = [], state.spikes | now.sent
    for program, each in zip(programs, state.pathways, strict=True):
        inhibits = factors is not None and network.populations[program.source].inhibitory
        factor = factors.inhibition if inhibits and factors is not None else 1.0
        arrived.append(program.arrive(each, sent[program.source], now.t, network.config.dt, factor))
    return arrived


def _acting(programs: Sequence[Any], pathways: list[Any]) -> dict[str, list[tuple[Any, Any]]]:
    """Return the synapse models onto each population, with their states."""
    onto: dict[str, list[tuple[Any, Any]]] = {}
    for program, each in zip(programs, pathways, strict=True):
        for target, synapse, synaptic in program.acting(each):
            onto.setdefault(target, []).append((synapse, synaptic))
    return onto


def _fire(
    network: "Network",
    state: NetworkState,
    acting: dict[str, list[tuple[Any, Any]]],
    current: dict[str, Array],
    factors: Factors | None,
    now: Now,
) -> tuple[dict[str, Any], dict[str, Array], dict[str, Array], dict[str, Array]]:
    """Return every population's neurons, the spikes of its own, their probability where it is asked for, and its noise."""
    dt, neurons, fired, hazard, noise = network.config.dt, {}, {}, {}, {}
    for name in state.neurons:
        population, key = network.populations[name], key_of(network, state.key, state.step, name)
        outside = current.get(name, 0.0)
        if factors is not None:
            outside = outside * factors.attention * factors.input
        if population.noise is not None:
            noise[name] = population.noise.step(state.noise[name], counter_random.fold_in(key, 1), dt)
            outside = outside + noise[name]
        model, total = _driven(network, state, name, acting.get(name, []), outside, factors)
        total = now.stored(total) if population.size >= WORTH_STORING else total
        if name in state.hazard:
            hazard[name] = model.hazard(state.neurons[name], total, dt)
        neurons[name], spikes = model.step(state.neurons[name], total, dt, key)
        fired[name] = now.stored(spikes)
    return neurons, fired, hazard, noise


def key_of(network: "Network", key: Array, step: Array, name: str) -> Array:
    """Return the key of a population's random numbers in a step."""
    index = list(network.populations).index(name)
    return counter_random.fold_in(key, step, index)


def _driven(
    network: "Network",
    state: NetworkState,
    name: str,
    onto: list[tuple[Any, Any]],
    outside: Array | float,
    factors: Factors | None,
) -> tuple[Any, Array]:
    """Return the neurons' model as modulators, thresholds and open channels leave it, and their input current [n]."""
    population, dt = network.populations[name], network.config.dt
    gain, slow = (1.0, 1.0) if factors is None else (factors.gain, factors.tau_m)
    model = population.neuron
    if name in state.thresholds or not isinstance(slow, float):
        model = model.modulated(state.thresholds.get(name, 0.0), slow)
    extra = jnp.zeros(population.size)
    for synapse, synaptic in onto:
        if (channels := synapse.conductance(synaptic)) is not None:
            model, drawn = model.with_conductance(state.neurons[name], gain * channels[0], gain * channels[1])
            extra = extra + drawn
    driven = sum((synapse.current(model, synaptic, dt) for synapse, synaptic in onto), start=jnp.zeros(population.size))
    return model, (driven + outside) * gain + extra
