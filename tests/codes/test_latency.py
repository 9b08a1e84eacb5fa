import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.codes import latency
from neurorl.codes.latency import LatencyCode
from neurorl.errors import NeurorlError

N, STEPS = 6, 64
times = jax.jit(lambda code, values: code.times(values))
decode = jax.jit(lambda code, when: code.decode(when))
train = jax.jit(lambda when, dt: latency.train(when, STEPS, dt))
first_spikes = jax.jit(latency.first_spikes)

scales = st.sampled_from(["linear", "logarithmic"])
values = arrays(np.float32, N, elements=st.floats(0, 1, width=32))
weakest = st.floats(0.001, 0.9)


def code_of(scale, weakest=0.01, latest=20.0):
    return LatencyCode(scale=scale, latest=jnp.float32(latest), weakest=jnp.float32(weakest))


@given(scale=scales, x=values, weakest=weakest, latest=st.floats(1.0, 200.0))
def test_decode_inverts_the_times(scale, x, weakest, latest):
    code = code_of(scale, weakest, latest)
    when = np.asarray(times(code, x))
    silent = x < np.float32(weakest)
    assert np.isinf(when[silent]).all()
    assert (when[~silent] >= 0).all()
    assert (when[~silent] <= latest * (1 + 1e-5)).all()
    np.testing.assert_allclose(decode(code, when), np.where(silent, 0, x), atol=1e-5)


@given(scale=scales, x=values, weakest=weakest, dt=st.floats(0.1, 2.0))
def test_a_train_gives_the_value_back_within_the_error_of_one_step(scale, x, weakest, dt):
    latest = (STEPS - 1) * dt
    code = code_of(scale, weakest, latest)
    when = times(code, x)
    spikes = np.asarray(train(when, dt))
    assert (spikes.sum(0) == np.isfinite(when)).all()  # one spike each, or none
    seen = first_spikes(spikes, dt)
    late = np.asarray(when - seen)[np.isfinite(when)] / dt
    assert ((late >= -0.0011) & (late <= 1.0)).all()
    got, x = np.asarray(decode(code, seen)), np.where(x < np.float32(weakest), 0, x)
    if scale == "linear":
        bound = (1 - weakest) * dt / latest
        assert ((got - x >= -0.0015 * bound - 1e-5) & (got - x <= bound + 1e-5)).all()
    else:
        bound = weakest ** (-dt / latest)
        fires = x > 0
        ratio = got[fires] / x[fires]
        assert ((ratio >= bound**-0.0015 - 1e-4) & (ratio <= bound + 1e-4)).all()
        assert (got[~fires] == 0).all()


@pytest.mark.parametrize("scale", ["linear", "logarithmic"])
def test_stronger_is_earlier_from_zero_to_the_latest(scale):
    code = LatencyCode(scale=scale, latest=30.0, weakest=0.1)
    when = np.asarray(code.times(jnp.linspace(0.1, 1.0, 50)))
    assert (np.diff(when) < 0).all()
    np.testing.assert_allclose(when[[0, -1]], [30.0, 0.0], atol=1e-4)
    np.testing.assert_array_equal(code.times(jnp.array([1.7, 0.05, -3.0])), [0.0, np.inf, np.inf])  # clipped
    assert code.times(0.55).shape == ()


def test_equal_differences_are_equal_times_or_equal_ratios_are():
    x = jnp.array([0.2, 0.3, 0.4, 0.8])
    linear = np.asarray(LatencyCode(scale="linear").times(x))
    np.testing.assert_allclose(linear[0] - linear[1], linear[1] - linear[2], rtol=1e-4)
    code = LatencyCode(scale="logarithmic")
    np.testing.assert_allclose(np.diff(np.asarray(code.times(x))[[0, 2, 3]], n=2), 0, atol=1e-4)
    shift = np.asarray(code.times(0.5 * x) - code.times(x))  # half the contrast: all later by the same
    np.testing.assert_allclose(shift, 20.0 * np.log(0.5) / np.log(0.01), rtol=1e-4)


def test_a_time_on_a_step_stays_in_it_however_it_was_rounded():
    dt = 0.1
    when = jnp.arange(STEPS) * dt
    np.testing.assert_array_equal(train(when, dt), np.eye(STEPS))


def test_first_spikes_ignores_later_ones():
    spikes = jnp.array([[0, 0, 1], [1, 0, 1], [1, 0, 0]], jnp.float32)
    np.testing.assert_array_equal(latency.first_spikes(spikes, 0.5), [0.5, np.inf, 0.0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: LatencyCode(scale="square"), "'LatencyCode.scale' is 'square'"),
        (lambda: LatencyCode(latest=0.0), "'LatencyCode.latest' is 0.0"),
        (lambda: LatencyCode(weakest=1.0), "'LatencyCode.weakest' is 1.0"),
        (lambda: LatencyCode().times(jnp.array([0.5, jnp.nan])), "'values' is nan"),
        (lambda: latency.train(jnp.array([20.0]), 20, 1.0), "'times / dt, rounded down' is 20.0; .* at most 19"),
        (lambda: latency.train(jnp.array([-1.0]), 20, 1.0), "rounded down' is -1.0"),
        (lambda: latency.train(jnp.array([jnp.nan]), 20, 1.0), "rounded down' is nan"),
        (lambda: latency.train(jnp.array([1.0]), 20, -1.0), "'dt' is -1.0"),
    ],
)
def test_impossible_input_is_refused(wrong, message):
    with pytest.raises(NeurorlError, match=message):
        wrong()
