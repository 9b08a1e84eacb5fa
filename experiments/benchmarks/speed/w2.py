"""W2: one network of 1,000 x 1,000 synapses, by chunks of 50 ms and step by step."""

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from experiments.benchmarks.speed.workloads import CHECKED, RATE, CReference, dopamine, expected, parameters, weights
from neurorl.backend import IN_TURN, WIDE_VECTORS
from neurorl import counter_random
from neurorl.layers import chunked_plasticity, dopamine_layer, rowwise_plasticity
from neurorl.layers.dopamine_layer import DopamineLayerState

N = M = 1000
CHUNK = 50  # ms
EXPECTED = expected(0.01)
STEPS = {"chunked": 30_000, "stepwise": 4_000, "C": 5_000}  # of one measurement


class NeurorlW2:
    """The layer of the library, ``form`` "chunked" (K = 50) or "stepwise" (K = 1)."""

    def __init__(self, form: str) -> None:
        self.name = {"chunked": f"neurorl, K = {CHUNK}", "stepwise": "neurorl, K = 1"}[form]
        self.advance = {"chunked": chunked_plasticity.chunk, "stepwise": rowwise_plasticity.run}[form]
        self.form, self.steps = form, STEPS[form]
        self.state: tuple[DopamineLayerState, Array]

    @partial(jax.jit, static_argnums=(0, 2), donate_argnums=1, compiler_options=WIDE_VECTORS | IN_TURN)
    def steps_of(
        self, state: tuple[DopamineLayerState, Array], chunks: int, seed: int = 1
    ) -> tuple[tuple[DopamineLayerState, Array], Array]:
        """Advance by ``chunks`` chunks, input included, and return the state and the mean output."""
        lanes = counter_random.lanes(seed, (N,))

        def chunk(state: tuple[DopamineLayerState, Array], _: None) -> tuple[tuple[DopamineLayerState, Array], Array]:
            layer, start = state
            t = start + jnp.arange(CHUNK)
            pre = counter_random.bernoulli(lanes, t[:, None], RATE)
            layer, post = self.advance(parameters(N), layer, pre, dopamine(t))
            return (layer, start + CHUNK), post[:, :M].mean()

        return jax.lax.scan(chunk, state, None, chunks)

    def new(self, seed: int) -> tuple[DopamineLayerState, Array]:
        return dopamine_layer.padded(dopamine_layer.init(weights(seed, (N, M)))), jnp.int32(0)

    def prepare(self) -> None:
        self.state = self.new(1)
        self.run(self.steps)

    def run(self, steps: int) -> float:
        start = time.process_time()
        self.state, _ = jax.block_until_ready(self.steps_of(self.state, steps // CHUNK))
        return time.process_time() - start

    def check(self) -> dict[str, Any]:
        state, values = self.new(2), {}
        for steps in CHECKED:
            state, rate = self.steps_of(state, 500 // CHUNK, 2)
            values[f"mean_weight_{steps}"] = float(state[0].weights[:, :M].mean())
            values[f"rate_{steps}"] = 1000 * float(rate.mean())
        return values if self.form == "stepwise" else values | self.cost_of_chunks()

    def cost_of_chunks(self) -> dict[str, float]:
        """Return how far the weights are from those clipped at every step after 2,000 steps."""
        forms = self, NeurorlW2("stepwise")
        here, there = (form.steps_of(form.new(2), 2000 // CHUNK, 2)[0][0].weights[:, :M] for form in forms)
        apart = jnp.abs(here - there)
        return {
            "mean_weight_apart_2000": float(abs(here.mean() - there.mean())),
            "weights_apart_2000": float(apart.mean()),
            "largest_apart_2000": float(apart.max()),
        }


def neurorl_cases() -> list[NeurorlW2]:
    return [NeurorlW2("chunked"), NeurorlW2("stepwise")]


def c_cases() -> list[CReference]:
    return [CReference(N, M, 1, STEPS["C"])]
