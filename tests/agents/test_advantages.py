import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurorl.agents.advantages import estimate

LENGTH = 12
numbers = st.lists(st.floats(-3.0, 3.0, width=32), min_size=LENGTH, max_size=LENGTH)
flags = st.lists(st.sampled_from([0, 0, 0, 1, 2]), min_size=LENGTH, max_size=LENGTH)
compiled = jax.jit(estimate)


def arrays(reward, value, next_value, ends):
    ends = np.array(ends)
    return (*(np.array(x, np.float32) for x in (reward, value, next_value)), ends == 1, ends == 2)


@given(numbers, numbers, numbers, flags, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_it_is_the_sum_of_discounted_errors_up_to_the_end_of_the_episode(reward, value, next_value, ends, gamma, lambda_):
    reward, value, next_value, terminated, truncated = arrays(reward, value, next_value, ends)
    expected = np.zeros(LENGTH)
    for t in range(LENGTH):
        for k in range(t, LENGTH):
            if truncated[k]:
                break
            error = reward[k] + gamma * next_value[k] * (not terminated[k]) - value[k]
            expected[t] += (gamma * lambda_) ** (k - t) * error
            if terminated[k]:
                break
    estimated = compiled(reward, value, next_value, terminated, truncated, gamma, lambda_)
    np.testing.assert_allclose(estimated, expected, rtol=1e-4, atol=1e-4)


def test_with_lambda_1_it_is_the_return_beyond_the_value():
    value = np.array([0.5, -1.0, 2.0], np.float32)
    estimated = estimate(
        np.ones(3, np.float32), value, np.append(value[1:], 9.0), np.array([False, False, True]), np.zeros(3, bool), 0.9, 1.0
    )
    np.testing.assert_allclose(estimated, np.array([1 + 0.9 + 0.81, 1.9, 1.0]) - value, rtol=1e-6)


def test_a_truncated_transition_teaches_nothing():
    ones = np.ones(3, np.float32)
    truncated = np.array([False, True, False])
    estimated = estimate(ones, 0 * ones, 0 * ones, np.zeros(3, bool), truncated, 0.9, 1.0)
    assert estimated.tolist() == pytest.approx([1.0, 0.0, 1.0])
