import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurorl.codes import PlaceCells, learned_range


def after(values):
    """Return what has been seen after the values [n, d]."""
    values = jnp.asarray(values, jnp.float32)
    return jax.lax.scan(lambda s, y: (learned_range.adapt(s, y), None), learned_range.init(values.shape[1]), values)[0]


@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3), seed=st.integers(0, 99))
def test_mean_and_variance_are_those_of_all_that_was_seen(scale, shift, seed):
    values = scale * np.random.default_rng(seed).normal(size=(200, 2)) + shift
    seen = after(values)
    np.testing.assert_allclose(seen.mean, values.mean(0), atol=1e-3 * (scale + abs(shift)))
    np.testing.assert_allclose(np.sqrt(seen.variance), values.std(0), rtol=0.05, atol=1e-4 * (1 + abs(shift)))


def test_the_range_reaches_as_many_standard_deviations_as_it_says():
    seen = after([[-3.0], [3.0]] * 50)  # mean 0, standard deviation 3
    places = [float(learned_range.place(seen, jnp.array([y]))[0]) for y in (-100.0, -7.5, 0.0, 3.75, 7.5, 100.0)]
    np.testing.assert_allclose(places, [0, 0, 0.5, 0.75, 1, 1], atol=1e-5)


def test_what_never_varied_lies_in_the_middle():
    np.testing.assert_array_equal(learned_range.place(after([[4.0]] * 3), jnp.array([4.0])), 0.5)
    np.testing.assert_array_equal(learned_range.place(learned_range.init(1), jnp.array([9.0])), 0.5)


def test_a_later_observation_moves_the_range_less():
    moved = []
    for n in (10, 1000):
        before = after(np.random.default_rng(0).normal(size=(n, 1)))
        moved.append(float(abs(learned_range.adapt(before, jnp.array([5.0])).mean - before.mean)[0]))
    assert moved[1] < moved[0] / 20


def test_place_cells_tell_apart_what_a_range_of_the_right_size_would():
    """An unbounded dimension, once its range is learned, is encoded as a bounded one of that range."""
    rng = np.random.default_rng(0)
    values = np.stack([rng.uniform(-1, 1, 3000), rng.normal(500.0, 20.0, 3000)], axis=1).astype(np.float32)
    learner = PlaceCells(low=(-1.0, 0.0), high=(1.0, 1.0), learned=(1,))
    state = jax.lax.scan(lambda s, y: (learner.adapt(s, y), None), learner.init(), jnp.asarray(values))[0]
    mean, spread = float(values[:, 1].mean()), float(values[:, 1].std()) * learned_range.SPAN
    bounded = PlaceCells(low=(-1.0, mean - spread), high=(1.0, mean + spread))
    for observation in values[:20]:
        np.testing.assert_allclose(
            learner.rates(jnp.asarray(observation), state), bounded.rates(jnp.asarray(observation)), atol=2e-3
        )
