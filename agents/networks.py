"""The artificial networks of the gradient baselines, with CleanRL's sizes and initial weights (flax)."""

import flax.linen as nn
import jax.numpy as jnp
from jax import Array
from jax.nn import initializers

SQRT2 = 2.0**0.5
# Uniform in +-1 / sqrt(inputs), as PyTorch starts its linear layers.
TORCH = initializers.variance_scaling(1.0 / 3.0, "fan_in", "uniform")


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
            x = jnp.tanh(nn.Dense(self.hidden, kernel_init=initializers.orthogonal(SQRT2))(x))
        return nn.Dense(outputs, kernel_init=initializers.orthogonal(scale))(x)


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
