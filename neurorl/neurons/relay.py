"""A relay: a neuron that fires the spikes it is given and none of its own, as a receptor or a spike generator does."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import struct
from jax import Array

from neurorl.neurons import population
from neurorl.neurons.neuron import Neuron


class RelayState(NamedTuple):
    """State of a population of n neurons."""

    v: Array  # [n], 0: there is no membrane


@struct.dataclass
class Relay(Neuron):
    """A model without constants."""

    def init(self, n: int) -> RelayState:
        """Return ``n`` neurons."""
        population.check(n, self)
        return RelayState(jnp.zeros(n))

    def step(self, state: Any, current: Array, dt: float | Array = 1.0, key: Array | None = None) -> tuple[Any, Array]:
        """Return the state as it is, and no spike: what is injected fires besides."""
        return state, jnp.zeros_like(state.v)
