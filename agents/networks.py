"""The artificial networks of the gradient baselines, with CleanRL's sizes and initial weights (flax)."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array
from jax.nn import initializers

SQRT2 = 2.0**0.5
# Uniform in +-1 / sqrt(inputs), as PyTorch starts its linear layers.
TORCH = initializers.variance_scaling(1.0 / 3.0, "fan_in", "uniform")


def orthogonal(scale: float) -> Any:
    """Return an initialiser of orthogonal columns (Saxe, McClelland and Ganguli 2014), for a learner or for a batch of them.

    One learner after the other: JAX hands a batch of QR decompositions to XLA's threads and waits for them on such a thread, so
    that as many layers as there are threads wait for each other for ever.
    """
    weights = initializers.orthogonal(scale)

    def initialise(key: Array, shape: tuple[int, ...], dtype: Any = jnp.float32, **_: Any) -> Array:
        return jax.custom_batching.sequential_vmap(lambda k: weights(k, shape, dtype))(key)

    return initialise


class ActorCritic(nn.Module):
    """A policy and a value, two networks of two tanh layers each."""

    actions: int
    hidden: int = 64

    @nn.compact
    def __call__(self, x: Array) -> tuple[Array, Array]:
        """Return the logits of the actions [..., actions] and the value [...] of inputs [..., size]."""
        return self._tower(x, self.actions, 0.01), self._tower(x, 1, 1.0)[..., 0]

    def _tower(self, x: Array, outputs: int, scale: float) -> Array:
        for _ in range(2):
            x = jnp.tanh(nn.Dense(self.hidden, kernel_init=orthogonal(SQRT2))(x))
        return nn.Dense(outputs, kernel_init=orthogonal(scale))(x)


class ActionValues(nn.Module):
    """The value of every action, two rectified layers."""

    actions: int
    hidden: tuple[int, int] = (120, 84)

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Return the values [..., actions] of inputs [..., size]."""
        for width in self.hidden:
            x = nn.relu(nn.Dense(width, kernel_init=TORCH)(x))
        return nn.Dense(self.actions, kernel_init=TORCH)(x)
