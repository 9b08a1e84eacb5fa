"""The random numbers of an episode: a hash of its seed, the tick and a name, so that any tick can be drawn again.

An episode is a function of its reset key and the actions: two governors on the same key meet the same world, and one that
looks ahead can look. One block of uniforms serves a tick.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl import counter_random

BEFORE = np.uint32(0xFFFFFFFF)  # the tick before the first: what a reset draws


def seed_of(key: Array) -> Array:
    """Return the seed of an episode, uint32 [], of a reset key (typed or raw)."""
    data = jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key
    return counter_random.mix(counter_random.mix(data[0] + counter_random.GOLDEN) ^ data[1])


def uniforms(seed: Array, time: Any, count: int) -> Array:
    """Return ``count`` numbers in [0, 1) of a tick, [count]."""
    index = jnp.arange(count, dtype=jnp.uint32) * np.uint32(0x85EBCA6B)
    return counter_random.uniform(counter_random.mix(seed ^ counter_random.mix(index + np.uint32(1))), time)


def normal(u: Array) -> Array:
    """Return a bounded normal number, [], of four uniforms [4]: their sum, standardised (Irwin and Hall)."""
    return (u[0] + u[1] + u[2] + u[3] - 2.0) * np.float32(np.sqrt(3.0))


def between(u: Array, low: Array | float, high: Array | float) -> Array:
    """Return a uniform number from ``low`` to ``high``."""
    return low + (high - low) * u
