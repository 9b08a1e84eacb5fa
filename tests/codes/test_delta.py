import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.codes import delta
from neurorl.codes.delta import DeltaParameters
from neurorl.errors import NeurorlError

N, STEPS = 3, 400
train, decode, step, reference = map(jax.jit, (delta.train, delta.decode, delta.step, delta.reference))


def walk(seed, threshold):
    """Return a signal [STEPS, N] that moves by up to a threshold a step."""
    moves = np.random.default_rng(seed).uniform(-1, 1, (STEPS, N)) * np.array([1.0, 0.3, 0.02])
    return np.float32(5.0 + threshold * np.cumsum(moves, axis=0))


@given(seed=st.integers(0, 2**32 - 1), threshold=st.floats(0.01, 10.0))
def test_decode_stays_within_the_threshold_of_a_signal_that_moves_no_faster(seed, threshold):
    parameters, signal = DeltaParameters(jnp.float32(threshold)), walk(seed, threshold)
    spikes = train(parameters, signal)
    assert set(np.unique(spikes)) == {0.0, 1.0}
    assert (spikes.sum(1) <= 1).all()  # never ON and OFF at once
    error = np.abs(np.asarray(decode(parameters, signal[0], spikes)) - signal)
    assert error.max() <= threshold + 1e-4
    assert error.max() > 0.5 * threshold  # the bound is no looser than it must be


def test_decode_is_what_the_encoder_believes_to_the_bit():
    parameters, signal = DeltaParameters(0.1), walk(0, 0.1)
    state = delta.init(signal[0])
    spikes, believed = [], []
    for row in signal[:40]:
        state, fired = step(parameters, state, row)
        spikes.append(fired)
        believed.append(reference(parameters, state))
    np.testing.assert_array_equal(decode(parameters, signal[0], np.stack(spikes)), np.stack(believed))
    np.testing.assert_array_equal(train(parameters, signal)[:40], np.stack(spikes))


def test_a_constant_is_silent_and_a_ramp_fires_at_its_slope_over_the_threshold():
    parameters, time = DeltaParameters(0.5), np.arange(STEPS)
    signal = np.stack([np.full(STEPS, 3.0), 0.05 * time, -0.02 * time], axis=1)
    on, off = np.asarray(train(parameters, jnp.float32(signal))).transpose(1, 0, 2)
    np.testing.assert_array_equal(on.sum(0), [0, 39, 0])  # floor(0.05 * 399 / 0.5)
    np.testing.assert_array_equal(off.sum(0), [0, 0, 15])  # floor(0.02 * 399 / 0.5)
    assert (np.diff(np.flatnonzero(on[:, 1])) == 10).all()
    assert (np.diff(np.flatnonzero(off[:, 2])) == 25).all()


def test_a_jump_is_caught_up_by_one_threshold_a_step():
    parameters = DeltaParameters(0.1)
    signal = np.float32(np.where(np.arange(20)[:, None] < 5, 0.0, np.array([1.0, -0.35])))
    spikes = np.asarray(delta.train(parameters, signal))
    np.testing.assert_array_equal(np.flatnonzero(spikes[:, 0, 0]), np.arange(5, 15))
    np.testing.assert_array_equal(np.flatnonzero(spikes[:, 1, 1]), np.arange(5, 8))
    np.testing.assert_allclose(delta.decode(parameters, signal[0], spikes)[-1], [1.0, -0.3], atol=1e-6)


def test_a_million_spikes_gather_no_rounding_error():
    state = delta.DeltaState(jnp.zeros(1), jnp.array([10**6]))
    parameters = DeltaParameters(0.1)
    np.testing.assert_allclose(delta.reference(parameters, state), 1e5, rtol=1e-7)
    summed = np.cumsum(np.full(10**6, 0.1, np.float32))[-1]
    assert abs(summed - 1e5) > 100  # what adding thresholds up would have given


def test_signals_may_have_thresholds_of_their_own():
    parameters = DeltaParameters(jnp.array([0.1, 1.0]))
    signal = jnp.float32(np.linspace(0, 2, 101)[:, None] * np.ones(2))
    np.testing.assert_array_equal(delta.train(parameters, signal)[:, 0].sum(0), [20, 2])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: DeltaParameters(0.0), "'DeltaParameters.threshold' is 0.0; it must be above 0"),
        (lambda: delta.init(jnp.array([1.0, jnp.nan])), "'signal' is nan"),
        (lambda: delta.train(DeltaParameters(), jnp.array([[0.0], [jnp.inf]])), "'signal' is inf"),
        (lambda: delta.step(DeltaParameters(), delta.init(jnp.zeros(1)), jnp.array([jnp.nan])), "'signal' is nan"),
    ],
)
def test_impossible_input_is_refused(wrong, message):
    with pytest.raises(NeurorlError, match=message):
        wrong()
