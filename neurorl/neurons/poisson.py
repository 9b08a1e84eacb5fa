"""A Poisson source: a neuron that fires at random at a rate of its own and that no input moves."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl import counter_random
from neurorl.errors import NeurorlError
from neurorl.neurons import population
from neurorl.neurons.neuron import Neuron
from neurorl.parameters import parameter
from neurorl.typing import PerNeuron, Scalar


class PoissonState(NamedTuple):
    """State of a population of n neurons."""

    v: Float[Array, " n"]  # 0: there is no membrane


@struct.dataclass
class Poisson(Neuron):
    """Constants of a population; a step holds at most one spike, with probability rate dt."""

    rate: PerNeuron = parameter(10.0, "firing rate, Hz", low=0.0)

    def init(self, n: int) -> PoissonState:
        """Return ``n`` neurons."""
        population.check(n, self)
        return PoissonState(jnp.zeros(n))

    def step(
        self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
    ) -> tuple[Any, Float[Array, " n"]]:
        """Return the state as it is, and the spikes that are drawn."""
        return state, self.ahead(state, dt, key)

    def ahead(self, state: Any, dt: Scalar, key: Array | None) -> Float[Array, " n"]:
        """Return the spikes [n] of a step, whatever the input.

        Raises:
            NeurorlError: No key.
        """
        if key is None:
            raise NeurorlError("'key' is None; a Poisson source draws its spikes from a JAX key")
        probability = 1e-3 * dt * jnp.asarray(self.rate)
        return counter_random.below(counter_random.bits_of(key, state.v.shape[0]), probability)

    def hazard(self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the probability [n] of a spike in a step."""
        return jnp.broadcast_to(jnp.minimum(1e-3 * dt * jnp.asarray(self.rate), 1.0), state.v.shape)
