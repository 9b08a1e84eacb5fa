import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.codes import poisson, rate, spike_encoder
from neurorl.errors import NeurorlError

RATES, DT, STEPS = jnp.array([0.0, 5.0, 50.0, 400.0]), 0.5, 40_000


@pytest.fixture(scope="module")
def spikes():
    return np.asarray(poisson.train(jax.random.key(1), RATES, STEPS, DT))


def test_probability_is_that_of_a_poisson_process_to_fire_within_the_step():
    np.testing.assert_allclose(poisson.probability(RATES, DT), 1 - np.exp(-np.asarray(RATES, float) * DT / 1000), rtol=1e-6)
    np.testing.assert_allclose(poisson.probability(1.0, 1e-3), 1e-6, rtol=1e-5)  # 1 - exp would round this to nothing
    assert poisson.probability(1e9, 1.0) == 1.0
    halves = poisson.probability(RATES, DT / 2)
    np.testing.assert_allclose(1 - (1 - halves) ** 2, poisson.probability(RATES, DT), rtol=1e-4)  # whatever the step


def test_counts_have_the_mean_and_variance_of_independent_draws(spikes):
    p = np.asarray(poisson.probability(RATES, DT), float)
    assert set(np.unique(spikes)) == {0.0, 1.0}
    assert (np.abs(spikes.mean(0) - p) <= 5 * np.sqrt(p * (1 - p) / STEPS)).all()
    counts = spikes.reshape(400, -1, len(RATES)).sum(1)[:, 1:]
    fano = counts.var(0) / counts.mean(0)
    np.testing.assert_allclose(fano, 1 - p[1:], atol=5 * np.sqrt(2 / 400))
    together = np.corrcoef(spikes[:, 1:].T)[np.triu_indices(3, 1)]
    assert (np.abs(together) < 5 / np.sqrt(STEPS)).all()


def test_intervals_are_geometric_and_exponential_for_small_steps(spikes):
    p = np.asarray(poisson.probability(RATES, DT), float)
    for neuron in (2, 3):
        intervals = np.diff(np.flatnonzero(spikes[:, neuron]))
        cv = intervals.std() / intervals.mean()
        assert abs(cv - np.sqrt(1 - p[neuron])) < 5 / np.sqrt(len(intervals)), neuron
    assert p[2] < 0.03 < 0.17 < p[3]  # so that the first is within 2 % of the 1 of a Poisson process, and the second is not


def test_decode_finds_the_rates_within_its_standard_error(spikes):
    p = np.asarray(poisson.probability(RATES, DT), float)
    error = np.sqrt(p / (1 - p) / STEPS) * 1000 / DT
    decoded = np.asarray(poisson.decode(spikes, DT))
    assert (np.abs(decoded - RATES) <= 5 * error + 1e-4).all()
    # The plain count over time would miss the largest rate by the spikes that shared a step.
    assert abs(spikes[:, 3].mean() * 1000 / DT - RATES[3]) > 5 * error[3]
    assert poisson.decode(np.ones((10, 1)), DT)[0] == np.inf


def test_the_key_decides_the_train():
    key, other = jax.random.split(jax.random.key(0))
    first = poisson.train(key, RATES, 50, DT)
    np.testing.assert_array_equal(first, jax.jit(poisson.train, static_argnums=2)(key, RATES, 50, DT))
    assert (first != poisson.train(other, RATES, 50, DT)).any()
    np.testing.assert_array_equal(poisson.step(key, RATES, DT), poisson.train(key, RATES, 1, DT)[0])


def test_it_is_the_encoder_of_the_agents_to_the_bit():
    probabilities = poisson.probability(RATES, DT)
    expected = spike_encoder.poisson(jax.random.key(4), probabilities, 20)
    np.testing.assert_array_equal(poisson.train(jax.random.key(4), RATES, 20, DT), expected)


def test_rates_may_vary_in_time_and_a_scalar_intensity_makes_one_train():
    varying = np.float32(np.where(np.arange(2000)[:, None] < 1000, 0.0, [100.0, 800.0]))
    spikes = np.asarray(poisson.step(jax.random.key(0), varying, 1.0))
    assert spikes[:1000].sum() == 0
    p = 1 - np.exp(-np.array([0.1, 0.8]))
    assert (np.abs(spikes[1000:].mean(0) - p) < 5 * np.sqrt(p * (1 - p) / 1000)).all()
    single = poisson.train(jax.random.key(0), rate.of_intensity(0.5, 200.0), 1000, 1.0)
    assert single.shape == (1000,)
    p = 1 - np.exp(-0.1)
    assert abs(single.mean() - p) < 5 * np.sqrt(p / 1000)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: poisson.probability(jnp.array([1.0, jnp.nan]), 1.0), "'rate' is nan; it must be finite and at least 0"),
        (lambda: poisson.probability(-1.0, 1.0), "'rate' is -1.0"),
        (lambda: poisson.probability(jnp.inf, 1.0), "'rate' is inf"),
        (lambda: poisson.probability(1.0, 0.0), "'dt' is 0.0; it must be finite and above 0"),
        (lambda: poisson.decode(np.ones((2, 1)), -1.0), "'dt' is -1.0"),
    ],
)
def test_impossible_input_is_refused(wrong, message):
    with pytest.raises(NeurorlError, match=message):
        wrong()
