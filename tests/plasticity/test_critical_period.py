import jax.numpy as jnp
import pytest

from neurorl.plasticity.critical_period import CriticalPeriod


def test_rates_fall_by_their_power_to_a_floor():
    period = CriticalPeriod(enabled=True, steps=100, floor=0.1)
    age = period.begin()
    for _ in range(50):
        age = period.older(age)
    assert float(period.left(age, 1.0)) == pytest.approx(0.5)
    assert float(period.left(age, 2.0)) == pytest.approx(0.25)
    assert float(period.left(jnp.int32(10_000), 2.0)) == pytest.approx(0.01)


def test_off_it_keeps_no_age_and_changes_no_rate():
    period = CriticalPeriod()
    assert period.begin() == ()
    assert period.older(()) == ()
    assert period.left((), 2.0) == 1.0


def test_without_an_end_nothing_falls():
    assert CriticalPeriod(enabled=True).left(jnp.int32(5), 2.0) == 1.0
