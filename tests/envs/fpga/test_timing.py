import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.envs.fpga import timing
from neurorl.envs.fpga.parameters import FpgaParameters

P = FpgaParameters()
ULTRASCALE = P.replace(threshold_v=0.35, alpha=1.2, threshold_per_k=0.8e-3, mobility=1.0)


def heat_effect(p, volts):
    """Return the relative change of delay a kelvin at 60 C."""
    slope = jax.grad(lambda t: timing.delay(p, jnp.float32(volts), t))(jnp.float32(60.0))
    return float(slope / timing.delay(p, jnp.float32(volts), jnp.float32(60.0)))


def test_the_sign_off_corner_is_where_the_report_holds():
    assert timing.relative_delay(P, jnp.float32(0.95), jnp.float32(85.0)) == pytest.approx(1.0)
    slack = timing.setup_slack(P.replace(wns_ns=0.3), jnp.float32(200.0), jnp.float32(1.0), jnp.float32(1.0), jnp.float32(0.9))
    assert slack == pytest.approx(0.3, abs=1e-6)


def test_delay_is_the_alpha_power_law():
    volts, celsius, shift = 0.83, 41.0, 0.012
    threshold = 0.40 + shift - 1e-3 * (celsius - 25.0)
    expected = volts / (volts - threshold) ** 1.3 * ((celsius + 273.15) / 298.15) ** 1.2
    assert timing.delay(P, jnp.float32(volts), jnp.float32(celsius), shift) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("p", "crossover"), [(P, 0.76), (ULTRASCALE, 0.67)])
def test_heat_slows_above_the_crossover_and_speeds_up_below_it(p, crossover):
    assert heat_effect(p, 1.0) > 1e-3
    assert heat_effect(p, crossover + 0.05) > 0 > heat_effect(p, crossover - 0.05)
    assert heat_effect(P, 1.0) == pytest.approx(0.0015, abs=4e-4)


@given(st.floats(0.66, 1.1), st.floats(-20, 110), st.floats(0.0, 0.03))
def test_a_higher_voltage_is_faster_and_age_is_slower(volts, celsius, shift):
    at = lambda v, s: float(timing.delay(P, jnp.float32(v), jnp.float32(celsius), jnp.float32(s)))  # noqa: E731
    assert at(volts + 0.02, shift) < at(volts, shift) < at(volts, shift + 0.01)


def test_errors_are_certain_without_slack_and_vanish_at_six_sigma():
    rate = lambda slack: float(timing.error_rate(jnp.float32(slack), P.jitter_ns, jnp.float32(0.5)))  # noqa: E731
    sigma = float(P.jitter_ns)
    assert rate(0.0) == rate(-1.0) == pytest.approx(0.5e8)
    assert rate(6 * sigma) == pytest.approx(0.5e8 * np.exp(-18), rel=1e-3)
    assert rate(7 * sigma) < 2e-3 < rate(6 * sigma)
    assert rate(4 * sigma) > timing.CRASH_RATE > rate(4.5 * sigma)


def test_errors_follow_the_logic_that_works():
    rates = timing.error_rate(jnp.float32(0.2), P.jitter_ns, jnp.array([0.0, 0.25, 1.0]))
    assert rates[0] == 0
    assert rates[2] == pytest.approx(4 * rates[1])


def test_silent_errors_are_a_probability():
    assert timing.silent_probability(jnp.float32(0.0)) == 0
    assert timing.silent_probability(jnp.float32(1.0)) == pytest.approx(0.0198, abs=1e-4)
    assert timing.silent_probability(jnp.float32(1e8)) == 1


def test_hold_fails_where_logic_is_fast_and_no_clock_helps():
    need, process = jnp.float32(P.hold_need_ns), jnp.float32(0.70)
    slack = lambda v, t: float(  # noqa: E731
        timing.hold_slack(P, timing.relative_delay(P, jnp.float32(v), jnp.float32(t)), process, need)
    )
    assert slack(1.10, -20.0) < slack(1.0, 25.0) < slack(0.8, 25.0)
    slow = float(timing.hold_slack(P, jnp.float32(1.0), jnp.float32(0.97), need))
    assert slow > slack(0.95, 85.0)


def test_aging_is_the_fifth_root_of_stress():
    shift = timing.aging(P, jnp.array([0.0, 600.0, 600.0 * 32]))
    assert shift[0] < 3e-4
    assert shift[1] == pytest.approx(P.age_rate_v)
    assert shift[2] == pytest.approx(2 * P.age_rate_v, rel=1e-5)
    assert timing.wear(jnp.float32(1.0), jnp.float32(60.0)) == 1
