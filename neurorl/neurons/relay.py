"""A relay: a neuron that fires the spikes it is given and none of its own, as a receptor or a spike generator does."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.neurons import population
from neurorl.neurons.neuron import Neuron
from neurorl.typing import Scalar


class RelayState(NamedTuple):
    """State of a population of n neurons."""

    v: Float[Array, " n"]  # 0: there is no membrane


@struct.dataclass
class Relay(Neuron):
    """A model without constants."""

    def init(self, n: int) -> RelayState:
        """Return ``n`` neurons."""
        population.check(n, self)
        return RelayState(jnp.zeros(n))

    def step(
        self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
    ) -> tuple[Any, Float[Array, " n"]]:
        """Return the state as it is, and no spike: what is injected fires besides."""
        return state, jnp.zeros_like(state.v)

    def ahead(self, state: Any, dt: Scalar, key: Array | None) -> Float[Array, " n"]:
        """Return no spike [n], whatever the input."""
        return jnp.zeros_like(state.v)
