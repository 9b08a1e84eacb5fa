"""W1: 256 independent networks of 64 x 16 synapses, every step exact."""

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from experiments.benchmarks.speed.workloads import CHECKED, RATE, CReference, dopamine, expected, parameters, weights
from neurorl.backend import WIDE_VECTORS
from neurorl import counter_random
from neurorl.layers import batched_plasticity, dopamine_layer
from neurorl.layers.dopamine_layer import DopamineLayerState

N, M, COPIES = 64, 16, 256
STEPS = 10_000  # of one measurement
EXPECTED = expected(0.01)


@partial(jax.jit, static_argnums=2, donate_argnums=0, compiler_options=WIDE_VECTORS)
def advance(states: DopamineLayerState, start: Array, steps: int, seed: int) -> tuple[DopamineLayerState, Array]:
    """Advance all copies, input included."""
    lanes = counter_random.lanes(seed, (COPIES, N))

    def spikes(index: Array, t: Array) -> Array:
        return counter_random.bernoulli(lanes[index], t[:, None, None], RATE)

    return batched_plasticity.run(parameters(N), states, spikes, dopamine, start, steps)


def init(seed: int) -> DopamineLayerState:
    """Return all copies."""
    return jax.vmap(dopamine_layer.init)(weights(seed, (COPIES, N, M)))


class NeurorlW1:
    """The layer of the library in 256 copies."""

    name = "neurorl"
    steps = STEPS

    def prepare(self) -> None:
        self.states, self.start = init(1), 0
        self.run(self.steps)

    def run(self, steps: int) -> float:
        start = time.process_time()
        self.states, _ = jax.block_until_ready(advance(self.states, jnp.int32(self.start), steps, 1))
        self.start += steps
        return time.process_time() - start

    def check(self) -> dict[str, Any]:
        states, values = init(2), {}
        for steps in CHECKED:
            states, count = advance(states, jnp.int32(steps - 500), 500, 2)
            values[f"mean_weight_{steps}"] = float(states.weights.mean())
            values[f"rate_{steps}"] = float(count.mean()) / 0.5
        return values


def neurorl_cases() -> list[NeurorlW1]:
    return [NeurorlW1()]


def c_cases() -> list[CReference]:
    """Return the pass over all synapses a step that SPEED.md calls C, and one that keeps each copy in the cache for 100 steps."""
    return [CReference(N, M, COPIES, STEPS), CReference(N, M, COPIES, STEPS, block=100)]
