import jax
import jax.numpy as jnp
import numpy as np

from neurorl.codes import PlaceCells, population_vector

LOW, HIGH = np.array([-2.0, 0.0, 5.0]), np.array([2.0, 1.0, 5.5])
BOX = PlaceCells(low=tuple(LOW), high=tuple(HIGH))
LINE = PlaceCells(low=(-1.0,), high=(3.0,))
decode = jax.jit(population_vector.decode)
ANGLE = PlaceCells(low=(-1.0, 0.0, -1.0), high=(1.0, 9.0, 1.0), angles=((2, 0),))


def through(code, observations):
    return np.asarray(jax.jit(jax.vmap(lambda o: population_vector.decode(code, code.rates(o))))(jnp.float32(observations)))


def test_a_place_is_found_and_near_the_ends_drawn_inward():
    spacing = 4 / 8
    for code, place, scale in (
        (LINE, np.linspace(-1, 3, 161)[:, None], np.array([spacing])),
        (BOX, np.linspace(0, 1, 41)[:, None] * (HIGH - LOW) + LOW, (HIGH - LOW) / 8),
    ):
        error = (through(code, place) - place) / scale
        edge = np.minimum(place - place[0], place[-1] - place) / scale
        for distance, bound in ((0, 0.63), (1, 0.1), (2, 0.003)):
            assert np.abs(error[edge > distance - 1e-3]).max() < bound, distance
        assert error[0].min() > 0.5
        assert error[-1].max() < -0.5


def test_an_angle_is_found_all_around_the_circle():
    angle = np.linspace(-np.pi, np.pi, 50)
    decoded = through(ANGLE, np.stack([np.sin(angle), np.full(50, 4.0), np.cos(angle)], axis=1))
    np.testing.assert_allclose(decoded, np.stack([np.sin(angle), np.full(50, 4.0), np.cos(angle)], axis=1), atol=2e-3)


def test_spike_counts_tell_the_place_the_better_the_longer_they_are_counted():
    place, errors, rng = np.array([0.3, 0.4, 5.3]), [], np.random.default_rng(0)
    rates = np.asarray(BOX.rates(jnp.float32(place)))
    for substeps in (100, 10_000):
        counts = rng.poisson(substeps * rates, (20, BOX.size))
        decoded = np.stack([decode(BOX, jnp.float32(count)) for count in counts])
        errors.append(np.sqrt((((decoded - place) / (HIGH - LOW)) ** 2).mean()) * 8)
    assert errors[1] < 0.02
    np.testing.assert_allclose(errors[0] / errors[1], 10, rtol=0.5)  # as the square root of the count


def test_a_map_without_spikes_is_left_out_and_silence_tells_nothing():
    rates = BOX.rates(jnp.array([0.3, 0.4, 5.3])).reshape(3, -1)
    decoded = decode(BOX, rates.at[0].set(0.0).ravel())  # the map of the first two dimensions
    np.testing.assert_allclose(decoded, [0.3, 0.4, 5.3], atol=2e-3)
    decoded = decode(BOX, rates.at[:2].set(0.0).ravel())
    assert np.isnan(decoded).tolist() == [True, False, False]
