import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.codes import rate
from neurorl.errors import NeurorlError

N, STEPS = 4, 300
train = jax.jit(lambda rates, dt, phase: rate.train(rates, STEPS, dt, phase))
ROUNDING = 1e-3  # spikes


@given(
    share=arrays(np.float32, N, elements=st.floats(0, 1, width=32)),
    dt=st.floats(0.05, 5.0),
    phase=arrays(np.float32, N, elements=st.floats(0, 1, exclude_max=True, width=32)),
)
@example(share=np.ones(N, np.float32), dt=1.0, phase=np.full(N, 0.99999, np.float32))  # where 128.99999 is not a float32
def test_decode_returns_the_rate_to_within_a_spike(share, dt, phase):
    rates = share * 1000 / dt  # up to a spike a step
    spikes = np.asarray(train(rates, dt, phase))
    assert set(np.unique(spikes)) <= {0.0, 1.0}
    error = (np.asarray(rate.decode(spikes, dt)) - rates) * STEPS * dt / 1000  # in spikes
    assert (error <= phase + ROUNDING).all()
    assert (error >= phase - 1 - ROUNDING).all()


@given(period=st.integers(1, 60))
def test_intervals_are_equal_where_the_period_is_whole_steps(period):
    spikes = np.asarray(train(jnp.full(N, 1000.0 / period), 1.0, jnp.full(N, 0.5)))
    times = np.flatnonzero(spikes[:, 0])
    assert (np.diff(times) == period).all()
    assert times[0] == -(-period // 2) - 1  # in the middle of the first interval


@given(rates=arrays(np.float32, N, elements=st.floats(1, 500, width=32)))
def test_intervals_differ_by_one_step_at_most(rates):
    spikes = np.asarray(train(rates, 1.0, jnp.full(N, 0.5)))
    for neuron in range(N):
        intervals = np.diff(np.flatnonzero(spikes[:, neuron]))
        assert np.ptp(intervals) <= 1 if intervals.size else rates[neuron] <= 7


def test_rates_survive_a_step_of_another_length():
    rates = jnp.array([7.0, 33.0, 90.0, 150.0])
    for dt in (0.1, 0.5, 2.0):
        decoded = rate.decode(train(rates, dt, jnp.full(N, 0.5)), dt)
        np.testing.assert_allclose(decoded, rates, atol=0.501 * 1000 / (STEPS * dt))


@given(intensity=st.floats(-2, 3, width=16), maximum=st.floats(1.0, 1000.0))
def test_intensity_is_proportional_to_rate_and_clipped_outside_the_unit_interval(intensity, maximum):
    inside = min(max(intensity, 0.0), 1.0)
    hertz = rate.of_intensity(intensity, maximum)
    np.testing.assert_allclose(hertz, inside * maximum, rtol=1e-6)
    np.testing.assert_allclose(rate.to_intensity(hertz, maximum), inside, atol=1e-6)


def test_a_rate_above_one_spike_a_step_is_refused_or_clipped_inside_jit():
    with pytest.raises(NeurorlError, match=r"'rate dt, spikes a step' is 2.0; it must be finite and at most 1"):
        rate.train(jnp.array([2000.0]), 5, 1.0)
    assert (train(jnp.full(N, 2000.0), 1.0, jnp.zeros(N)) == 1).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: rate.train(jnp.array([jnp.nan]), 5, 1.0), "'rate' is nan"),
        (lambda: rate.train(jnp.array([-3.0]), 5, 1.0), "'rate' is -3.0; it must be finite and at least 0"),
        (lambda: rate.train(jnp.array([3.0]), 5, 0.0), "'dt' is 0.0"),
        (lambda: rate.train(jnp.array([3.0]), 5, 1.0, phase=1.5), "'phase' is 1.5; .* at least 0 and at most 1"),
        (lambda: rate.of_intensity(jnp.nan, 100.0), "'intensity' is nan"),
        (lambda: rate.of_intensity(0.5, -1.0), "'maximum' is -1.0"),
        (lambda: rate.to_intensity(5.0, 0.0), "'maximum' is 0.0; it must be finite and above 0"),
    ],
)
def test_impossible_input_is_refused(wrong, message):
    with pytest.raises(NeurorlError, match=message):
        wrong()
