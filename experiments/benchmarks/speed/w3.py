"""W3: 4,000 LIF neurons, 320,000 synapses, of which 205,000 learn by dopamine-gated STDP."""

import ctypes
import time
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from experiments.benchmarks.speed import c_library
from experiments.benchmarks.speed.workloads import dopamine
from neurorl.backend import IN_TURN, WIDE_VECTORS
from neurorl import counter_random
from neurorl.layers import event_network, sparse_network
from neurorl.counter_normal import normal
from neurorl.layers.event_network import EventNetworkState, Rows
from neurorl.layers.sparse_network import SparseNetworkParameters, Wiring
from neurorl.neurons.lif import LIF
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP

N, EXCITATORY, PROBABILITY, SEED = 4000, 3200, 0.02, 1
MEAN, NOISE = 0.05, 0.1  # input a step, thresholds
WEIGHT = 0.02
CHUNK = 100  # ms
CHECKED = 1000  # steps
STEPS = 10_000  # of one measurement
EXPECTED = {"rate": (20.0, 2.0), f"mean_weight_{CHECKED}": (0.0202, 1e-4)}  # name -> value, tolerance

# A unit of current lifts the membrane by one threshold in a step of 1 ms.
PARAMETERS = SparseNetworkParameters(
    neuron=LIF(v_rest=0.0, v_threshold=1.0, v_reset=0.0, resistance=float(1 / -np.expm1(-1 / 20))),
    plasticity=DopamineSTDP(learning_rate=0.01 * 0.04, bounds=WeightBounds(0.0, 0.04)),
    w_excitatory=WEIGHT,
    w_inhibitory=-0.1,
)


@cache
def wiring() -> Wiring:
    """Return the synapses, the same for every implementation here."""
    return sparse_network.random_wiring(EXCITATORY, N - EXCITATORY, PROBABILITY, SEED)


def current(lanes: Array, t: Array) -> Array:
    """Return the input of step ``t``, [N]."""
    return MEAN + NOISE * normal(lanes, t)


class NeurorlW3:
    """The event-driven network of the library."""

    name = f"neurorl, K = {CHUNK}"
    steps = STEPS

    def __init__(self) -> None:
        self.rows: Rows
        self.state: EventNetworkState
        self.t = 0

    @partial(jax.jit, static_argnums=(0, 4, 5), donate_argnums=2, compiler_options=WIDE_VECTORS | IN_TURN)
    def steps_of(
        self, rows: Rows, state: EventNetworkState, start: int, chunks: int, count: bool
    ) -> tuple[EventNetworkState, Any]:
        """Advance by ``chunks`` chunks, noise included, and return the state and, if asked for, the spikes of each step."""
        lanes = counter_random.lanes(SEED, (N,))

        def chunk(state: EventNetworkState, first: Array) -> tuple[EventNetworkState, Any]:
            t = first + jnp.arange(CHUNK)
            observe = jnp.sum if count else lambda spikes: None
            return event_network.chunk(PARAMETERS, rows, state, t, dopamine(t), current=partial(current, lanes), observe=observe)

        return jax.lax.scan(chunk, state, start + CHUNK * jnp.arange(chunks))

    def prepare(self) -> None:
        self.rows = event_network.rows(PARAMETERS, wiring())
        self.state, self.t = self.at_rest(), 0
        self.run(self.steps)

    def at_rest(self) -> EventNetworkState:
        return event_network.from_stepwise(wiring(), sparse_network.init(PARAMETERS, wiring(), WEIGHT))

    def run(self, steps: int) -> float:
        start = time.process_time()
        self.state, _ = jax.block_until_ready(self.steps_of(self.rows, self.state, self.t, steps // CHUNK, False))
        self.t += steps
        return time.process_time() - start

    def check(self) -> dict[str, Any]:
        state, spikes = self.steps_of(self.rows, self.at_rest(), 0, CHECKED // CHUNK, True)
        weights = event_network.to_stepwise(wiring(), state).weights
        return {"rate": 1000 * float(spikes.mean()) / N, f"mean_weight_{CHECKED}": float(weights.mean())}


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
        return self.library.network_new(*(array.ctypes.data for array in self.arrays), WEIGHT)

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
    return [NeurorlW3()]


def c_cases() -> list[CReferenceW3]:
    return [CReferenceW3(False, STEPS), CReferenceW3(True, STEPS)]


def _c_arrays() -> list[np.ndarray]:
    """Return the wiring as the C program wants it, and the lanes of the noise."""
    plastic, excitatory, inhibitory = wiring()
    order = np.argsort(plastic.post, kind="stable")
    fixed_degree = np.concatenate([excitatory.out_degree, inhibitory.out_degree])
    fixed_weight = np.repeat([PARAMETERS.w_excitatory, PARAMETERS.w_inhibitory], [len(excitatory), len(inhibitory)])
    integers = (
        _first(plastic.out_degree),
        plastic.post,
        _first(plastic.in_degree[:EXCITATORY]),
        order,
        plastic.pre[order],
        _first(fixed_degree),
        np.concatenate([excitatory.post, inhibitory.post]),
    )
    lanes = np.asarray(counter_random.lanes(SEED, (N,)), np.uint32)
    return [*(np.ascontiguousarray(array, np.int32) for array in integers), fixed_weight.astype(np.float32), lanes]


def _first(degrees: np.ndarray) -> np.ndarray:
    """Return where the synapses of each neuron begin, and where those of the last end."""
    return np.concatenate([[0], np.cumsum(degrees)])
