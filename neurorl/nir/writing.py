r"""A network as a NIR graph: populations become neurons, pathways become weights and delays.

NIR is continuous: its times are seconds here, and its potentials mV above each neuron's rest, because some readers know no
other rest than 0. A spike is what all readers make of it, a current of 1 that is held for one of their steps of ``dt``. So a jump
of w mV, or a current that starts at w, needs the weight

    W = w / (R (1 - exp(-dt / tau_m)))    LIF, LI
    W = w / (R dt)                        IF
    W = w / (1 - exp(-dt / tau_s))        CubaLIF, CubaLI

which is exact for a reader that integrates exactly, and right to the order of dt / tau for one that uses Euler's method.

A spike takes one step to the next population here. That step is the edge; a longer delay is a node, of the whole delay.
"""

import itertools
import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np

import neurorl
from neurorl.errors import NeurorlError, nearest
from neurorl.networks.dynamics import NetworkState
from neurorl.networks.network import Network
from neurorl.networks.pathway import Pathway
from neurorl.networks.population import Population
from neurorl.neuromodulation import effects
from neurorl.neurons.integrators import IntegrateAndFire, LeakyIntegrator
from neurorl.neurons.lif import LIF
from neurorl.neurons.poisson import Poisson
from neurorl.neurons.relay import Relay
from neurorl.nir.files import MS, note, package
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.synapse import Delta

# What NIR cannot say and a caller may leave out, and what is then different.
LOSSES = {
    "refractory": "neurons can fire again at once",
    "escape-noise": "neurons fire at their threshold and never below it",
    "noise-current": "no neuron gets a noise current",
    "threshold-adaptation": "thresholds stay where they are",
    "short-term-plasticity": "synapses neither tire nor facilitate",
    "modulators": "the modulators' factors of gain, inhibition and time constants are 1",
}


class _Receiver(NamedTuple):
    """A population as a node, and how it takes spikes."""

    node: Any
    per_unit: np.ndarray  # [n], the weight for a jump of 1 mV, or for a current that starts at 1


def to_nir(
    network: Network,
    state: NetworkState | None = None,
    *,
    dt: float | None = None,
    leave_out: Collection[str] = (),
    outputs: Sequence[Population | str] | None = None,
) -> Any:
    """Return a network as a ``nir.NIRGraph``.

    Relays and Poisson sources become Input nodes: their spikes come from outside. Other sensory populations get an Input beside
    them, a current. Weights are those of ``state``, and no rule of plasticity goes along.

    Args:
        network: The network.
        state: Whose weights, and thresholds where they adapt, are written; by default those at the beginning.
        dt: Step of the simulator that is to read the file, ms; by default the network's.
        leave_out: What may be lost, of :data:`LOSSES`; what is lost is in the metadata.
        outputs: Populations that Output nodes read; by default the motor ones, or where there are none those that drive no other.

    Raises:
        NeurorlError: What NIR cannot say and ``leave_out`` does not name, or the package ``nir`` is not installed.
    """
    package()
    for name in leave_out:
        if name not in LOSSES:
            raise NeurorlError(f"'leave_out' is {name!r}; it must be of {', '.join(LOSSES)}{nearest(name, LOSSES)}")
    state = network.init() if state is None else state
    network.check_state(state)
    return _Writing(network, state, float(network.config.dt if dt is None else dt), leave_out).graph(outputs)


class _Writing:
    """A graph in the making."""

    def __init__(self, network: Network, state: NetworkState, dt: float, leave_out: Collection[str]):
        if not np.isfinite(dt) or dt <= 0.0:
            raise NeurorlError(f"'dt' is {dt}; it must be a finite number of ms above 0")
        self.nir, self.network, self.state, self.dt, self.leave_out = package(), network, state, dt, leave_out
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.names = self._names()
        self.lost: dict[str, list[str]] = {}  # what is left out, and where

    def graph(self, outputs: Sequence[Population | str] | None) -> Any:
        """Return the graph."""
        self._check_modulators()
        names = self.names
        receivers = {name: self._population(p, names[name]) for name, p in self.network.populations.items()}
        for number, pathway in enumerate(self.network.pathways):
            receiver = receivers[pathway.target]
            if receiver is None:
                raise NeurorlError(
                    f"'{pathway.target}' is an input of the graph and has synapses from '{pathway.source}': remove them"
                )
            self._pathway(number, pathway, names, receiver)
        for name in self._outputs(outputs):
            node = self._free("output" if len(self._outputs(outputs)) == 1 else f"{names[name]}_output")
            size = np.array([self.network.populations[name].size])
            self.nodes[node] = self.nir.Output({"output": size}, metadata=note({"population": name}))
            self.edges.append((names[name], node))
        about = {"version": neurorl.__version__, "dt_ms": self.dt, "step_ms": self.network.config.dt, "lost": self.lost}
        about |= {"plasticity": "weights are as they were; rules and eligibility are not in NIR"}
        return self.nir.NIRGraph(nodes=self.nodes, edges=self.edges, metadata=note(about))

    def _population(self, population: Population, name: str) -> _Receiver | None:
        """Add a population, and return how it takes spikes; None for one whose spikes come from outside."""
        about, model = {"population": population.name, "kind": population.kind}, population.neuron
        if isinstance(model, Relay | Poisson):
            shape = np.array([population.size])
            self.nodes[name] = self.nir.Input({"input": shape}, metadata=note(about | {"model": type(model).__name__}))
            return None
        if population.noise is not None:
            self._lose("noise-current", population.name, "a noise current")
        if population.name in self.state.thresholds:
            self._lose("threshold-adaptation", population.name, "a threshold that adapts")
        receiver = self._neurons(population, about)
        self.nodes[name] = receiver.node
        if population.kind == "sensory":
            source = self._free(f"{name}_input")
            self.nodes[source] = self.nir.Input(
                {"input": np.array([population.size])}, metadata=note({"current_of": population.name})
            )
            self.edges.append((source, name))
        return receiver

    def _neurons(self, population: Population, about: dict[str, Any]) -> _Receiver:
        """Return a population's node, potentials from its rest on."""
        model, n, dt = population.neuron, population.size, self.dt
        tau_syn = self._synapses(population)
        if type(model) not in (LIF, LeakyIntegrator, IntegrateAndFire):
            raise NeurorlError(
                f"population '{population.name}' is of {type(model).__name__}, which NIR has no primitive for; "
                "it has LIF, LeakyIntegrator and IntegrateAndFire"
            )
        fields = {f: np.broadcast_to(np.asarray(v, float), (n,)) for f, v in vars(model).items() if f != "escape"}
        r, zero = fields["resistance"], np.zeros(n)
        if isinstance(model, IntegrateAndFire):
            if tau_syn is not None or fields["drive"].any():
                raise NeurorlError(f"'{population.name}' is IntegrateAndFire; in NIR it takes jumps (Delta), and has no 'drive'")
            rest = fields["v_reset"]
            node = self.nir.IF(r * MS, fields["v_threshold"] - rest, zero, metadata=note(about | {"rest": rest.tolist()}))
            return _Receiver(node, 1.0 / (r * dt))
        rest, tau = fields["v_rest"], fields["tau_m"]
        constants = {"r": r, "v_leak": zero, "metadata": note(about | {"rest": rest.tolist()})}
        if isinstance(model, LIF):
            self._check_firing(population)
            raised = np.asarray(self.state.thresholds.get(population.name, 0.0))
            constants |= {"v_threshold": fields["v_threshold"] + raised - rest, "v_reset": fields["v_reset"] - rest}
        fires = isinstance(model, LIF)
        if tau_syn is None:
            kind = self.nir.LIF if fires else self.nir.LI
            return _Receiver(kind(tau=tau / MS, **constants), 1.0 / (r * -np.expm1(-dt / tau)))
        kind = self.nir.CubaLIF if fires else self.nir.CubaLI
        node = kind(tau_syn=tau_syn / MS, tau_mem=tau / MS, **constants)
        return _Receiver(node, 1.0 / -np.expm1(-dt / tau_syn))

    def _check_firing(self, population: Population) -> None:
        """Note what a LIF neuron has that NIR's has not."""
        if np.any(population.neuron.refractory):
            self._lose("refractory", population.name, "a refractory period")
        if population.neuron.escape is not None:
            self._lose("escape-noise", population.name, "escape noise")

    def _synapses(self, population: Population) -> np.ndarray | None:
        """Return the time constant [n] of the currents onto a population, ms; None for jumps of its membrane."""
        found: list[np.ndarray | None] = []
        for pathway in (p for p in self.network.pathways if p.target == population.name):
            if type(pathway.synapse) not in (Delta, ExponentialCurrent):
                raise NeurorlError(
                    f"synapses of {pathway.source} to {population.name} are {type(pathway.synapse).__name__}, unknown to NIR; "
                    "it has jumps (Delta) and currents that decay (ExponentialCurrent)"
                )
            decays = isinstance(pathway.synapse, ExponentialCurrent)
            found.append(np.broadcast_to(np.asarray(pathway.synapse.tau, float), (population.size,)) if decays else None)
        first = found[0] if found else None
        if any((tau is None) != (first is None) or (tau is not None and (tau != first).any()) for tau in found):
            raise NeurorlError(f"'{population.name}' has synapses of several kinds or time constants; a neuron of NIR has one")
        return first

    def _pathway(self, number: int, pathway: Pathway, names: dict[str, str], receiver: _Receiver) -> None:
        """Add a pathway: perhaps a delay, and weights."""
        where = f"{pathway.source} to {pathway.target}"
        if pathway.stp is not None:
            self._lose("short-term-plasticity", where, "short-term plasticity")
        matrix = np.asarray(pathway.projection.matrix(self.state.pathways[number].weights))  # [m, n], NaN without a synapse
        weights = np.nan_to_num(matrix) * receiver.per_unit[:, None]
        name = self._free(f"{names[pathway.source]}_to_{names[pathway.target]}")
        about = note({"source": pathway.source, "target": pathway.target})
        # An affine map without a bias: all readers know it, and some no linear one.
        self.nodes[name] = self.nir.Affine(
            weight=weights.astype(np.float32), bias=np.zeros(len(weights), np.float32), metadata=about
        )
        self.edges += [(name, names[pathway.target])]
        delay = _of_sources(pathway, where)
        if (delay <= 1).all():
            self.edges.append((names[pathway.source], name))
            return
        line = self._free(f"{name}_delay")
        self.nodes[line] = self.nir.Delay(delay * self.network.config.dt / MS)
        self.edges += [(names[pathway.source], line), (line, name)]

    def _outputs(self, outputs: Sequence[Population | str] | None) -> list[str]:
        """Return the populations that are read."""
        if outputs is not None:
            return [self.network.find(p).name for p in outputs]
        populations, sources = self.network.populations, {p.source for p in self.network.pathways}
        motor = [name for name, p in populations.items() if p.kind == "motor"]
        return motor or [name for name in populations if name not in sources]

    def _check_modulators(self) -> None:
        """Raise a NeurorlError where a modulator acts on neurons or inhibition and that may not be left out."""
        c = self.network.config
        if not c.neuromod_enabled:
            return
        factors = effects.factors(c.effects, c.modulators, self.state.modulators)
        acting = [
            f for f in ("gain", "inhibition", "attention", "input", "tau_m") if abs(float(getattr(factors, f)) - 1.0) > 1e-6
        ]
        if acting:
            self._lose("modulators", f"the network's {', '.join(acting)}", "modulators that act on it (neuromod_enabled)")

    def _lose(self, what: str, where: str, words: str) -> None:
        """Note what is left out, or raise a NeurorlError where it may not be."""
        if what not in self.leave_out:
            raise NeurorlError(f"'{where}' has {words}, which NIR cannot say; leave_out=[{what!r}] goes without: {LOSSES[what]}")
        self.lost.setdefault(what, []).append(where)

    def _names(self) -> dict[str, str]:
        """Return a node's name for each population, which HDF5 and the readers' modules can have; the only input is "input"."""
        populations = self.network.populations
        outside = [name for name, p in populations.items() if isinstance(p.neuron, Relay | Poisson)]
        currents = [name for name, p in populations.items() if p.kind == "sensory" and name not in outside]
        names: dict[str, str] = {}
        for name in populations:
            plain = "input" if [name] == outside and not currents else re.sub(r"\W", "_", name, flags=re.ASCII)
            numbered = itertools.chain([plain], (f"{plain}_{k}" for k in itertools.count(2)))
            names[name] = next(free for free in numbered if free not in names.values())
        return names

    def _free(self, name: str) -> str:
        """Return a name that no node has."""
        numbered = itertools.chain([name], (f"{name}_{k}" for k in itertools.count(2)))
        return next(free for free in numbered if free not in self.nodes and free not in self.names.values())


def _of_sources(pathway: Pathway, where: str) -> np.ndarray:
    """Return the delay [n] of each presynaptic neuron, steps."""
    projection, pre = pathway.projection, pathway.projection.connectivity.pre
    delays = np.ones(projection.connectivity.n_pre, np.int64)
    delays[pre] = projection.delay
    if (delays[pre] != projection.delay).any():
        raise NeurorlError(f"delays of {where} differ between synapses of one neuron, which NIR cannot say; give each neuron one")
    return delays
