"""Serotonin lengthens the horizon where reward is expected."""

import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.neuromodulation import serotonin
from neurorl.neuromodulation.serotonin import Serotonin

ON = Serotonin(enabled=True)


@given(level=st.floats(0.0, 1.0), gamma=st.floats(0.0, 0.99), patience=st.floats(0.0, 20.0))
def test_the_horizon_is_multiplied(level, gamma, patience):
    after = float(serotonin.discount(ON.replace(patience=patience), jnp.float32(level), gamma))
    assert 1.0 / (1.0 - after) == pytest.approx((1.0 + patience * level) / (1.0 - gamma), rel=1e-3)


def test_the_level_follows_the_value_and_never_falls_below_zero():
    level = jnp.float32(0.0)
    for _ in range(3000):
        level = serotonin.update(ON.replace(rate=0.01), level, jnp.float32(0.6))
    assert level == pytest.approx(0.6, abs=1e-3)
    for _ in range(3000):
        level = serotonin.update(ON.replace(rate=0.01), level, jnp.float32(-0.9))
    assert level == pytest.approx(0.0, abs=1e-3)


def test_off_gamma_is_gamma_itself():
    assert serotonin.discount(Serotonin(), jnp.float32(0.7), 0.99) == 0.99
    assert serotonin.update(Serotonin(), jnp.float32(0.1), jnp.float32(1.0)) == jnp.float32(0.1)
