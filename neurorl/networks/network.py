"""A network: populations, the pathways between them, and the modulators that act on all of it.

    net = Network(NetworkConfig())
    sensory, hidden = net.add_population(100, "sensory"), net.add_population(500, "excitatory")
    net.connect(sensory, hidden, probability=0.3, weight=0.5)
    state = net.init()
    state, record = net.run(state, 1000, spikes={sensory: trains})
    net.activity(record, hidden)

The network says what is there; what happens is in the ``NetworkState``, a pytree that ``init`` makes and ``step`` and ``run``
return anew, so that a network may be mapped over, scanned, copied and saved at any moment. ``networks/dynamics.py`` says what
happens in a step, and in which order.
"""

import dataclasses
import functools
import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl import backend, persistence
from neurorl.analysis import population as population_analysis
from neurorl.analysis.population import PopulationActivity
from neurorl.errors import NeurorlError, nearest
from neurorl.groups import Grouped
from neurorl.networks import dynamics, parameters_by_name, simulation
from neurorl.networks import plan as plans
from neurorl.networks.config import NetworkConfig
from neurorl.networks.dynamics import NetworkState
from neurorl.networks.pathway import Pathway
from neurorl.networks.plan import Plan
from neurorl.networks.population import Population
from neurorl.networks.programs.program import Reference
from neurorl.networks.recording import Monitor, Record
from neurorl.networks.stepper import Stepper
from neurorl.neuromodulation import modulators
from neurorl.neurons import MODELS
from neurorl.neurons import neuron as models
from neurorl.neurons.noise import NoiseCurrent
from neurorl.parameters import is_written
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.synapses import connectivity as connectivities
from neurorl.synapses import delay_line
from neurorl.synapses import projection as projections
from neurorl.synapses.connectivity import Connectivity
from neurorl.synapses.short_term_plasticity import ShortTermPlasticity
from neurorl.synapses.synapse import Delta

Inputs = Mapping[Any, Any]  # a population, or its name -> an array


class Description(NamedTuple):
    """A network as data, for saving."""

    config: NetworkConfig
    populations: tuple[Population, ...]
    pathways: tuple[Pathway, ...]


class Network:
    """Populations and the pathways between them; see the module's docstring."""

    def __init__(self, config: NetworkConfig = NetworkConfig()):
        """Begin without a population."""
        self.config = config
        self.populations: dict[str, Population] = {}
        self.pathways: list[Pathway] = []

    def add_population(
        self,
        size: int,
        kind: str = "excitatory",
        neuron: Any = None,
        name: str | None = None,
        noise: NoiseCurrent | None = None,
    ) -> Population:
        """Add neurons.

        Args:
            size: How many.
            kind: sensory, excitatory, inhibitory or motor. Inhibitory neurons inhibit, all others excite.
            neuron: Their model: an object (``neurorl.neurons.Neuron``), a name of ``neurorl.neurons.MODELS``, or "module:Class"
                for one of your own; by default the configuration's.
            name: What to call them; by default their kind, numbered from the second one on.
            noise: A noise current that each neuron receives, independently of the others.

        Raises:
            NeurorlError: A name that is taken, or an unknown kind or model.
        """
        if name is None:
            numbered = itertools.chain([kind], (f"{kind}_{k}" for k in itertools.count(2)))
            name = next(free for free in numbered if free not in self.populations)
        if name in self.populations:
            raise NeurorlError(f"'name' is {name!r}, which another population has; choose another")
        neuron = self.config.neuron if neuron is None else neuron
        if isinstance(neuron, str):
            neuron = models.find(neuron, MODELS)
        population = Population(name, size, kind, neuron, noise)
        population.init()
        self.populations[name] = population
        self._changed()
        return population

    def connect(
        self,
        source: Population | str,
        target: Population | str,
        probability: float = 1.0,
        weight: float | np.ndarray = 0.5,
        *,
        connectivity: Connectivity | None = None,
        delay: float | np.ndarray | tuple[float, float] | None = None,
        seed: int | None = None,
        plastic: bool | DopamineSTDP | None = None,
        stp: ShortTermPlasticity | bool = False,
        synapse: Any = Delta(),
        sign: projections.Sign | None = None,
        scaling_target: float | None = None,
    ) -> Pathway:
        """Connect two populations, or one with itself (then no neuron with itself).

        Args:
            source, target: Populations of this network.
            probability: Of each pair to be connected.
            weight: A number, or one for each synapse [s], in the unit of ``synapse``: mV by which a spike moves the membrane, by
                default. Its size is what counts: inhibitory populations get the negative of it.
            connectivity: Synapses to use instead of random ones (``neurorl.synapses.connectivity``).
            delay: ms, a number, one for each synapse [s], or a range (low, high) to draw each from; by default one step.
            seed: Of the random synapses and delays; by default the number of pathways so far.
            plastic: Whether weights learn, or the constants by which they do; by default those that excite do. Bounds are of the
                size of a weight: an inhibitory synapse of [0, 1] learns between -1 and 0.
            stp: Constants of short-term plasticity, or True for the configuration's.
            synapse: Model of the synapses (``neurorl.synapses.Synapse``): jumps of the membrane, ``ExponentialCurrent`` or
                ``Conductance``.
            sign: "excitatory", "inhibitory", or "mixed" for weights of either sign, each of which stands for an excitatory
                synapse beside inhibition driven alike; by default what the source's neurons do (Dale's principle).
            scaling_target: What synaptic scaling keeps the norm of a neuron's weights at; by default the configuration's.

        Raises:
            NeurorlError: An unknown population, a probability, delay or weight that cannot be, or a plastic weight that lies
                outside of its bounds.
        """
        source, target = self.find(source), self.find(target)
        seed = len(self.pathways) if seed is None else seed
        sign = sign or ("inhibitory" if source.inhibitory else "excitatory")
        projection = self._project(source, target, probability, connectivity, delay, sign, seed)
        weights = np.asarray(projection.weights(-np.abs(weight) if sign == "inhibitory" else weight))
        pathway = Pathway(
            source=source.name,
            target=target.name,
            projection=projection,
            weights=weights,
            plasticity=self._plasticity(plastic, sign, weights, f"{source.name} to {target.name}"),
            stp=(self.config.stp if stp is True else stp or None) if self.config.stp_enabled else None,
            synapse=synapse,
            scaling=self.config.scaling,
            scaling_target=float(self.config.scaling_target if scaling_target is None else scaling_target),
        )
        self.pathways.append(pathway)
        self._changed()
        return pathway

    def _project(
        self,
        source: Population,
        target: Population,
        probability: float,
        connectivity: Connectivity | None,
        delay: float | np.ndarray | tuple[float, float] | None,
        sign: projections.Sign,
        seed: int,
    ) -> projections.Projection:
        """Return the synapses of a pathway, those given or random ones, with their delays."""
        if connectivity is None:
            itself = source is target
            connectivity = connectivities.random(source.size, target.size, probability, seed, self_connections=not itself)
        if (connectivity.n_pre, connectivity.n_post) != (source.size, target.size):
            raise NeurorlError(
                f"'connectivity' is of {connectivity.n_pre} onto {connectivity.n_post} neurons; "
                f"'{source.name}' has {source.size} and '{target.name}' {target.size}"
            )
        dt = self.config.dt
        delay_line.to_steps(dt if delay is None else np.asarray(delay), dt, self.config.max_delay)
        return projections.project(connectivity, delay, dt=dt, sign=sign, seed=seed)

    def _plasticity(self, plastic: bool | DopamineSTDP | None, sign: str, weights: np.ndarray, where: str) -> DopamineSTDP | None:
        """Return the constants by which a pathway learns, or None; its weights must lie within their bounds."""
        learns = self.config.stdp_enabled and (sign != "inhibitory" if plastic is None else bool(plastic))
        if not learns:
            return None
        constants = plastic if isinstance(plastic, DopamineSTDP) else self.config.stdp
        if sign == "inhibitory":
            constants = constants.replace(bounds=_mirrored(constants.bounds))  # type: ignore[attr-defined]
        _check_bounds(constants.bounds, weights, where)
        return constants

    def init(self, seed: int = 0, copies: int | None = None) -> NetworkState:
        """Return a network at rest.

        Args:
            seed: Of escape noise, noise currents and Poisson sources; without them nothing in a network is random.
            copies: How many of them to return, with a leading axis; each has random numbers of its own.
        """
        state = dynamics.init(self, jax.random.key(seed))
        return state if copies is None else simulation.spread(self, state, copies)

    def step(
        self,
        state: NetworkState,
        current: Inputs | None = None,
        spikes: Inputs | None = None,
        release: Mapping[str, float | Array] | None = None,
    ) -> NetworkState:
        """Advance by one step.

        Args:
            state: The network.
            current: Input current of populations, each a number or [n].
            spikes: Spikes that populations are made to fire besides their own, each [n].
            release: What is released of modulators at the start of the step, by name; see :meth:`release`.

        Returns:
            The new state; ``state.spikes`` are those of the step.

        Raises:
            NeurorlError: A state, an input or a release that does not fit.
        """
        return self._stepper(state, self.inputs("current", current), self.inputs("spikes", spikes), self._amounts(release))

    def run(
        self,
        state: NetworkState,
        steps: int,
        current: Inputs | None = None,
        spikes: Inputs | None = None,
        voltages: Iterable[Population | str] = (),
        *,
        record: Monitor | Iterable[Population | str] | None = None,
        chunk: int = 1,
        program: str | None = None,
        copies: int | None = None,
        parameters: Mapping[str, Any] | None = None,
        release: Mapping[str, Any] | None = None,
        group: int | None = None,
    ) -> tuple[NetworkState, Record]:
        """Advance by many steps in one compiled program, or copies in several, spread over the devices that JAX has.

        Args:
            state: The network; of copies, or one that each of them starts from.
            steps: How many, from 0 on.
            current: Input current of populations: a number, [n] for all steps, or [steps, n].
            spikes: Injected spikes of populations, [steps, n].
            voltages: Populations whose membrane potential to record.
            record: Populations whose spikes to keep, all by default, or a ``Monitor``.
            chunk: Steps between two writings of plastic weights. 1 is exact. More are faster where :meth:`plan` says so, and part
                of the rule: bounds are met at the end of a chunk, or when a spike arrives.
            program: What runs all pathways that it can run (:meth:`plan`); by default the fastest.
            copies: How many independent networks to run. Inputs are those of all, or have a leading axis of copies.
            parameters: Constants that differ between copies, each with a leading axis of copies, by name
                (:meth:`with_parameters`).
            release: What is released of modulators at the start of each step, by name, [steps]; see :meth:`release`.
            group: Most copies in a program; on a CPU 64 by default, or 1 where work depends on who fires, elsewhere all. Another
                number may round otherwise, another number of devices does not.

        Returns:
            The new state, and what happened.

        Raises:
            NeurorlError: A state or an input that does not fit, or something to record that is not there.
        """
        return simulation.run(
            self, state, steps, current, spikes, voltages, record, chunk, program, copies, parameters, release, group
        )

    def plan(self, chunk: int = 1, program: str | None = None) -> Plan:
        """Return by which program each pathway is run in chunks of so many steps, and why.

        Args:
            chunk: Steps.
            program: One to use wherever it can run a pathway: stepwise (the reference), matrix, rows, events or chunked.

        Raises:
            NeurorlError: An unknown program, or a chunk of less than one step.
        """
        return plans.make(self, chunk, program)

    def with_parameters(self, parameters: Mapping[str, Any]) -> "Network":
        """Return the network with other constants, by name.

        Args:
            parameters: "population.field" of a neuron model, "population.noise.field", "source -> target.field" of a pathway's
                plasticity (also "source -> target.stdp.a_plus"), or "config.modulators.dopamine.tau" and the like.

        Raises:
            NeurorlError: A population, pathway or field that is not there.
        """
        return parameters_by_name.changed(self, parameters) if parameters else self

    def advance(self, state: NetworkState, current: dict[str, Array], spikes: dict[str, Array]) -> NetworkState:
        """Do what :meth:`step` does: the pure function itself, unchecked, to be jitted, scanned and mapped by the caller."""
        return dynamics.advance(self, state, current, spikes)

    def release(self, state: NetworkState, modulator: str, amount: float | Array) -> NetworkState:
        """Return the state after a release of a modulator, below zero for a dip.

        Raises:
            NeurorlError: An unknown modulator, or an amount that is no finite number.
        """
        if is_written(amount) and not np.all(np.isfinite(amount)):
            raise NeurorlError(f"'amount' of {modulator} is {amount}; it must be a finite number")
        return state._replace(modulators=modulators.release(self.config.modulators, state.modulators, modulator, amount))

    def _amounts(self, release: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what is released in a step, by the names of the modulators, checked."""
        if release and not self.config.neuromod_enabled:
            raise NeurorlError(f"'release' has {next(iter(release))}, and the network's modulators are off: set neuromod_enabled")
        amounts = {name: _as_float(amount) for name, amount in (release or {}).items()}
        for name, amount in amounts.items():
            if amount.shape:
                raise NeurorlError(f"'release' of {name} has shape {amount.shape}; a step takes one number")
            if not isinstance(amount, jax.core.Tracer) and not np.isfinite(amount):
                raise NeurorlError(f"'release' of {name} is {amount}; it must be a finite number")
        return amounts

    def weights(self, state: NetworkState, source: Population | str, target: Population | str) -> Array:
        """Return the weights between two populations as a matrix [n_post, n_pre]; NaN where there is no synapse.

        Where several pathways join a pair of neurons their weights are added up.
        """
        source, target = self.find(source), self.find(target)
        matrices = [
            pathway.projection.matrix(each.weights)
            for pathway, each in zip(self.pathways, state.pathways, strict=True)
            if (pathway.source, pathway.target) == (source.name, target.name)
        ]
        if not matrices:
            raise NeurorlError(f"there is no pathway from '{source.name}' to '{target.name}'; connect them first")
        stacked = jnp.stack(matrices)
        return jnp.where(jnp.isnan(stacked).all(0), jnp.nan, jnp.nansum(stacked, 0))

    def set_neurons(self, state: NetworkState, population: Population | str, **fields: Any) -> NetworkState:
        """Return the state with fields of a population's neurons set, such as ``v``; a number stands for all neurons.

        Raises:
            NeurorlError: A field that the population's neurons do not have.
        """
        name = self.find(population).name
        neurons = state.neurons[name]
        for field, value in fields.items():
            if field not in neurons._fields:
                raise NeurorlError(
                    f"neurons of '{name}' have no '{field}', but {', '.join(neurons._fields)}{nearest(field, neurons._fields)}"
                )
            old = getattr(neurons, field)
            neurons = neurons._replace(**{field: jnp.broadcast_to(jnp.asarray(value, old.dtype), old.shape)})
        return state._replace(neurons=state.neurons | {name: neurons})

    def activity(self, what: NetworkState | Record, population: Population | str) -> PopulationActivity:
        """Return how many of a population fired, at what rate and how sparsely, in the last step or in a recorded run."""
        spikes = np.asarray(what.spikes[self.find(population).name])
        return population_analysis.activity(spikes if spikes.ndim == 2 else spikes[None], self.config.dt)

    def save_parameters(self, state: NetworkState, path: str | os.PathLike[str]) -> None:
        """Write a network in the middle of a run to a JSON file: what it is, and all of its state, bit for bit."""
        persistence.save(path, (self.description, state))

    def load_parameters(self, path: str | os.PathLike[str]) -> NetworkState:
        """Return the state that was saved of this network.

        Raises:
            NeurorlError: A damaged file, or one of another network.
        """
        description, state = persistence.load(path)
        if persistence.to_json(description) != persistence.to_json(self.description):
            raise NeurorlError(f"'{path}' holds another network: other populations, pathways or constants")
        return state

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> tuple["Network", NetworkState]:
        """Return the network and the state in a file of :meth:`save_parameters`."""
        description, state = persistence.load(path)
        return cls.from_description(description), state

    def to_data(self) -> dict[str, Any]:
        """Return the network as JSON values; one with models of one's own by its digest alone."""
        try:
            return {"description": json.loads(persistence.to_json(self.description)), "digest": self._content}
        except NeurorlError:
            return {"digest": self._content}

    @classmethod
    def from_data(cls, data: dict[str, Any], current: "Network | None", where: str) -> "Network":
        """Return the network that :meth:`to_data` was made of.

        Args:
            data: The JSON values.
            current: A network that is at hand, and perhaps the same.
            where: The parameter, for messages.

        Raises:
            NeurorlError: A network that cannot be made again.
        """
        if current is not None and current._content == data.get("digest"):
            return current
        if "description" not in data:
            raise NeurorlError(
                f"'{where}' has neuron models of its own and cannot be made from a file: give the agent that has it"
            )
        return cls.from_description(persistence.from_json(json.dumps(data["description"])))

    def __eq__(self, other: object) -> bool:
        """Return whether another network has the same populations, pathways and constants."""
        return isinstance(other, Network) and self._content == other._content

    def __hash__(self) -> int:
        """Return a hash of the content, so that a network can be compiled in."""
        return hash(self._content)

    @functools.cached_property
    def _content(self) -> str:
        return hashlib.sha256(repr(_plain(self.description)).encode()).hexdigest()

    @property
    def description(self) -> Description:
        """The network as data."""
        return Description(self.config, tuple(self.populations.values()), tuple(self.pathways))

    @classmethod
    def from_description(cls, description: Description) -> "Network":
        """Return the network that a description is of."""
        network = cls(description.config)
        network.populations = {population.name: population for population in description.populations}
        network.pathways = list(description.pathways)
        return network

    @functools.cached_property
    def adapts(self) -> bool:
        """Whether thresholds adapt."""
        return not is_written(self.config.threshold_rate) or bool(np.any(np.asarray(self.config.threshold_rate) != 0.0))

    @functools.cached_property
    def asked(self) -> tuple[str, ...]:
        """Populations of which some rule asks how probable their spikes were."""
        return tuple(name for name in self.populations if any(p.target == name and p.needs_hazard for p in self.pathways))

    @functools.cached_property
    def references(self) -> list[Reference]:
        """The program of each pathway that runs it step by step."""
        return [Reference(k, pathway) for k, pathway in enumerate(self.pathways)]

    @functools.cached_property
    def _stepper(self) -> Stepper:
        return Stepper(self)

    @functools.cached_property
    def grouped_run(self) -> Grouped:
        """The compiled form of a part of a run (``networks/simulation.py``), of one network or of groups of copies."""
        traced = functools.partial(simulation.traced, self)
        return Grouped(traced, (True, False, False, True, True), compiler_options=backend.streaming())

    def _changed(self) -> None:
        """Forget what was compiled for the network as it was."""
        for compiled in ("_stepper", "grouped_run", "references", "adapts", "asked", "_content"):
            self.__dict__.pop(compiled, None)

    def find(self, population: Population | str) -> Population:
        """Return a population of this network.

        Raises:
            NeurorlError: There is none of that name.
        """
        name = population if isinstance(population, str) else population.name
        if name not in self.populations:
            raise NeurorlError(f"there is no population '{name}' in this network{nearest(name, self.populations)}")
        return self.populations[name]

    def check_state(self, state: NetworkState, copies: int | None = None) -> None:
        """Raise a NeurorlError unless the state is one of this network as it is now, or of so many copies of it."""
        held = jnp.shape(state.step)
        if held != (() if copies is None else (copies,)):
            have = f"{held[0]} copies" if held else "one network"
            raise NeurorlError(f"'state' is of {have}, and 'copies' is {copies}: give {held[0] if held else 'a state of copies'}")
        if len(state.pathways) != len(self.pathways) or set(state.neurons) != set(self.populations):
            raise NeurorlError(
                f"'state' has {len(state.neurons)} populations and {len(state.pathways)} pathways, the network "
                f"{len(self.populations)} and {len(self.pathways)}: it was made before the network was whole; call init() again"
            )

    def inputs(self, kind: str, inputs: Inputs | None) -> dict[str, Any]:
        """Return inputs by the names of their populations, checked."""
        checked: dict[str, Any] = {}
        for given, value in (inputs or {}).items():
            population, array = self.find(given), _as_float(value)
            if array.shape and array.shape[-1] != population.size:
                raise NeurorlError(
                    f"the input of '{population.name}' has shape {array.shape}; its last axis must be {population.size}"
                )
            if not isinstance(array, jax.core.Tracer):
                values = np.asarray(array)
                if not np.isfinite(values).all():
                    raise NeurorlError(f"the input of '{population.name}' is not finite everywhere; remove NaN and infinity")
                if kind == "spikes" and (wrong := values[(values != 0.0) & (values != 1.0)]).size:
                    raise NeurorlError(
                        f"'spikes' of '{population.name}' has {wrong.flat[0]:g}; a neuron fires once in a step, 1, or not "
                        "at all, 0: use a smaller dt for more spikes, and 'current' for graded input"
                    )
            checked[population.name] = array
        return checked


def _as_float(value: Any) -> Any:
    """Return an input as an array; what is on the host stays there, since a compiled program takes that in faster than JAX does.

    It is a copy, so that who gave it may fill the same array for the next step while this one is computed.
    """
    if isinstance(value, int | float | np.ndarray | np.generic):
        return np.array(value, jax.dtypes.canonicalize_dtype(float))
    return jnp.asarray(value, float)


def _plain(part: Any) -> Any:
    """Return a part of a description as what tells it from others: types, fields, and arrays by their content."""
    if isinstance(part, np.ndarray | jax.Array):
        values = np.asarray(part)
        return values.dtype.str, values.shape, hashlib.sha256(values.tobytes()).hexdigest()
    if dataclasses.is_dataclass(part) or hasattr(part, "_fields"):
        names = part._fields if hasattr(part, "_fields") else [f.name for f in dataclasses.fields(part)]
        return type(part).__module__, type(part).__qualname__, [(name, _plain(getattr(part, name))) for name in names]
    if isinstance(part, list | tuple):
        return [_plain(each) for each in part]
    if part is None or isinstance(part, bool | int | float | str):
        return part
    return type(part).__module__, type(part).__qualname__, _plain(sorted(getattr(part, "__dict__", {}).items()))


def _mirrored(bounds: WeightBounds) -> WeightBounds:
    """Return the bounds of weights that inhibit: those of their size, seen from below zero."""
    mirrored = {"w_min": -bounds.w_max, "w_max": -bounds.w_min, "mu_plus": bounds.mu_minus, "mu_minus": bounds.mu_plus}
    return bounds.replace(**mirrored)  # type: ignore[attr-defined]


def _check_bounds(bounds: WeightBounds, weights: np.ndarray, where: str) -> None:
    """Raise a NeurorlError unless plastic weights begin within their bounds."""
    if bounds.kind == "none":
        return
    outside = weights[(weights < np.asarray(bounds.w_min)) | (weights > np.asarray(bounds.w_max))]
    if outside.size:
        raise NeurorlError(
            f"'weight' of {where} is {outside.flat[0]:g}, outside of its bounds [{bounds.w_min}, {bounds.w_max}], to which the "
            "first dopamine would cut it: give plastic=DopamineSTDP(bounds=WeightBounds(w_max=...)), or plastic=False"
        )
