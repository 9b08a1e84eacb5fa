"""Independent categorical choices, one a component of an action: what a policy of several heads draws, and how likely it was."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from jax import Array

from neurorl.agents.contract import count_actions


def heads_of(agent: type, space: spaces.Space[Any]) -> tuple[int, ...]:
    """Return the choices of each component: of a MultiDiscrete space, or the one of a Discrete space.

    Raises:
        NeurorlError: Another space.
    """
    if isinstance(space, spaces.MultiDiscrete):
        return tuple(int(n) for n in np.ravel(space.nvec))
    return (count_actions(agent, space),)


def split(logits: Array, heads: tuple[int, ...]) -> list[Array]:
    """Return the logits [..., sum of heads] head by head."""
    return [logits[..., end - n : end] for n, end in zip(heads, np.cumsum(heads), strict=True)]


def draw(key: Array, logits: Array, heads: tuple[int, ...]) -> Array:
    """Return a choice of each head, int32 [heads]."""
    parts = split(logits, heads)
    return jnp.stack([jax.random.categorical(k, part) for k, part in zip(jax.random.split(key, len(parts)), parts, strict=True)])


def log_probability(logits: Array, action: Array, heads: tuple[int, ...]) -> Array:
    """Return the logarithm of the probability of an action [..., heads], [...]."""
    parts = [jax.nn.log_softmax(part) for part in split(logits, heads)]
    return sum(
        (jnp.take_along_axis(part, action[..., i : i + 1], -1)[..., 0] for i, part in enumerate(parts)),
        jnp.zeros(logits.shape[:-1]),
    )


def entropy(logits: Array, heads: tuple[int, ...]) -> Array:
    """Return the sum of the heads' entropies, [...]."""
    parts = [jax.nn.log_softmax(part) for part in split(logits, heads)]
    return sum((-(jnp.exp(part) * part).sum(-1) for part in parts), jnp.zeros(logits.shape[:-1]))


def likeliest(logits: Array, heads: tuple[int, ...]) -> Array:
    """Return the most probable choice of each head, int32 [heads]."""
    return jnp.stack([jnp.argmax(part) for part in split(logits, heads)])
