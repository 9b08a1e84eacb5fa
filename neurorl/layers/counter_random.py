"""Random numbers as a hash of (seed, step, lane), for spike trains that cost a third of a nanosecond a draw.

A draw is mix(lane key ^ step key). Both keys are hashes themselves, and ``mix`` is a bijection of 32 bits that avalanches well
(Wellons, "Prospecting for hash functions", the variant 0x21f0aaad, 0x735a2d97). It keeps no state: any step can be drawn again.
It serves as the noise of a simulation, with a period of 2^32 steps, and is no replacement for :mod:`jax.random`. Salmon et al.
(2011), "Parallel random numbers: as easy as 1, 2, 3", on counter-based generators.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array

GOLDEN = np.uint32(0x9E3779B9)


def mix(x: Array) -> Array:
    """Return a hash of each uint32 of ``x``."""
    x = (x ^ (x >> 16)) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> 15)) * np.uint32(0x735A2D97)
    return x ^ (x >> 15)


def lanes(seed: int | Array, shape: tuple[int, ...]) -> Array:
    """Return the keys of independent streams, uint32 of the given shape."""
    index = jnp.arange(np.prod(shape, dtype=np.uint32), dtype=jnp.uint32).reshape(shape)
    return mix(mix(jnp.asarray(seed, jnp.uint32) + GOLDEN) ^ mix(index * GOLDEN + np.uint32(1)))


def bits(lanes: Array, step: int | Array) -> Array:
    """Return 32 random bits of every lane at ``step``; both broadcast."""
    return mix(lanes ^ mix(jnp.asarray(step, jnp.uint32) * GOLDEN))


def uniform(lanes: Array, step: int | Array) -> Array:
    """Return float32 numbers, multiples of 2^-24 in [0, 1), of every lane at ``step``; both broadcast."""
    return (bits(lanes, step) >> 8).astype(jnp.float32) * np.float32(2.0**-24)


def bernoulli(lanes: Array, step: int | Array, probability: float | Array) -> Array:
    """Return 1.0 with ``probability``, else 0.0, for every lane at ``step``."""
    # The same as ``uniform(lanes, step) < probability``, in whole numbers.
    below = jnp.ceil(jnp.asarray(probability, jnp.float32) * np.float32(2.0**24)).astype(jnp.uint32)
    return (bits(lanes, step) >> 8 < below).astype(jnp.float32)
