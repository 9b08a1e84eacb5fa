"""W1-closed: one Python call a millisecond to a network of 64 x 16 synapses, with its output spikes read back."""

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from experiments.benchmarks.speed.w1 import M, N
from experiments.benchmarks.speed.workloads import CHECKED, RATE, CReference, dopamine, expected, parameters, weights
from neurorl import counter_random
from neurorl.layers import dopamine_layer
from neurorl.layers.dopamine_layer import DopamineLayerState

P = parameters(N)
EXPECTED = expected(0.02)  # of one small network, whose draw shows


def millisecond(seed: int, carry: tuple[DopamineLayerState, Array]) -> tuple[tuple[DopamineLayerState, Array], Array]:
    """Advance by one step, input included; return the spikes."""
    layer, t = carry
    pre = counter_random.bernoulli(counter_random.lanes(seed, (N,)), t, RATE)
    layer, post = dopamine_layer.step(P, layer, pre, dopamine(t))
    return (layer, t + 1), post


class NeurorlClosed:
    """The stepwise rule, compiled ahead of time."""

    name = "neurorl"
    steps = 40_000

    def prepare(self, seed: int = 1) -> None:
        self.carry = (dopamine_layer.init(weights(seed, (N, M))), jnp.int32(0))
        self.call = jax.jit(partial(millisecond, seed), donate_argnums=0).lower(self.carry).compile()

    def run(self, steps: int) -> float:
        carry, call = self.carry, self.call
        start = time.process_time()
        for _ in range(steps):
            carry, spikes = call(carry)
            np.asarray(spikes)
        seconds = time.process_time() - start
        self.carry = carry
        return seconds

    def check(self) -> dict[str, Any]:
        afresh, values = NeurorlClosed(), {}
        afresh.prepare(seed=2)
        for steps in CHECKED:
            afresh.run(500)
            values[f"mean_weight_{steps}"] = float(afresh.carry[0].weights.mean())
        return values


class CClosed(CReference):
    """The C program called through ctypes for every step; what is read back is the number of spikes so far."""

    def run(self, steps: int) -> float:
        start = time.process_time()
        for _ in range(steps):
            self.library.network_run(self.network, 1)
            self.library.network_spikes(self.network)
        return time.process_time() - start


def neurorl_cases() -> list[NeurorlClosed]:
    return [NeurorlClosed()]


def c_cases() -> list[CClosed]:
    return [CClosed(N, M, 1, 500_000)]
