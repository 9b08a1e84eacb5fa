import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.neuromodulation import dopamine
from neurorl.neuromodulation.dopamine import Dopamine

FINITE = st.floats(-100.0, 100.0)
GAMMA = st.floats(0.0, 1.0)


def transition(reward, value_tm1, value_t, terminated=False, truncated=False):
    return (*map(jnp.float32, (reward, value_tm1, value_t)), jnp.array(terminated), jnp.array(truncated))


@pytest.mark.parametrize(
    ("terminated", "truncated", "expected"),
    [
        (False, False, 0.1 * 3.0 + 0.9 * 2.0 - 0.5),  # (1 - gamma) r + gamma V(s') - V(s)
        (True, False, 0.1 * 3.0 - 0.5),  # nothing follows a terminal state
        (False, True, 0.0),  # a cut from outside teaches nothing
    ],
)
def test_prediction_error_by_hand(terminated, truncated, expected):
    delta = dopamine.prediction_error(*transition(3.0, 0.5, 2.0, terminated, truncated), 0.9)
    np.testing.assert_allclose(delta, expected, rtol=1e-6)


@given(reward=FINITE, gamma=GAMMA)
def test_the_value_of_a_constant_reward_is_that_reward(reward, gamma):
    np.testing.assert_allclose(dopamine.prediction_error(*transition(reward, reward, reward), gamma), 0.0, atol=1e-4)


@given(value=FINITE, gamma=GAMMA)
def test_a_terminal_value_is_never_read(value, gamma):
    assert dopamine.prediction_error(*transition(1.0, 0.5, value, terminated=True), gamma) == dopamine.prediction_error(
        *transition(1.0, 0.5, 0.0), gamma
    )


@given(
    values=st.tuples(FINITE, FINITE, FINITE),
    gamma=GAMMA,
    gain=st.floats(0.0, 5.0),
    clip=st.floats(0.0, 50.0),
    terminated=st.booleans(),
)
def test_release_is_the_clipped_error_times_the_gain(values, gamma, gain, clip, terminated):
    arguments = *transition(*values, terminated), gamma
    released = dopamine.release(Dopamine(gain=gain, clip=clip), *arguments)
    delta = float(dopamine.prediction_error(*arguments))
    np.testing.assert_allclose(released, gain * np.clip(delta, -clip, clip), rtol=1e-5, atol=1e-5)
    assert abs(released) <= gain * clip * (1 + 1e-6)


@pytest.mark.parametrize("signal", ["prediction-error", "reward"])
def test_no_dopamine_without_gain_or_after_truncation(signal):
    assert dopamine.release(Dopamine(gain=0.0, signal=signal), *transition(9.0, 1.0, 2.0), 0.9) == 0
    assert dopamine.release(Dopamine(signal=signal), *transition(9.0, 1.0, 2.0, truncated=True), 0.9) == 0


@given(value_tm1=FINITE, value_t=FINITE, terminated=st.booleans())
def test_the_reward_ablation_reads_no_value(value_tm1, value_t, terminated):
    released = dopamine.release(Dopamine(signal="reward"), *transition(4.0, value_tm1, value_t, terminated), 0.75)
    np.testing.assert_allclose(released, 1.0)
