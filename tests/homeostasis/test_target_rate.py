import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.errors import NeurorlError
from neurorl.homeostasis import scaling, target_rate
from neurorl.homeostasis.target_rate import TargetRate, TargetRateState
from neurorl.neurons import lif
from neurorl.neurons.lif import LIF

WEIGHTS = arrays(np.float32, (3, 4), elements=st.floats(-50.0, 50.0, width=32, allow_subnormal=False))
ORDER = {"l1": 1, "l2": 2}
NORM = st.sampled_from(list(ORDER))
step = jax.jit(target_rate.step)
normalise = jax.jit(scaling.normalise, static_argnames="norm")
normalise_listed = jax.jit(scaling.normalise_listed, static_argnames=("n", "norm"))


@given(rate=st.floats(0.0, 200.0), dt=st.floats(0.01, 10.0), tau=st.floats(10.0, 1e4), steps=st.integers(1, 500))
def test_the_estimate_decays_exactly_between_spikes(rate, dt, tau, steps):
    parameters = TargetRate(tau_rate=tau)
    once, _ = step(parameters, TargetRateState(jnp.float32([rate])), jnp.zeros(1), steps * dt)
    np.testing.assert_allclose(once.rate, rate * np.exp(-steps * dt / tau), rtol=1e-4, atol=1e-6)
    twice = TargetRateState(jnp.float32([rate]))
    for _ in range(2):
        twice, _ = step(parameters, twice, jnp.zeros(1), 0.5 * steps * dt)
    np.testing.assert_allclose(twice.rate, once.rate, rtol=1e-4, atol=1e-6)


@given(rate=st.floats(1.0, 200.0), dt=st.floats(0.01, 5.0), tau=st.floats(10.0, 1e4))
def test_a_rate_is_its_own_estimate_whatever_the_step(rate, dt, tau):
    """Fed the mean number of spikes a step, the estimate stays at the rate: it has no bias of order dt."""
    state, _ = step(TargetRate(tau_rate=tau), TargetRateState(jnp.float32([rate])), jnp.float32([rate * dt / 1000]), dt)
    np.testing.assert_allclose(state.rate, rate, rtol=1e-5)


@given(rates=arrays(np.float32, 3, elements=st.floats(0.0, 500.0, width=32)), target=st.floats(0.1, 100.0))
def test_weights_shrink_above_the_target_grow_below_and_stay_positive(rates, target):
    state, factor = step(TargetRate(target=target, speed=0.1), TargetRateState(rates), jnp.zeros(3), 1.0)
    assert (factor > 0).all()
    error, direction = target - np.asarray(state.rate), np.sign(np.log(factor))
    assert (direction * error >= 0).all()
    assert (direction != 0)[np.abs(error) > 0.01].all()


def test_scaling_is_the_exponential_of_the_error_and_one_at_the_target():
    parameters = TargetRate(target=10.0, speed=0.02, tau_rate=1e9)
    _, factor = step(parameters, TargetRateState(jnp.array([0.0, 10.0, 30.0])), jnp.zeros(3), 500.0)
    np.testing.assert_allclose(factor, np.exp(0.02 * np.array([10.0, 0.0, -20.0]) * 0.5), rtol=1e-5)


@given(counts=st.lists(st.integers(0, 5), min_size=3, max_size=3), rate=st.floats(1.0, 50.0))
def test_a_long_step_takes_the_count_of_its_spikes(counts, rate):
    """Far below its time constant the estimate of 100 ms with a count is that of 100 steps of 1 ms with the spikes."""
    parameters = TargetRate(tau_rate=1e4, speed=0.1)
    many, product = TargetRateState(jnp.full(3, rate, jnp.float32)), 1.0
    once, factor = step(parameters, many, jnp.float32(counts), 100.0)
    for spikes in np.repeat(np.float32(counts)[None] / 10, 10, axis=0):  # the same spikes, spread over 10 steps of 10 ms
        many, each = step(parameters, many, jnp.asarray(spikes), 10.0)
        product = product * np.asarray(each, float)
    np.testing.assert_allclose(many.rate, once.rate, rtol=1e-5)
    np.testing.assert_allclose(np.log(product), np.log(factor), rtol=0.02, atol=5e-3)


@jax.jit
def simulate(key, weights, parameters):
    """Drive LIF neurons with Poisson spikes of 50 Hz for 60 s; return the weights and the rates of the last 30 s, Hz."""

    def one(carry, key):
        neurons, estimate, weights = carry
        arriving = (jax.random.uniform(key, (weights.shape[1],)) < 0.05).astype(weights.dtype)
        neurons, spikes = lif.step(LIF(), neurons, weights @ arriving, 1.0)
        estimate, factor = target_rate.step(parameters, estimate, spikes, 1.0)
        return (neurons, estimate, weights * factor[:, None]), spikes

    start = lif.init(len(weights)), target_rate.init(len(weights), parameters), weights
    (_, _, weights), spikes = jax.lax.scan(one, start, jax.random.split(key, 60_000))
    return weights, 1000.0 * spikes[30_000:].mean(0)


def test_neurons_settle_at_their_targets_from_any_weights_and_keep_the_relative_strengths():
    targets = np.float32([10.0, 10.0, 10.0, 20.0])
    rng = np.random.default_rng(0)
    weights = np.float32(rng.uniform(0.5, 1.5, (4, 20)) * np.array([[6.0], [20.0], [60.0], [20.0]]))
    parameters = TargetRate(target=targets, tau_rate=2000.0, speed=0.005)
    after, rates = simulate(jax.random.key(0), weights, parameters)
    _, unscaled = simulate(jax.random.key(0), weights, parameters.replace(speed=0.0))
    np.testing.assert_allclose(rates, targets, rtol=0.05)
    assert np.asarray(unscaled)[0] < 1.0  # they start far away, on both sides
    assert np.asarray(unscaled)[2] > 50.0
    np.testing.assert_allclose(after / after.sum(1, keepdims=True), weights / weights.sum(1, keepdims=True), rtol=1e-3)


def test_a_neuron_begins_at_its_target():
    state = target_rate.init(3, TargetRate(target=7.0))
    np.testing.assert_array_equal(state.rate, [7.0, 7.0, 7.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: target_rate.init(0), "'n' is 0"),
        (lambda: TargetRate(target=0.0), r"target' is 0.0; it must be above 0"),
        (lambda: TargetRate(tau_rate=-1.0), r"tau_rate' is -1.0"),
        (lambda: TargetRate(speed=np.nan), r"speed' is nan"),
    ],
)
def test_impossible_targets_are_refused(make, message):
    with pytest.raises(NeurorlError, match=message):
        make()


@given(weights=WEIGHTS, norm=NORM, target=st.floats(0.01, 100.0))
def test_normalised_weights_have_the_norm_and_the_direction(weights, norm, target):
    after = np.asarray(normalise(weights, norm, target), float)
    before = np.linalg.norm(weights.astype(float), ORDER[norm], axis=1)
    expected = np.where(np.linalg.norm(np.asarray(scaling.norms(jnp.asarray(weights), norm))[:, None], axis=1) > 0, target, 0.0)
    np.testing.assert_allclose(np.linalg.norm(after, ORDER[norm], axis=1), expected, rtol=1e-4)
    np.testing.assert_allclose(after * before[:, None], weights * expected[:, None], rtol=1e-3, atol=1e-3)


@given(weights=WEIGHTS, norm=NORM, target=st.floats(0.01, 100.0))
def test_listed_weights_are_normalised_as_all_of_them_are(weights, norm, target):
    post, pre = (index.ravel()[::-1] for index in np.indices(weights.shape))
    listed = normalise_listed(weights[post, pre], post, 3, norm, target)
    np.testing.assert_allclose(listed, np.asarray(normalise(weights, norm, target))[post, pre], rtol=1e-4)


def test_a_neuron_without_weights_keeps_none():
    weights = np.array([[0.0, 0.0], [3.0, -4.0]], np.float32)
    np.testing.assert_array_equal(normalise(weights, "l1", 7.0), [[0.0, 0.0], [3.0, -4.0]])
