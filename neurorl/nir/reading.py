"""A NIR graph as a network: what ``to_nir`` writes, and what other programs write of the same primitives.

Read are Input, Output, Affine, Linear, Delay, IF, LIF, LI, CubaLIF and CubaLI, of vectors. An Input whose way leads through
weights becomes a population of relays, whose spikes the caller injects (``run(spikes={NAME: ...})``). One that reaches neurons
without weights is their input current (``run(current={NAME: ...})``). Nothing that is read learns.

NIR has no delay in an edge; here a spike takes one step, so that it arrives a step later at each population on its way.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from neurorl.errors import NeurorlError
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network
from neurorl.networks.population import KINDS
from neurorl.neurons.integrators import IntegrateAndFire, LeakyIntegrator
from neurorl.neurons.lif import LIF
from neurorl.neurons.relay import Relay
from neurorl.nir.files import MS, noted
from neurorl.synapses import connectivity
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.synapse import Delta

NEURONS = ("IF", "LIF", "LI", "CubaLIF", "CubaLI")
USUAL_DT = 0.1  # ms: the step that snnTorch takes a graph for, and that of the paper's traces


class _Way(NamedTuple):
    """What lies between two populations."""

    target: str  # node
    weight: np.ndarray | None  # [m, n]; None: every spike goes to its own neuron, as it is
    bias: np.ndarray | float  # [m]
    before: np.ndarray | float  # [n], delay before the weights, s
    after: np.ndarray | float  # [m], delay behind them


def from_nir(graph: Any, dt: float | None = None) -> Network:
    """Return a ``nir.NIRGraph`` as a network.

    Args:
        graph: The graph.
        dt: Step of the network, ms, for which its weights are read: a spike is a current that is held for so long. By default
            what the metadata say, and else 0.1 ms.

    Raises:
        NeurorlError: A primitive that a network has nothing for, or a delay that is no multiple of ``dt``.
    """
    about = noted(graph)
    written = float(about.get("dt_ms", USUAL_DT) if dt is None else dt)
    step = float(about.get("step_ms", written) if dt is None else dt)
    for name, node in graph.nodes.items():
        _check(name, node)
    sources = [name for name, node in graph.nodes.items() if _type(node) in ("Input", *NEURONS)]
    ways = {name: list(_ways(graph, name)) for name in sources}
    longest = max((float(np.max(way.before + way.after)) * MS for each in ways.values() for way in each), default=0.0)
    network = Network(NetworkConfig(dt=step, max_delay=max(20.0, longest)))
    _add_populations(network, graph, ways, written)
    for source, each in ways.items():
        for way in each:
            if _is_neuron(graph, way.target) and not _is_current(graph, source, way):
                _connect(network, graph, source, way, written)
    return network


def _type(node: Any) -> str:
    return type(node).__name__


def _is_neuron(graph: Any, name: str) -> bool:
    return _type(graph.nodes[name]) in NEURONS


def _is_current(graph: Any, source: str, way: _Way) -> bool:
    """Return whether a way hands an input on as it is."""
    return _type(graph.nodes[source]) == "Input" and way.weight is None


def _check(name: str, node: Any) -> None:
    """Raise a NeurorlError unless a network has something for a node."""
    if _type(node) not in ("Input", "Output", "Affine", "Linear", "Delay", *NEURONS):
        raise NeurorlError(
            f"node '{name}' is {_type(node)}; read are Input, Output, Affine, Linear, Delay and {', '.join(NEURONS)}: "
            "write it as one of these"
        )
    if _type(node) not in ("Affine", "Linear", "Output") and np.size(_shape(node)) != 1:
        raise NeurorlError(f"node '{name}' has the shape {tuple(_shape(node))}; a population is a vector of neurons: flatten it")


def _shape(node: Any) -> Any:
    return np.asarray(node.output_type["output"])


def _ways(graph: Any, source: str) -> Iterator[_Way]:
    """Yield the ways from a node to the next neurons and outputs."""
    beginning = _Way(source, None, 0.0, 0.0, 0.0)
    waiting = [beginning._replace(target=after) for before, after in graph.edges if before == source]
    while waiting:
        way = waiting.pop(0)
        node = graph.nodes[way.target]
        if _type(node) in ("Output", *NEURONS):
            yield way
            continue
        if _type(node) == "Input":
            raise NeurorlError(f"'{source}' leads to the Input '{way.target}'; an input has no edge onto it")
        passed = _passed(way, node)
        waiting += [passed._replace(target=after) for before, after in graph.edges if before == way.target]
        if len(waiting) > len(graph.nodes) ** 2:
            raise NeurorlError(f"'{way.target}' is on a circle without a neuron; put one in")


def _passed(way: _Way, node: Any) -> _Way:
    """Return a way behind a node that is neither neuron nor output."""
    if _type(node) == "Delay":
        delay = np.asarray(node.delay, float)
        return way._replace(before=way.before + delay) if way.weight is None else way._replace(after=way.after + delay)
    weight = np.asarray(node.weight, float)
    if weight.ndim != 2:
        raise NeurorlError(f"the weights of '{way.target}' have the shape {weight.shape}; give a matrix")
    bias = np.asarray(getattr(node, "bias", 0.0), float)
    if way.weight is None:
        return way._replace(weight=weight, bias=bias)
    if np.any(way.after):
        raise NeurorlError(f"'{way.target}' follows weights and a delay; put a neuron between them, or the delay in front")
    return way._replace(weight=weight @ way.weight, bias=weight @ np.broadcast_to(way.bias, weight.shape[1:]) + bias)


def _add_populations(network: Network, graph: Any, ways: dict[str, list[_Way]], dt: float) -> None:
    """Add a population for each neuron node, and for each input that sends spikes."""
    read = {name for name, each in ways.items() if any(_type(graph.nodes[way.target]) == "Output" for way in each)}
    given = {way.target for name, each in ways.items() for way in each if _is_current(graph, name, way)}
    for name, node in graph.nodes.items():
        if _type(node) == "Input" and any(not _is_current(graph, name, way) for way in ways[name]):
            network.add_population(int(_shape(node)[0]), "sensory", neuron=Relay(), name=_name(graph, name))
        elif _type(node) in NEURONS:
            bias = sum((way.bias for each in ways.values() for way in each if way.target == name), start=np.zeros(_shape(node)))
            kind = noted(node).get("kind")
            if kind not in KINDS:
                kind = "sensory" if name in given else "motor" if name in read else "excitatory"
            model = _neuron(name, node, np.asarray(bias), dt)
            network.add_population(int(_shape(node)[0]), kind, neuron=model, name=_name(graph, name))


def _name(graph: Any, node: str) -> str:
    """Return a population's name: that which the metadata remember, or the node's."""
    return str(noted(graph.nodes[node]).get("population", node))


def _neuron(name: str, node: Any, bias: np.ndarray, dt: float) -> Any:
    """Return a node's model; a bias [n] of what drives it is a rest that lies elsewhere."""
    kind, rest = _type(node), np.asarray(noted(node).get("rest", 0.0), float)
    fields = {field: np.asarray(value, float) for field, value in vars(node).items() if isinstance(value, np.ndarray)}
    if kind == "IF":
        top, bottom = fields["v_threshold"] + rest, fields["v_reset"] + rest
        return IntegrateAndFire(_plain(top), _plain(bottom), _plain(fields["r"] / MS), _plain(bias))
    if kind.startswith("Cuba") and np.any(bias):
        raise NeurorlError(f"'{name}' is {kind} and driven with a bias, which would pass through its synapses; add it to v_leak")
    tau = fields["tau_mem"] if kind.startswith("Cuba") else fields["tau"]
    membrane = {
        "tau_m": _plain(tau * MS),
        "v_rest": _plain(fields["v_leak"] + rest + fields["r"] * bias),
        "resistance": _plain(fields["r"]),
    }
    if kind.endswith("LI"):
        return LeakyIntegrator(**membrane)
    top, bottom = fields["v_threshold"] + rest, fields["v_reset"] + rest
    return LIF(**membrane, v_threshold=_plain(top), v_reset=_plain(bottom), refractory=0.0)


def _plain(values: np.ndarray) -> Any:
    """Return one number where all are the same."""
    return float(values[0]) if (values == values[0]).all() else values


def _connect(network: Network, graph: Any, source: str, way: _Way, dt: float) -> None:
    """Add a way as a pathway; ``dt`` ms is how long a spike's current is held."""
    node = graph.nodes[way.target]
    n, m = int(_shape(graph.nodes[source])[0]), int(_shape(node)[0])
    weight = np.eye(n) if way.weight is None else way.weight
    if weight.shape != (m, n):
        raise NeurorlError(f"the weights from '{source}' to '{way.target}' have the shape {weight.shape}; it must be {(m, n)}")
    scaled = weight * _jump(node, dt)[:, None]
    post, pre = np.nonzero(scaled) if scaled.any() else np.nonzero(np.ones_like(scaled))
    synapses = connectivity.from_pairs(pre, post, n, m)
    delay = np.broadcast_to(way.before, (n,))[synapses.pre] + np.broadcast_to(way.after, (m,))[synapses.post]
    values = scaled[synapses.post, synapses.pre]
    inhibits = network.find(_name(graph, source)).inhibitory
    pure = (values <= 0.0).all() if inhibits else (values >= 0.0).all()
    network.connect(
        _name(graph, source),
        _name(graph, way.target),
        weight=values,
        connectivity=synapses,
        delay=np.maximum(delay * MS, network.config.dt),
        plastic=False,
        synapse=_synapse(node),
        sign=None if pure else "mixed",
    )


def _jump(node: Any, dt: float) -> np.ndarray:
    """Return what a spike of weight 1 does [n]: the jump in mV, or where a current begins."""
    kind = _type(node)
    if kind == "IF":
        return np.asarray(node.r, float) * dt / MS
    if kind.startswith("Cuba"):
        return np.asarray(node.w_in, float) * -np.expm1(-dt / MS / np.asarray(node.tau_syn, float))
    return np.asarray(node.r, float) * -np.expm1(-dt / MS / np.asarray(node.tau, float))


def _synapse(node: Any) -> Any:
    return ExponentialCurrent(_plain(np.asarray(node.tau_syn, float) * MS)) if _type(node).startswith("Cuba") else Delta()
