"""The keys of a run draw what JAX's own keys draw."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurorl.loops.keys import key_of

SEEDS = st.integers(0, 2**31 - 1)
BATCH = jax.jit(jax.vmap(lambda key: jax.random.normal(key, (5,))))
MAKERS = [jax.jit(jax.vmap(key)) for key in (key_of, jax.random.key)]


def same(of_a_key, seed):
    np.testing.assert_array_equal(of_a_key(key_of(seed)), of_a_key(jax.random.key(seed)))


@pytest.mark.slow
@settings(max_examples=6)  # each shape is compiled three times for each kind of key
@given(SEEDS, st.lists(st.integers(1, 4), max_size=3))
def test_bits_of_any_shape_are_jaxs(seed, shape):
    same(lambda key: jax.random.bits(key, tuple(shape), jnp.uint8), seed)
    same(lambda key: jax.random.bits(key, tuple(shape), jnp.uint16), seed)
    same(lambda key: jax.random.bits(key, tuple(shape)), seed)


@given(SEEDS, st.integers(0, 2**32 - 1))
def test_children_are_jaxs(seed, number):
    data = jax.random.key_data
    same(data, seed)
    same(lambda key: data(jax.random.split(key, 3)), seed)
    same(lambda key: data(jax.random.split(key, (2, 3))), seed)
    same(lambda key: data(jax.random.fold_in(key, jnp.uint32(number))), seed)


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1))
def test_large_seeds_in_a_batch_are_jaxs(seed):
    seeds = jnp.asarray([seed, 0], jnp.uint32)
    ours, theirs = (keys(seeds) for keys in MAKERS)
    np.testing.assert_array_equal(BATCH(ours), BATCH(theirs))


@pytest.mark.parametrize("seed", [-1, -(2**31)])
def test_negative_seeds_are_jaxs(seed):
    same(jax.random.uniform, seed)


def test_64_bits_are_jaxs():
    with jax.enable_x64(True):
        same(lambda key: jax.random.bits(key, (3,), jnp.uint64), 2**40 + 3)
        same(lambda key: jax.random.uniform(key, (3,), jnp.float64), 7)
