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


class RecurrentActorCritic(nn.Module):
    """The same two networks, which read the inputs and a layer of gated recurrent units (Cho et al. 2014) that reads them too.

    Where the units say nothing, it is :class:`ActorCritic`.
    """

    actions: int
    hidden: int = 64
    memory: int = 32

    def setup(self) -> None:
        """Make the layers."""
        self.units = nn.GRUCell(self.memory, recurrent_kernel_init=orthogonal(1.0))
        self.towers = ActorCritic(self.actions, self.hidden)

    def __call__(self, memory: Array, x: Array) -> tuple[Array, Array, Array]:
        """Return the memory [..., memory] afterwards, the logits [..., actions] and the value [...] of inputs [..., size]."""
        memory, _ = self.units(memory, x)
        return (memory, *self._read(memory, x))

    def replay(self, memory: Array, begins: Array, x: Array) -> tuple[Array, Array]:
        """Return the logits [T, ..., actions] and the values [T, ...] of a sequence of inputs.

        Args:
            memory: [..., memory], before the first of them.
            begins: [T, ...], bool, whether an episode begins with an input: what was before is forgotten.
            x: [T, ..., size].
        """

        def tick(units: nn.GRUCell, memory: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
            memory, _ = units(jnp.where(now[0][..., None], 0.0, memory), now[1])
            return memory, memory

        over_time = nn.scan(tick, variable_broadcast="params", split_rngs={"params": False})
        return self._read(over_time(self.units, memory, (begins, x))[1], x)

    def _read(self, memory: Array, x: Array) -> tuple[Array, Array]:
        judged: tuple[Array, Array] = self.towers(jnp.concatenate([x, memory], -1))
        return judged


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
