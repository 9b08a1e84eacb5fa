"""neuromod's inference engine as a ready-made network: hardware telemetry drives 8 LIF neurons, and they 5 Izhikevich neurons.

    engine = TelemetryEngine()
    state = engine.init(seed=0)
    state, activity = engine.tick(state, TelemetryFrame(temperature_c=71.0, power_w=12.0, clock_mhz=250.0))
    state = engine.reward(state, WorkAccepted())

In a tick every reading of the frame becomes a Poisson train whose rate is where the reading lies within its range; the frame sets
the tonic modulators; phasic dopamine, released by reward events, gates what the synapses learn. Thresholds adapt, and the
weights onto a neuron keep their L1 norm, so that neither silence nor runaway excitation lasts.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from neurorl.codes import poisson
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network, NetworkState
from neurorl.neuromodulation import reward, telemetry
from neurorl.neuromodulation.reward import RewardEvent, RewardParameters, RewardState
from neurorl.neuromodulation.telemetry import TelemetryFrame, TelemetryParameters
from neurorl.neurons.izhikevich import PRESETS
from neurorl.parameters import Checked, parameter
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP

CELLS = ("regular_spiking", "intrinsically_bursting", "chattering", "fast_spiking", "low_threshold_spiking")
RANGES = {  # readings that a channel is silent at, and fires at its full rate
    "temperature_c": (20.0, 100.0),
    "power_w": (0.0, 25.0),
    "voltage_v": (0.8, 1.2),
    "clock_mhz": (0.0, 400.0),
    "wns_ns": (5.0, -5.0),  # the less slack, the more spikes
    "errors": (0.0, 10.0),
    "utilisation": (0.0, 1.0),
    "throughput": (0.0, 2.0),
}


@struct.dataclass
class EngineParameters(Checked):
    """Constants of the engine."""

    ticks: int = parameter(20, "steps of 1 ms that a frame lasts", low=1, static=True)
    maximum_rate: float | Array = parameter(200.0, "rate of a channel at the end of its range, Hz", low=0.0)
    onto_lif: float = parameter(3.0, "weight of a reading's spike to begin with, mV", low=0.0)
    onto_izhikevich: float = parameter(10.0, "weight of a LIF neuron's spike to begin with, mV", low=0.0)
    learning_rate: float | Array = parameter(0.1, "weight change per ms for a unit of dopamine and eligibility, mV", low=0.0)
    threshold_rate: float | Array = parameter(0.05, "rise of a LIF neuron's threshold at a spike, mV", low=0.0)
    target_rate: float | Array = parameter(20.0, "rate at which thresholds hold still, Hz", low=0.0)
    telemetry: TelemetryParameters = TelemetryParameters()
    reward: RewardParameters = RewardParameters()


class EngineState(NamedTuple):
    """What changes in a run."""

    network: NetworkState
    reward: RewardState
    key: Array  # of the Poisson trains


class EngineActivity(NamedTuple):
    """What the neurons did in a tick."""

    lif: Array  # [8], spikes
    izhikevich: Array  # [5], spikes


class TelemetryEngine:
    """8 LIF and 5 Izhikevich neurons that learn from telemetry and reward events; see the module's docstring."""

    def __init__(self, parameters: EngineParameters = EngineParameters(), seed: int = 0):
        """Wire the network, which ``self.network`` holds, with weights that ``seed`` makes unequal."""
        self.parameters = p = parameters
        config = NetworkConfig(scaling="l1", threshold_rate=p.threshold_rate, target_rate=p.target_rate)
        self.network = Network(config)
        channels = len(RANGES)
        readings = self.network.add_population(channels, "sensory", name="readings")
        fast = self.network.add_population(8, "excitatory", name="lif")
        cells = jax.tree.map(lambda *values: np.array(values), *(PRESETS[name] for name in CELLS))
        slow = self.network.add_population(len(CELLS), "motor", neuron=cells, name="izhikevich")
        rng = np.random.default_rng(seed)
        for source, target, weight in ((readings, fast, p.onto_lif), (fast, slow, p.onto_izhikevich)):
            weights = weight * rng.uniform(0.5, 1.5, source.size * target.size)
            plastic = DopamineSTDP(learning_rate=p.learning_rate, bounds=WeightBounds(w_max=4.0 * weight))
            self.network.connect(source, target, weight=weights, plastic=plastic, scaling_target=weight * source.size)

    def init(self, seed: int = 0) -> EngineState:
        """Return an engine at rest."""
        return EngineState(self.network.init(seed), reward.init(), jax.random.key(seed))

    def tick(self, state: EngineState, frame: TelemetryFrame) -> tuple[EngineState, EngineActivity]:
        """Take in one frame of telemetry; a reading that is missing (NaN) leaves its channel silent."""
        return self._tick(state, jax.tree.map(jnp.float32, frame))

    def reward(self, state: EngineState, event: RewardEvent) -> EngineState:
        """Let a reward event release what it is worth beyond what was expected."""
        modulators = self.network.config.modulators
        expected, levels = reward.step(self.parameters.reward, modulators, state.reward, state.network.modulators, event)
        return state._replace(reward=expected, network=state.network._replace(modulators=levels))

    @functools.cached_property
    def _tick(self) -> Any:
        def tick(state: EngineState, frame: TelemetryFrame) -> tuple[EngineState, EngineActivity]:
            p, network = self.parameters, self.network
            key, key_spikes = jax.random.split(state.key)
            rates = p.maximum_rate * intensities(frame)
            spikes = poisson.train(key_spikes, rates, p.ticks, network.config.dt)
            # The network's own steps let the modulators decay, so no time passes here.
            levels = telemetry.step(p.telemetry, network.config.modulators, state.network.modulators, frame, dt=0.0)

            def one(inner: NetworkState, now: Array) -> tuple[NetworkState, dict[str, Array]]:
                inner = network.advance(inner, {}, {"readings": now})
                return inner, inner.spikes

            inner, fired = jax.lax.scan(one, state.network._replace(modulators=levels), spikes)
            counts = {name: each.sum(0) for name, each in fired.items()}
            return EngineState(inner, state.reward, key), EngineActivity(counts["lif"], counts["izhikevich"])

        return jax.jit(tick)


def intensities(frame: TelemetryFrame) -> Array:
    """Return where each reading lies within its range, [8] in [0, 1]; 0 for one that is missing."""
    readings = jnp.stack([jnp.asarray(getattr(frame, name), float) for name in RANGES])
    start, end = jnp.array(list(RANGES.values())).T
    return jnp.nan_to_num(jnp.clip((readings - start) / (end - start), 0.0, 1.0), nan=0.0)
