r"""The default wiring of a spiking network that acts: what ``spiking-network`` is where no network is given.

    sensory (relays of the code's spikes) -> hidden (LIF) -> motor (LIF, escape noise)
                                               |          -> value, cost (LIF, opposed critics)
    hidden -> inhibitory -> hidden,   motor -> motor inhibitory -> motor

The synapses from hidden onto motor neurons and critics learn, the others hold still. Learned synapses may have either sign: each
stands for an excitatory one beside inhibition that is driven alike. Weights scale with the spikes to be expected, one per ms and
map of the code, so that one set of constants serves codes of any size.
"""

import functools
from typing import Any

import jax
import numpy as np
from flax import struct

from neurorl.agents.actions import Actions
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network
from neurorl.networks.population import Population
from neurorl.neurons import MODELS, izhikevich, neuron
from neurorl.neurons.escape_noise import EscapeNoise
from neurorl.neurons.izhikevich import Izhikevich
from neurorl.neurons.lif import LIF
from neurorl.neurons.noise import NoiseCurrent
from neurorl.parameters import Checked, parameter
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP
from neurorl.synapses import connectivity
from neurorl.synapses.exponential import ExponentialCurrent

THRESHOLD, RESET = -55.0, -70.0  # mV, of all neurons here


@struct.dataclass
class Wiring(Checked):
    """Constants of the default wiring; all are compiled in."""

    sensory: int = parameter(512, "most sensory neurons; a code with more of them shares these", low=1, static=True)
    hidden: int = parameter(0, "hidden neurons; 0: one for each neuron of the code, wired to it alone", low=0, static=True)
    fan_in: int = parameter(8, "sensory neurons that drive a hidden one, where they are not one to one", low=1, static=True)
    jump: float = parameter(20.0, "mV by which all inputs of a hidden neuron together move it", above=0.0, static=True)
    hidden_tau: float = parameter(5.0, "membrane time constant of hidden neurons, ms", above=0.0, static=True)
    inhibitory: int = parameter(40, "inhibitory neurons beside the hidden ones; 0: none", low=0, static=True)
    inhibition: float = parameter(0.05, "mV by which an inhibitory spike holds a hidden neuron back", low=0.0, static=True)
    motor: str = parameter(
        "lif", "model of motor neurons: lif, with escape noise, or another of MODELS, or module:Class", static=True
    )
    motor_neurons: int = parameter(8, "motor neurons per choice", low=1, static=True)
    motor_tau: float = parameter(5.0, "membrane time constant of motor neurons, ms", above=0.0, static=True)
    motor_rate: float = parameter(100.0, "rate of motor neurons without input, Hz", above=0.0, static=True)
    lateral: float = parameter(
        0.5, "mV by which a spike of the motor inhibition holds all motor neurons back", low=0.0, static=True
    )
    width: float = parameter(2.0, "width of the motor neurons' escape noise, mV", above=0.0, static=True)
    critics: int = parameter(32, "neurons of each of the two critics", low=1, static=True)
    critic_tau: float = parameter(10.0, "membrane time constant of the critics, ms", above=0.0, static=True)
    critic_drive: float = parameter(
        30.0, "mV above rest to which a critic neuron would settle without firing", above=0.0, static=True
    )
    learning_rate: float = parameter(20.0, "of motor synapses, as of the actor of spiking-actor-critic", low=0.0, static=True)
    critic_learning_rate: float = parameter(1.0, "of critic synapses, likewise", low=0.0, static=True)
    tau_e: float = parameter(162.0, "time constant of the eligibility, ms", above=0.0, static=True)
    memory: bool = parameter(
        False,
        "whether a recurrent population holds what an episode began with, and drives the rest too",
        static=True,
    )
    memory_tau: float = parameter(100.0, "time constant of its recurrent currents, ms", above=0.0, static=True)
    seed: int = parameter(0, "of the random connections", low=0, static=True)


@functools.lru_cache(maxsize=64)
def build(wiring: Wiring, inputs: int, groups: int, actions: Actions, duration: float) -> Network:
    """Return the network.

    Args:
        wiring: Its constants.
        inputs: Neurons of the code.
        groups: Groups of them whose rates sum to 1.
        actions: The heads of the action.
        duration: Time of an environment step, ms: rates of learning are told per environment step.
    """
    with jax.ensure_compile_time_eval():  # a network is made once, also by an agent that is being traced
        return _build(wiring, inputs, groups, actions, duration)


def _build(w: Wiring, inputs: int, groups: int, actions: Actions, duration: float) -> Network:
    network = Network(NetworkConfig())
    inputs = min(inputs, w.sensory)
    sensory = network.add_population(inputs, "sensory", neuron="relay", name="sensory")
    hidden = network.add_population(w.hidden or inputs, neuron=_lif(w.hidden_tau), name="hidden")
    synapses = connectivity.one_to_one(inputs) if not w.hidden else _fan_in(inputs, w.hidden, w.fan_in, w.seed)
    each = w.jump / (min(w.fan_in, inputs) if w.hidden else 1)
    network.connect(sensory, hidden, connectivity=synapses, weight=each, plastic=False)
    if w.inhibitory:
        inhibitory = network.add_population(w.inhibitory, "inhibitory", neuron=_lif(w.hidden_tau), name="inhibitory")
        network.connect(hidden, inhibitory, weight=_spread(15.0 / groups, w.inhibitory, hidden.size), plastic=False)
        network.connect(inhibitory, hidden, weight=w.inhibition)
    sources = [hidden, _memory(network, w, sensory)] if w.memory else [hidden]
    motor = _motor(network, w, actions)
    rule = "pair-stdp" if getattr(motor.neuron, "escape", None) is None else "escape-noise"
    for source in sources:
        _learn(network, w, source, motor, w.motor_tau, w.width, groups, w.learning_rate, duration, rule=rule)
    for name, receptor in (("value", 1.0), ("cost", -1.0)):
        rest: Any = RESET + w.critic_drive * np.linspace(0.8, 1.2, w.critics)
        critic = network.add_population(
            w.critics,
            neuron=LIF(tau_m=w.critic_tau, v_rest=rest, v_threshold=THRESHOLD, v_reset=RESET, refractory=1.0),
            name=name,
        )
        rate = w.critic_learning_rate
        for source in sources:
            _learn(network, w, source, critic, w.critic_tau, 20.0, groups, rate, duration, rule="td-ltp", receptor=receptor)
    return network


def _memory(network: Network, w: Wiring, sensory: Population) -> Population:
    """Add neurons that excite themselves and inhibit each other: what fires first goes on, and holds out what comes later.

    A neuron that has fired a few times is carried by its own slow current (as through NMDA receptors; Wang 1999), and the
    inhibition that it causes keeps all from firing that have no such current.
    """
    memory = network.add_population(sensory.size, neuron=_lif(5.0, refractory=5.0), name="memory")
    gate = network.add_population(10, "inhibitory", neuron=_lif(5.0), name="memory inhibition")
    network.connect(sensory, memory, connectivity=connectivity.one_to_one(sensory.size), weight=16.0, plastic=False)
    again, slow = connectivity.one_to_one(sensory.size), ExponentialCurrent(w.memory_tau)
    network.connect(memory, memory, connectivity=again, weight=20.0, plastic=False, synapse=slow)
    network.connect(memory, gate, weight=_spread(6.0, 10, memory.size), plastic=False)
    network.connect(gate, memory, weight=0.5, synapse=ExponentialCurrent(w.memory_tau))
    return memory


def _motor(network: Network, w: Wiring, actions: Actions) -> Population:
    """Add the motor neurons, and inhibition by which they compete."""
    if w.motor == "lif":
        rest = THRESHOLD + w.width * float(np.log(w.motor_rate / 1000.0))
        model: Any = LIF(tau_m=w.motor_tau, v_rest=rest, v_threshold=THRESHOLD, v_reset=RESET, escape=EscapeNoise(1.0, w.width))
    else:
        model = neuron.find(w.motor, MODELS)
        if isinstance(model, Izhikevich):
            rest = float(izhikevich.resting_point(model).v)
            noise = EscapeNoise(1.0, w.width)
            model = model.replace(escape=noise, v_threshold=rest - w.width * float(np.log(w.motor_rate / 1000.0)))  # type: ignore[attr-defined]
    silent = getattr(model, "escape", None) is None  # a model without noise of its own explores by that of its input
    background = NoiseCurrent(sigma=6.0, mean=10.0, tau=2.0) if silent else None
    motor = network.add_population(actions.size * w.motor_neurons, "motor", neuron=model, name="motor", noise=background)
    if w.lateral:
        lateral = network.add_population(10, "inhibitory", neuron=_lif(w.motor_tau), name="motor inhibition")
        network.connect(motor, lateral, weight=_spread(15.0 / w.motor_neurons, 10, motor.size), plastic=False)
        network.connect(lateral, motor, weight=w.lateral)
    return motor


def _learn(
    network: Network,
    w: Wiring,
    hidden: Population,
    target: Population,
    tau: float,
    unit: float,
    groups: int,
    learning_rate: float,
    duration: float,
    rule: str,
    receptor: float = 1.0,
) -> None:
    """Connect hidden neurons to a population by synapses that learn.

    ``unit`` mV is what a drive of 1 is in the agent whose learning rates these are (an escape noise's width, or a critic's
    range); the membrane's filter and the expected number of spikes turn both into mV per spike.
    """
    share = -np.expm1(-1.0 / tau) / groups  # of a steady drive that one spike brings
    scale = unit * share * share * (1.0 / (duration * 0.12) if rule == "td-ltp" else 1.0)
    plastic = DopamineSTDP(
        stdp=STDP(a_plus=1.0, tau_plus=tau),
        bounds=WeightBounds(kind="none"),
        tau_e=w.tau_e,
        learning_rate=learning_rate * scale / duration,
        receptor=receptor,
        rule=rule,
    )
    network.connect(hidden, target, weight=0.0, plastic=plastic, sign="mixed")


def _lif(tau: float, refractory: float = 1.0) -> LIF:
    return LIF(tau_m=tau, v_rest=RESET, v_threshold=THRESHOLD, v_reset=RESET, refractory=refractory)


def _fan_in(inputs: int, hidden: int, fan_in: int, seed: int) -> connectivity.Connectivity:
    """Return synapses from ``fan_in`` different inputs, drawn at random, onto every hidden neuron."""
    rng = np.random.default_rng(seed)
    pre = np.argsort(rng.random((hidden, inputs)), axis=1)[:, : min(fan_in, inputs)]
    return connectivity.from_pairs(pre.ravel(), np.repeat(np.arange(hidden), pre.shape[1]), inputs, hidden)


def _spread(weight: float, targets: int, sources: int) -> np.ndarray:
    """Return weights [s] of all-to-all synapses that differ between targets by half, so that these do not fire together."""
    return np.tile(weight * np.linspace(0.5, 1.5, targets), sources)
