r"""Sparse initial weights: every neuron hears a few of its inputs, uniformly strong or weak.

    w = U(-1, 1) / sqrt(D),   and of every neuron ``zero`` D inputs, drawn at random, are 0

Martens (2010); in the form of Elsayed, Vasan and Mahmood (2024), whose streaming learners need it.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def draw(key: Array, neurons: int, inputs: int, zero: float = 0.9) -> Float[Array, "n D"]:
    """Return weights [neurons, inputs] of which each neuron's share ``zero``, rounded up, is 0."""
    key_weights, key_order = jax.random.split(key)
    weights = jax.random.uniform(key_weights, (neurons, inputs), jnp.float32, -1.0, 1.0) / inputs**0.5
    rank = jnp.argsort(jnp.argsort(jax.random.uniform(key_order, (neurons, inputs)), axis=1), axis=1)
    return jnp.where(rank < -(-inputs * zero // 1), 0.0, weights)
