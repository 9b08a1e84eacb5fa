"""Times become steps by one rule, in either precision, over the steps that people use and trains of ten million of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl import steps
from neurorl.errors import NeurorlError

LONGEST = 10_000_000
DTS = [0.01, 0.02, 0.025, 0.05, 0.1, 0.125, 0.2, 0.25, 0.3, 1 / 3, 1000 / 30_000, 1000 / 24_414.0625, 0.5, 0.7, 1.0, 2.0, 5.0]
rows = st.lists(st.integers(0, LONGEST), min_size=1, max_size=30, unique=True).map(lambda ks: np.array(sorted(ks)))


def told_apart(k, dt):
    """Return whether float32 tells step k from its neighbours, with the rounding of dt besides that of the time."""
    apart = np.spacing(np.float32(k * dt)).astype(float)
    return apart + abs(k * (float(np.float32(dt)) - dt)) <= dt


@given(rows=rows, dt=st.sampled_from(DTS))
def test_steps_survive_double_precision(rows, dt):
    np.testing.assert_array_equal(steps.step_of(rows * dt, dt), rows)
    if np.isclose(dt * 30, round(dt * 30)):  # made with a rounded division
        np.testing.assert_array_equal(steps.step_of(rows * round(dt * 30) / 30, dt), rows)


@given(rows=rows, dt=st.sampled_from(DTS), product=st.booleans())
def test_steps_survive_single_precision_wherever_it_tells_them_apart_and_are_refused_elsewhere(rows, dt, product):
    times = rows.astype(np.float32) * np.float32(dt) if product else (rows * dt).astype(np.float32)
    assert times.dtype == np.float32
    if told_apart(rows[-1], dt):
        np.testing.assert_array_equal(steps.step_of(times, dt), rows)
        np.testing.assert_array_equal(steps.step_of(times.astype(float), dt), rows)  # what was rounded once stays so
    else:
        with pytest.raises(NeurorlError, match=r"of float32, .*in float64"):
            steps.step_of(times, dt)


@given(rows=rows, dt=st.sampled_from(DTS), part=st.floats(0.01, 0.98))
def test_a_time_within_a_step_lies_in_it(rows, dt, part):
    np.testing.assert_array_equal(steps.step_of((rows + part) * dt, dt), rows)
    early = rows[rows < 10_000]
    np.testing.assert_array_equal(steps.step_of(((early + part) * dt).astype(np.float32), dt), early)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ticks_of_32_khz_stay_in_their_millisecond(dtype):
    ticks = np.arange(8_000_000 * 32, 8_000_000 * 32 + 32) if dtype == np.float64 else np.arange(500_000 * 32 - 64, 500_000 * 32)
    np.testing.assert_array_equal(steps.step_of((ticks / 32).astype(dtype), 1.0), ticks // 32)


@given(k=st.integers(0, 50_000), dt=st.sampled_from(DTS))
def test_seconds_turned_into_milliseconds_in_single_precision_keep_their_step(k, dt):
    assert steps.step_of(np.float32(1000) * np.float32(k * (dt / 1000)), dt) == k


@given(k=st.integers(1, LONGEST), dt=st.sampled_from(DTS))
def test_a_duration_of_whole_steps_has_that_many_in_either_precision(k, dt):
    assert steps.steps_in(k * dt, dt) == k
    if told_apart(k, dt):
        assert steps.steps_in(float(np.float32(k * dt)), dt) == k
    assert steps.steps_in((k + 0.5) * dt, dt) == k + 1


@given(k=st.integers(1, 4000), dt=st.sampled_from(DTS))
def test_arrays_of_jax_follow_the_same_rule(k, dt):
    when = jnp.float32(k) * jnp.float32(dt)
    assert int(jax.jit(steps.traced_step_of)(when, dt)) == k == int(steps.step_of(np.asarray(when), dt))
    assert int(steps.traced_steps_in(when, dt)) == k


def test_arrays_of_jax_keep_a_million_steps():
    k = np.arange(0, 1_000_000, 7)
    for dt in DTS:
        np.testing.assert_array_equal(steps.traced_step_of(jnp.float32(k) * jnp.float32(dt), dt), k)


def test_whole_steps_are_found_as_people_write_them():
    found, between = steps.whole_steps(np.array([1.667, 5 / 3, 1.7, np.nan, np.inf, np.float32(1 / 3)]), 1 / 3)
    np.testing.assert_array_equal(between, [True, False, True, True, True, False])  # 1.667 is a thousandth of a step off
    np.testing.assert_array_equal(found[~between], [5, 1])


@pytest.mark.parametrize("dtype", [np.float16, jnp.bfloat16])
def test_half_precision_ends_earlier(dtype):
    k = np.arange(100)
    np.testing.assert_array_equal(steps.step_of((k * 1.0).astype(dtype), 1.0), k)
    with pytest.raises(NeurorlError, match="float16"):
        steps.step_of(np.array([5000.0], dtype), 1.0)


@pytest.mark.parametrize("dt", [0.0, -1.0, np.nan, np.inf])
def test_a_step_must_be_a_time(dt):
    with pytest.raises(NeurorlError, match="'dt' is"):
        steps.step_of(np.array([1.0]), dt)
