import jax
import jax.numpy as jnp
import numpy as np

from neurorl import rarely


def squares(needed, x):
    return rarely.where(needed, lambda a: a["x"] ** 2, {"x": x})


def test_alone_and_in_batches_it_is_computed_where_it_is_needed():
    x = jnp.arange(3.0)
    assert float(squares(jnp.array(True), x[2])) == 4.0
    assert float(squares(jnp.array(False), x[2])) == 0.0
    some = jnp.array([False, True, False])
    np.testing.assert_array_equal(jax.jit(jax.vmap(squares))(some, x)[some], x[some] ** 2)
    np.testing.assert_array_equal(jax.vmap(squares)(jnp.zeros(3, bool), x), 0.0)
    np.testing.assert_array_equal(jax.vmap(squares, in_axes=(0, None))(some, x[2])[some], 4.0)


def test_a_batch_of_batches():
    needed, x = jnp.eye(2, dtype=bool), jnp.arange(4.0).reshape(2, 2)
    result = jax.vmap(jax.vmap(squares))(needed, x)
    np.testing.assert_array_equal(result[needed], (x**2)[needed])


def test_a_batch_that_needs_nothing_computes_nothing():
    program = jax.jit(jax.vmap(squares)).lower(jnp.zeros(3, bool), jnp.ones(3)).as_text()
    assert "stablehlo.case" in program or "stablehlo.if" in program


def test_elsewhere_stands_what_was_there_in_batches_of_batches_too():
    def begun(needed, tree, start):
        return rarely.instead(needed, lambda s: {"x": s * 2.0, "key": jax.random.key(7)}, tree, start)

    tree = {"x": jnp.array([1.0, 2.0]), "key": jax.random.split(jax.random.key(0), 2)}
    found = jax.jit(jax.vmap(begun, in_axes=(0, 0, None)))(jnp.array([False, True]), tree, jnp.float32(4.0))
    np.testing.assert_array_equal(found["x"], [1.0, 8.0])
    np.testing.assert_array_equal(jax.random.key_data(found["key"][0]), jax.random.key_data(tree["key"][0]))
    one, x = jax.vmap(begun, in_axes=(None, 0, None)), {"x": jnp.ones(2), "key": tree["key"]}
    np.testing.assert_array_equal(one(jnp.array(True), x, jnp.float32(3.0))["x"], [6.0, 6.0])
    grid = jax.vmap(jax.vmap(lambda n, x: rarely.instead(n, lambda: 0.0, x), in_axes=(0, 0)))
    np.testing.assert_array_equal(grid(jnp.eye(2, dtype=bool), jnp.ones((2, 2))), 1.0 - jnp.eye(2))
