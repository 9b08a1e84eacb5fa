r"""Random keys: JAX's Threefry, the same bits, in a form that a CPU computes faster.

On a CPU JAX rolls the twenty rounds of the hash (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") into a loop
of many small kernels, which for the few draws that a learner makes costs more than the rounds do. Here they are one kernel:

    x_0 <- x_0 + x_1;   x_1 <- (x_1 <<< r) ^ x_0       20 times; after every fourth, x gets the next words of the key
"""

import functools

import jax
import jax.numpy as jnp
from jax import Array
from jax.extend.random import define_prng_impl

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def key_of(seed: int | Array) -> Array:
    """Return the key of a seed, []: that of :func:`jax.random.key`, with the same draws."""
    return jax.random.key(seed, impl=_UNROLLED)


def threefry(key: Array, x0: Array, x1: Array) -> tuple[Array, Array]:
    """Return the hash of the counts ``x0`` and ``x1``, arrays of one shape and uint32 as all else, under ``key`` [2]."""
    words = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(PARITY))
    x0, x1 = x0 + words[0], x1 + words[1]
    for block in range(5):
        for bits in ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = (x1 << bits | x1 >> (32 - bits)) ^ x0
        x0 = x0 + words[(block + 1) % 3]
        x1 = x1 + words[(block + 2) % 3] + jnp.uint32(block + 1)
    return x0, x1


# Outside of a program each of these is one kernel instead of a hundred; within one they leave no trace.
_kernel = functools.partial(jax.jit, inline=True)


@_kernel
def _seed(seed: Array) -> Array:
    low = jnp.asarray(seed)
    high = low >> 32 if low.dtype.itemsize == 8 else jnp.zeros_like(low)
    return jnp.stack([high, low]).astype(jnp.uint32)


@functools.partial(_kernel, static_argnums=1)
def _split(key: Array, shape: tuple[int, ...]) -> Array:
    return jnp.stack(threefry(key, *_counts(shape)), axis=-1)


@_kernel
def _fold_in(key: Array, data: int) -> Array:
    return jnp.stack(threefry(key, *_seed(jnp.asarray(data, jnp.uint32))))


@functools.partial(_kernel, static_argnums=(1, 2))
def _random_bits(key: Array, bit_width: int, shape: tuple[int, ...]) -> Array:
    high, low = threefry(key, *_counts(shape))
    if bit_width == 64:
        return high.astype(jnp.uint64) << 32 | low.astype(jnp.uint64)
    return (high ^ low).astype(f"uint{bit_width}")


def _counts(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return the number of each entry of an array, its high and its low half."""
    size = 1
    low = jnp.zeros(shape, jnp.uint32)
    for axis in reversed(range(len(shape))):
        low = low + jnp.uint32(size) * jax.lax.broadcasted_iota(jnp.uint32, shape, axis)
        size *= shape[axis]
    return jnp.zeros_like(low), low


_UNROLLED = define_prng_impl(
    key_shape=(2,), seed=_seed, split=_split, random_bits=_random_bits, fold_in=_fold_in, name="threefry2x32-unrolled", tag="unr"
)
