import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.errors import NeurorlError
from neurorl.neurons import Poisson

STEPS, N = 4000, 50


@pytest.fixture(scope="module")
def trains():
    model = Poisson(jnp.linspace(0.0, 200.0, N))
    keys = jax.random.split(jax.random.key(0), STEPS)
    return np.asarray(jax.vmap(lambda key: model.ahead(model.init(N), 0.5, key))(keys))


def test_neurons_fire_at_their_rates(trains):
    rates, expected = trains.mean(0) / 0.5e-3, np.linspace(0.0, 200.0, N)
    error = np.sqrt(np.maximum(expected * 0.5e-3, 1e-9) / STEPS) / 0.5e-3
    assert np.all(np.abs(rates - expected) <= 4.5 * error + 1e-9)


def test_neurons_and_steps_are_independent(trains):
    fast = trains[:, 25:]
    between = np.corrcoef(fast.T)[~np.eye(25, dtype=bool)]
    after = [np.corrcoef(train[:-1], train[1:])[0, 1] for train in fast.T]
    for correlations in (between, np.array(after)):
        assert np.abs(correlations).max() < 5.0 / np.sqrt(STEPS)


def test_no_input_moves_it_and_the_hazard_is_the_probability():
    model, key = Poisson(100.0), jax.random.key(3)
    state = model.init(10)
    after, spikes = model.step(state, jnp.full(10, 1e6), 1.0, key)
    np.testing.assert_array_equal(spikes, model.ahead(state, 1.0, key))
    np.testing.assert_array_equal(after.v, state.v)
    np.testing.assert_allclose(model.hazard(state, jnp.zeros(10), 1.0), 0.1)


def test_without_a_key_it_says_so():
    with pytest.raises(NeurorlError, match="'key' is None"):
        Poisson().step(Poisson().init(3), jnp.zeros(3))
