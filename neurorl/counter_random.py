"""Random numbers as a hash of (seed, step, stream), for spike trains that cost a third of a nanosecond a draw.

A draw is mix(stream key ^ step key). Both keys are hashes themselves, and ``mix`` is a bijection of 32 bits that avalanches well
(Wellons, "Prospecting for hash functions", the variant 0x21f0aaad, 0x735a2d97). It keeps no state: any step can be drawn again.
It serves as the noise of a simulation, with a period of 2^32 steps, and is no replacement for :mod:`jax.random`. Salmon et al.
(2011), "Parallel random numbers: as easy as 1, 2, 3", on counter-based generators.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

GOLDEN = np.uint32(0x9E3779B9)


def mix(x: Array) -> Array:
    """Return a hash of each uint32 of ``x``."""
    x = (x ^ (x >> 16)) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> 15)) * np.uint32(0x735A2D97)
    return x ^ (x >> 15)


def streams(seed: int | Array, shape: tuple[int, ...]) -> Array:
    """Return the keys of independent streams, uint32 of the given shape."""
    index = jnp.arange(np.prod(shape, dtype=np.uint32), dtype=jnp.uint32).reshape(shape)
    return mix(mix(jnp.asarray(seed, jnp.uint32) + GOLDEN) ^ mix(index * GOLDEN + np.uint32(1)))


def bits_of(key: Array, n: int) -> Array:
    """Return 32 random bits of each of ``n`` neurons, uint32 [n], of a JAX key that is used for nothing else."""
    first, second = jax.random.key_data(key).reshape(-1)
    return mix(_places(n) ^ first) ^ second


@functools.cache
def _places(n: int) -> np.ndarray:
    """Return a hash of each number below ``n``."""
    with jax.ensure_compile_time_eval():
        return np.asarray(mix(jnp.arange(n, dtype=jnp.uint32) * GOLDEN + np.uint32(1)))


def fold_in(key: Array, *numbers: int | Array) -> Array:
    """Return a JAX key made of another and of numbers, as :func:`jax.random.fold_in` does, without that one's loops."""
    first, second = jax.random.key_data(key).reshape(-1)
    for number in numbers:
        first = mix(first ^ mix(jnp.asarray(number).astype(jnp.uint32) * GOLDEN + np.uint32(1)))
        second = mix(second + GOLDEN ^ first)
    return jax.random.wrap_key_data(jnp.stack([first, second]), impl=jax.random.key_impl(key))


def bits(streams: Array, step: int | Array) -> Array:
    """Return 32 random bits of every stream at ``step``; both broadcast."""
    return mix(streams ^ mix(jnp.asarray(step, jnp.uint32) * GOLDEN))


def uniform(streams: Array, step: int | Array) -> Array:
    """Return float32 numbers, multiples of 2^-24 in [0, 1), of every stream at ``step``; both broadcast."""
    return (bits(streams, step) >> 8).astype(jnp.float32) * np.float32(2.0**-24)


def bernoulli(streams: Array, step: int | Array, probability: float | Array) -> Array:
    """Return 1.0 with ``probability``, else 0.0, for every stream at ``step``."""
    return below(bits(streams, step), probability)


def below(bits: Array, probability: float | Array) -> Array:
    """Return 1.0 with ``probability``, else 0.0, for each 32 random bits."""
    # The same as ``uniform < probability``, in whole numbers.
    limit = jnp.ceil(jnp.asarray(probability, jnp.float32) * np.float32(2.0**24)).astype(jnp.uint32)
    return (bits >> 8 < limit).astype(jnp.float32)
