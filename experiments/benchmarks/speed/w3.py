"""W3: 4,000 LIF neurons, 320,000 synapses, of which 205,000 learn by dopamine-gated STDP."""

import ctypes
import time
from functools import cache
from typing import Any

import numpy as np

from experiments.benchmarks.speed import c_library
from experiments.benchmarks.speed.workloads import NeurorlNetwork, config
from neurorl import Network, counter_random
from neurorl.networks.recording import Monitor
from neurorl.neurons import LIF, NoiseCurrent
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.synapses import connectivity
from neurorl.synapses.connectivity import Connectivity

N, EXCITATORY, PROBABILITY, SEED = 4000, 3200, 0.02, 1
MEAN, NOISE = 0.05, 0.1  # input a step, thresholds
WEIGHTS = {"excitatory": 0.02, "inhibitory": 0.1}
CHUNK = 100  # ms
CHECKED = 1000  # steps
STEPS = 10_000  # of one measurement
EXPECTED = {"rate": (20.0, 2.0), f"mean_weight_{CHECKED}": (0.0202, 1e-4)}  # name -> value, tolerance

# A synapse's weight is the jump of the membrane potential, in thresholds.
NEURON = LIF(v_rest=0.0, v_threshold=1.0, v_reset=0.0, resistance=float(1 / -np.expm1(-1 / 20)))
PLASTICITY = DopamineSTDP(learning_rate=0.01 * 0.04, bounds=WeightBounds(0.0, 0.04))
BACKGROUND = NoiseCurrent(sigma=NOISE, mean=MEAN, tau=0.0)


@cache
def network() -> Network:
    """Return the network, whose wiring is that of every implementation here: all pairs of neurons with one probability."""
    drawn = connectivity.random(N, N, PROBABILITY, SEED, self_connections=False)
    network = Network(config(neuron=NEURON, stdp=PLASTICITY))
    parts = {"excitatory": (0, EXCITATORY), "inhibitory": (EXCITATORY, N)}
    for name, (first, end) in parts.items():
        network.add_population(end - first, name, noise=BACKGROUND)
    for source, (first, end) in parts.items():
        for target, (start, stop) in parts.items():
            of = (first <= drawn.pre) & (drawn.pre < end) & (start <= drawn.post) & (drawn.post < stop)
            wired = Connectivity(drawn.pre[of] - first, drawn.post[of] - start, end - first, stop - start)
            weight, learns = WEIGHTS[source], source == target == "excitatory"
            network.connect(source, target, connectivity=wired, weight=weight, plastic=learns)
    return network


class NeurorlW3(NeurorlNetwork):
    """A network, in chunks of so many steps."""

    def __init__(self, chunk: int) -> None:
        name = f"neurorl, chunk={chunk}" if chunk > 1 else "neurorl, exact"
        super().__init__(name, network(), STEPS if chunk > 1 else STEPS // 4, chunk=chunk)

    def check(self) -> dict[str, Any]:
        state, record = self.advance(self.new(2), 0, CHECKED, Monitor(form="counts"))
        spikes = sum(counts.sum() for counts in record.counts.values())
        mean = float(state.pathways[0].weights.mean())
        return {"rate": 1000 * float(spikes) / CHECKED / N, f"mean_weight_{CHECKED}": mean}


class CReferenceW3:
    """The C program that brings every synapse up to date in every step: one fused pass, or what hand work makes of it."""

    def __init__(self, tuned: bool, steps: int) -> None:
        self.name = "C, tuned" if tuned else "C"
        self.tuned, self.steps = tuned, steps
        self.library: Any = None
        self.network: Any = None
        self.arrays: list[np.ndarray]

    def prepare(self) -> None:
        self.library = c_library.load("w3_reference.c", N=N, E=EXCITATORY, FLAT=int(self.tuned))
        self.library.network_new.restype = ctypes.c_void_p
        self.library.network_new.argtypes = [ctypes.c_void_p] * 9 + [ctypes.c_float]
        self.library.network_spikes.restype, self.library.network_mean_weight.restype = ctypes.c_int64, ctypes.c_double
        self.library.network_run.argtypes = [ctypes.c_void_p, ctypes.c_int]
        for function in (self.library.network_spikes, self.library.network_mean_weight, self.library.network_free):
            function.argtypes = [ctypes.c_void_p]
        self.arrays = _c_arrays()
        self.network = self.new()
        self.run(self.steps)

    def new(self) -> Any:
        return self.library.network_new(*(array.ctypes.data for array in self.arrays), WEIGHTS["excitatory"])

    def run(self, steps: int) -> float:
        start = time.process_time()
        self.library.network_run(self.network, steps)
        return time.process_time() - start

    def check(self) -> dict[str, Any]:
        network = self.new()
        self.library.network_run(network, CHECKED)
        rate = 1000 * self.library.network_spikes(network) / CHECKED / N
        mean = self.library.network_mean_weight(network)
        self.library.network_free(network)
        return {"rate": rate, f"mean_weight_{CHECKED}": mean}


def neurorl_cases() -> list[NeurorlW3]:
    return [NeurorlW3(CHUNK), NeurorlW3(1)]


def c_cases() -> list[CReferenceW3]:
    return [CReferenceW3(False, STEPS), CReferenceW3(True, STEPS)]


def _c_arrays() -> list[np.ndarray]:
    """Return the wiring as the C program wants it, and the streams of the noise."""
    drawn = connectivity.random(N, N, PROBABILITY, SEED, self_connections=False)
    learns = (drawn.pre < EXCITATORY) & (drawn.post < EXCITATORY)
    pre, post = drawn.pre[learns], drawn.post[learns]
    order = np.argsort(post, kind="stable")
    fixed_weight = np.where(drawn.pre[~learns] < EXCITATORY, WEIGHTS["excitatory"], -WEIGHTS["inhibitory"])
    integers = (
        _first(np.bincount(pre, minlength=EXCITATORY)),
        post,
        _first(np.bincount(post, minlength=EXCITATORY)),
        order,
        pre[order],
        _first(np.bincount(drawn.pre[~learns], minlength=N)),
        drawn.post[~learns],
    )
    streams = np.asarray(counter_random.streams(SEED, (N,)), np.uint32)
    return [*(np.ascontiguousarray(array, np.int32) for array in integers), fixed_weight.astype(np.float32), streams]


def _first(degrees: np.ndarray) -> np.ndarray:
    """Return where the synapses of each neuron begin, and where those of the last end."""
    return np.concatenate([[0], np.cumsum(degrees)])
