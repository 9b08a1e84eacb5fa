"""The networks of the workloads, built as the README builds one, and the C reference of W1 and W2."""

import ctypes
import time
from typing import Any

import jax
import numpy as np
from jax import Array

from experiments.benchmarks.speed import c_library
from neurorl import Network, NetworkConfig, counter_random
from neurorl.networks.dynamics import NetworkState
from neurorl.neuromodulation.effects import Effects
from neurorl.neuromodulation.modulators import Modulator, Modulators
from neurorl.neurons import LIF, Poisson
from neurorl.plasticity.dopamine_stdp import DopamineSTDP

RATE = 50.0  # input spikes, Hz
CHECKED = {500: 0.469, 1000: 0.527}  # steps -> mean weight, agreed by C, a lazy C and JAX
HELD = Modulators(dopamine=Modulator(tau=1e30, low=-1.0))  # dopamine stays as it is released
NO_EFFECTS = Effects(learning_rate=0.0, gain=0.0, inhibition=0.0, attention=0.0, stress=0.0)


def config(**constants: Any) -> NetworkConfig:
    """Return constants of a network in which dopamine gates plasticity and does nothing else."""
    return NetworkConfig(modulators=HELD, effects=NO_EFFECTS, **constants)


def layer(n: int, m: int) -> Network:
    """Return n Poisson sources with a plastic synapse onto each of m neurons; the drive is the same for every n."""
    network = Network(config(stdp=DopamineSTDP(learning_rate=0.01)))
    sensory = network.add_population(n, "sensory", Poisson(RATE))
    threshold = n / (0.04 * 64)  # in units of a weight
    neurons = network.add_population(m, "excitatory", LIF(v_rest=0.0, v_reset=0.0, v_threshold=threshold, refractory=0.0))
    network.connect(sensory, neurons)
    return network


def dopamine(start: int, steps: int) -> np.ndarray:
    """Return what is released at each step so that there is half a second of reward and half a second of punishment in turn."""
    t = start + np.arange(steps)
    return np.where(t == 0, 1.0, np.where(t % 1000 == 0, 2.0, np.where(t % 1000 == 500, -2.0, 0.0)))


def with_weights(state: NetworkState, weights: Array) -> NetworkState:
    """Return a state whose first pathway has the given weights [..., n, m]."""
    listed = weights.reshape(*weights.shape[:-2], -1)
    return state._replace(pathways=[state.pathways[0]._replace(weights=listed), *state.pathways[1:]])


def expected(tolerance: float) -> dict[str, tuple[float, float]]:
    """Return what the check of a case must come to: name -> value, tolerance."""
    return {f"mean_weight_{steps}": (weight, tolerance) for steps, weight in CHECKED.items()}


def weights(seed: int, shape: tuple[int, ...]) -> Array:
    """Return weights ~ U(0, 1), the same as the C reference's."""
    return counter_random.uniform(counter_random.streams(seed + 1000, shape), 0)


class NeurorlNetwork:
    """A network, run in one call."""

    def __init__(self, name: str, network: Network, steps: int, **options: Any) -> None:
        self.name, self.network, self.steps, self.options = name, network, steps, options
        self.state: NetworkState
        self.t = 0

    def new(self, seed: int) -> NetworkState:
        """Return the network before its first step."""
        return self.network.init(seed)

    def advance(self, state: NetworkState, start: int, steps: int, record: Any = ()) -> tuple[NetworkState, Any]:
        """Return the state ``steps`` later, and the record."""
        release = {"dopamine": dopamine(start, steps)} if self.network.config.modulators == HELD else None
        return self.network.run(state, steps, release=release, record=record, **self.options)

    def prepare(self) -> None:
        self.state, self.t = self.new(1), 0
        self.run(self.steps)

    def run(self, steps: int) -> float:
        start = time.process_time()
        self.state, _ = jax.block_until_ready(self.advance(self.state, self.t, steps))
        self.t += steps
        return time.process_time() - start

    def check(self) -> dict[str, Any]:
        state, values, t = self.new(2), {}, 0
        for steps in CHECKED:
            state, record = self.advance(state, t, steps - t, ("excitatory",))
            values[f"mean_weight_{steps}"] = float(state.pathways[0].weights.mean())
            values[f"rate_{steps}"] = 1000 * float(record.spikes["excitatory"].mean())
            t = steps
        return values


class CReference:
    """The fused C program, for a network or for independent copies of it."""

    def __init__(self, n: int, m: int, copies: int, steps: int, block: int = 1) -> None:
        self.n, self.m, self.copies, self.steps, self.block = n, m, copies, steps, block
        self.name = "C" if block == 1 else "C, tuned"
        self.library: Any = None
        self.network: Any = None

    def prepare(self) -> None:
        self.library = c_library.load("reference.c", N=self.n, M=self.m, BLOCK=self.block)
        self.library.network_new.restype = ctypes.c_void_p
        self.library.network_spikes.restype = self.library.network_mean_weight.restype = ctypes.c_double
        self.library.network_new.argtypes = [ctypes.c_int, ctypes.c_uint32]
        self.library.network_run.argtypes = [ctypes.c_void_p, ctypes.c_int]
        for function in (self.library.network_spikes, self.library.network_mean_weight, self.library.network_free):
            function.argtypes = [ctypes.c_void_p]
        self.network = self.library.network_new(self.copies, 1)
        self.run(100)

    def run(self, steps: int) -> float:
        start = time.process_time()
        self.library.network_run(self.network, steps)
        return time.process_time() - start

    def check(self) -> dict[str, Any]:
        network = self.library.network_new(self.copies, 2)
        values = {}
        for steps in CHECKED:
            before = self.library.network_spikes(network)
            self.library.network_run(network, 500)
            values[f"mean_weight_{steps}"] = self.library.network_mean_weight(network)
            values[f"rate_{steps}"] = (self.library.network_spikes(network) - before) / (self.m * self.copies * 0.5)
        self.library.network_free(network)
        return values
