"""A computation within one compiled function is what it is outside of it, and what cannot be within one stays outside."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl import counter_random
from neurorl.kernels import one_function as module
from neurorl.kernels.one_function import MARKS, jitted, one_function

X = jnp.asarray(np.random.default_rng(0).normal(size=(128, 128)), jnp.float32)
SMALL = {
    "elementwise": lambda x: (jnp.exp(x) - jnp.tanh(x), jnp.clip(x, -1.0, 1.0) ** 2),
    "a matrix and a vector": lambda x: x @ x[0],
    "matrices and vectors": lambda x: jnp.einsum("abc,ac->ab", x.reshape(8, 32, 64), x[:8, :64]),
    "reductions": lambda x: (x[:8].sum(0), x[:, :8].max(1), (x[:5] > 0).any(1), jnp.argmax(x, 0)),
    "gathers and slices": lambda x: (x[jnp.arange(0, 128, 3)], x[:, ::2], jnp.roll(x, 3, 1), jnp.concatenate([x[:5], x[9:12]])),
    "a row replaced": lambda x: jax.lax.dynamic_update_index_in_dim(x, x[3] + 1.0, jnp.argmax(x[0]), 0),
    "loops and branches": lambda x: jax.lax.fori_loop(
        0, jnp.argmax(x[1]), lambda k, c: jax.lax.cond(c[0, 0] > k, jnp.cos, jnp.sin, c), x
    ),
    "random numbers": lambda x: (
        counter_random.bernoulli(counter_random.streams(3, (50,)), jnp.argmax(x[2]), 0.3),
        jax.random.uniform(jax.random.fold_in(jax.random.key(1), jnp.argmax(x[2])), (40,)),
    ),
}
OUTSIDE = {
    "nothing": lambda x: (),
    "a product of matrices": lambda x: x @ x.T,
    "a large reduction": lambda x: x.sum(0),
    "a scatter": lambda x: jnp.zeros(7).at[jnp.argmax(x, 0) % 7].add(1.0),
    "a sort": lambda x: jnp.sort(x),
    "a library": lambda x: jnp.linalg.cholesky(x @ x.T + 200.0 * jnp.eye(128)),
    "a large array": lambda x: jnp.tile(x, (2, 2)) + 1.0,
    "a callback": lambda x: jax.pure_callback(np.abs, x, x),
}


def is_marked(f):
    return all(f'{name} = "{value}"' in jax.jit(one_function(f)).lower(X).as_text() for name, value in MARKS.items())


def assert_same(f):
    ours, theirs = jax.jit(one_function(f))(X), jax.jit(f)(X)
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("f", SMALL.values(), ids=SMALL)
def test_small_computations_are_one_function(f):
    assert is_marked(f)
    assert_same(f)


@pytest.mark.parametrize("f", OUTSIDE.values(), ids=OUTSIDE)
def test_what_cannot_be_one_is_left_as_it_is(f):
    assert not is_marked(f)
    assert_same(f)


def test_the_whole_program_is_then_one_call():
    def f(x):
        x = x @ x[0]
        return x / x.sum(), jnp.cumsum(x) if x.shape == () else x * 2.0

    def kernels(f):
        text = jax.jit(f).lower(X).compile().as_text()
        entry = text[text.index("ENTRY") :]
        return sum(entry.count(f" {kind}(") for kind in ("call", "fusion", "dot", "reduce"))

    assert kernels(f) > 2
    assert kernels(one_function(f)) == 1


def test_it_is_mapped_and_differentiated_as_any_other():
    f = one_function(lambda x: jnp.tanh(x @ x[0]).sum())
    batch = jnp.stack([X, 2.0 * X])
    np.testing.assert_allclose(jax.jit(jax.vmap(f))(batch)[1], f(2.0 * X), rtol=1e-5)
    np.testing.assert_allclose(jax.grad(f)(X), jax.grad(lambda x: jnp.tanh(x @ x[0]).sum())(X), rtol=1e-3, atol=1e-4)


def test_what_xla_refuses_after_all_is_compiled_as_kernels(monkeypatch):
    monkeypatch.setattr(module, "_can_be_within", lambda equation: True)
    f = jitted(OUTSIDE["a scatter"])
    for _ in range(2):
        np.testing.assert_array_equal(f(X), OUTSIDE["a scatter"](X))
