"""The constants of W1 and W2, and their C reference."""

import ctypes
import time
from typing import Any

import jax.numpy as jnp
from jax import Array

from experiments.benchmarks.speed import c_library
from neurorl import counter_random
from neurorl.layers.dopamine_layer import DopamineLayerParameters

RATE = 0.05  # input spikes a step, that is 50 Hz at dt = 1 ms
CHECKED = {500: 0.469, 1000: 0.527}  # steps -> mean weight, agreed by C, a lazy C and JAX


def parameters(n: int) -> DopamineLayerParameters:
    """Return the constants of a layer of n inputs; the drive is the same for every n."""
    return DopamineLayerParameters(g=0.04 * 64 / n)


def dopamine(t: Array) -> Array:
    """Return the dopamine of step ``t``: half a second of reward, half a second of punishment."""
    return jnp.where(t % 1000 < 500, 1.0, -1.0)


def expected(tolerance: float) -> dict[str, tuple[float, float]]:
    """Return what the check of a case must come to: name -> value, tolerance."""
    return {f"mean_weight_{steps}": (weight, tolerance) for steps, weight in CHECKED.items()}


def weights(seed: int, shape: tuple[int, ...]) -> Array:
    """Return weights ~ U(0, 1), the same as the C reference's."""
    return counter_random.uniform(counter_random.lanes(seed + 1000, shape), 0)


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
