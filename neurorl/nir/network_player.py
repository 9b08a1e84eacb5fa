"""``spiking-network`` as a player: the populations on the way from the sensory to the motor neurons, with their slow weights.

An evaluation holds motor neurons silent and reads their potentials (``SpikingNetwork.act``). So these are leaky integrators: at
the border by default, where the graph's output is the current that drives them, or in the graph. What only motor neurons drive
is silent then, and what does not lead to them, such as critics, plays no part.
"""

import dataclasses
from collections.abc import Collection
from typing import Any

import jax
import numpy as np

from neurorl.errors import NeurorlError
from neurorl.networks.network import Network
from neurorl.networks.population import Population
from neurorl.neurons.integrators import LeakyIntegrator
from neurorl.neurons.lif import LIF
from neurorl.nir.border import Player
from neurorl.nir.files import note, noted
from neurorl.nir.writing import to_nir


class NetworkPlayer(Player):
    """A learner of ``spiking-network``."""

    def __init__(self, trained: Any, refine: int, leave_out: Collection[str], membrane: bool):
        """Make the graph."""
        super().__init__(trained)
        agent, state = trained.agent, trained.state
        self._refine, self.begins_anew = refine, False
        network = _playing(agent, state)
        self.dt = network.config.dt / refine
        self.steps = refine * max(1, round(agent.duration / network.config.dt))
        motor = network.find(agent.motor)
        self._membrane = None if membrane else motor.neuron  # at the border
        if membrane and np.ptp(motor.neuron.v_rest):
            raise NeurorlError(
                f"'v_rest' differs within '{agent.motor}', and NIR's potentials are above rest; leave membrane=False"
            )
        graph = to_nir(network, dt=self.dt, leave_out=leave_out, outputs=[agent.motor])
        self.graph = graph if membrane else _of_currents(graph, agent.motor)
        about = noted(graph) | {"agent": "spiking-network", "env_id": trained.task.env_id, "steps": self.steps}
        read = "potential" if membrane else "current"
        about |= {"border": {"input": "spikes of the sensory population", "output": f"{read} of the motor neurons"}}
        self.graph.metadata = note(about)
        self._sense = jax.jit(lambda potential, observation: agent.sense(potential, state.code, observation))
        self._choose = jax.jit(agent.chosen)
        self.reset()

    def reset(self) -> None:
        """Begin an episode: the sensory neurons where training left them, the membranes at rest."""
        self._potential = self.trained.state.potential
        self._v: Any = 0.0

    def inputs(self, observation: Any) -> np.ndarray:
        """Return the spikes of the sensory population, [steps, n], each in the first part of its step."""
        self._potential, spikes = self._sense(self._potential, self.trained.packed(observation))
        fine = np.zeros((len(spikes), self._refine, spikes.shape[1]), np.float32)
        fine[:, 0] = spikes
        return fine.reshape(self.steps, -1)

    def action(self, outputs: np.ndarray) -> Any:
        """Return the action of the group of motor neurons whose potentials were highest."""
        v = np.array(outputs, float)
        if self._membrane is not None:
            m = self._membrane
            left, rest = np.exp(-self.dt / np.asarray(m.tau_m)), np.asarray(m.v_rest)
            for step, current in enumerate(v):
                self._v = self._v * left + m.resistance * current * (1.0 - left)  # mV above rest
                v[step] = rest + self._v
        return self.trained.unpacked(self._choose(v.astype(np.float32)))


def _playing(agent: Any, state: Any) -> Network:
    """Return the network as it plays: slow weights, motor neurons that integrate, and only what leads to these."""
    whole, motor = agent.wired, agent.wired.find(agent.motor)
    if type(motor.neuron) is not LIF:
        raise NeurorlError(
            f"motor neurons of {type(motor.neuron).__name__} cannot be written as NIR; give population '{motor.name}' LIF"
        )
    if motor.noise is not None:
        raise NeurorlError(f"'{motor.name}' has a noise current, by which it chooses, and which NIR cannot say")
    weights = agent.slow_weights(state)
    kept = _leading(whole, agent.motor)
    config = whole.config.replace(neuromod_enabled=False, threshold_rate=0.0)
    if whole.adapts:
        raise NeurorlError("'threshold_rate' is above 0: thresholds that adapt are not in NIR; set it to 0")
    network = Network(config)
    m = motor.neuron
    quiet = LeakyIntegrator(m.tau_m, m.v_rest, m.resistance)
    network.populations = {
        name: Population(name, p.size, p.kind, quiet if name == agent.motor else p.neuron, p.noise)
        for name, p in whole.populations.items()
        if name in kept
    }
    network.pathways = [
        dataclasses.replace(pathway, weights=np.asarray(each), plasticity=None)
        for pathway, each in zip(whole.pathways, weights, strict=True)
        if pathway.target in kept and pathway.source in kept - {agent.motor}
    ]
    return network


def _leading(network: Network, motor: str) -> set[str]:
    """Return the populations on ways to the motor neurons, those left out that are silent while motor neurons are."""
    silent = {motor}
    while True:
        awake = {p.target for p in network.pathways if p.source not in silent}
        driven = {p.target for p in network.pathways}
        more = {name for name in driven - awake - silent if _rests(network.populations[name])}
        if not more:
            break
        silent |= more
    kept = {motor}
    while more := {p.source for p in network.pathways if p.target in kept} - kept - silent:
        kept |= more
    return kept


def _rests(population: Population) -> bool:
    """Return whether a population fires only when it is driven."""
    model = population.neuron
    quiet = type(model) is LIF and model.escape is None and bool(np.all(np.asarray(model.v_rest) < np.asarray(model.v_threshold)))
    return quiet and population.noise is None


def _of_currents(graph: Any, motor: str) -> Any:
    """Return the graph without the motor neurons: its output is the current that drives them."""
    (name,) = (
        name for name, node in graph.nodes.items() if noted(node).get("population") == motor and type(node).__name__ == "LI"
    )
    edges = [(a, "output" if b == name else b) for a, b in graph.edges if a != name]
    nodes = {key: node for key, node in graph.nodes.items() if key != name}
    return type(graph)(nodes, edges)
