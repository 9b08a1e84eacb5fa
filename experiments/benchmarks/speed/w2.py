"""W2: one network of 1,000 x 1,000 synapses, by chunks of 50 ms and step by step."""

from typing import Any

import jax.numpy as jnp

from experiments.benchmarks.speed.workloads import CReference, NeurorlNetwork, expected, layer, weights, with_weights
from neurorl.networks.dynamics import NetworkState

N = M = 1000
CHUNK = 50  # ms
EXPECTED = expected(0.01)
STEPS = {"chunked": 30_000, "exact": 4_000, "C": 5_000}  # of one measurement


class NeurorlW2(NeurorlNetwork):
    """A network, ``form`` "chunked" or "exact"."""

    def __init__(self, form: str) -> None:
        self.form, chunk = form, {"chunked": CHUNK, "exact": 1}[form]
        super().__init__(f"neurorl, chunk={chunk}" if chunk > 1 else "neurorl, exact", layer(N, M), STEPS[form], chunk=chunk)

    def new(self, seed: int) -> NetworkState:
        return with_weights(self.network.init(seed), weights(seed, (N, M)))

    def check(self) -> dict[str, Any]:
        values = super().check()
        return values if self.form == "exact" else values | self.cost_of_chunks()

    def cost_of_chunks(self) -> dict[str, float]:
        """Return how far the weights are from those clipped at every step after 2,000 steps."""
        forms = self, NeurorlW2("exact")
        here, there = (form.advance(form.new(2), 0, 2000)[0].pathways[0].weights for form in forms)
        apart = jnp.abs(here - there)
        return {
            "mean_weight_apart_2000": float(abs(here.mean() - there.mean())),
            "weights_apart_2000": float(apart.mean()),
            "largest_apart_2000": float(apart.max()),
        }


def neurorl_cases() -> list[NeurorlW2]:
    return [NeurorlW2("chunked"), NeurorlW2("exact")]


def c_cases() -> list[CReference]:
    return [CReference(N, M, 1, STEPS["C"])]
