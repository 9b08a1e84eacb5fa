"""Cortisol rises as readings near their limits, from either side, recedes slowly, and weighs losses alone."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.neuromodulation import cortisol
from neurorl.neuromodulation.cortisol import Cortisol

# Heat is neared from below, slack from above.
HEAT_AND_SLACK = Cortisol(enabled=True, readings=(2, 0), onset=(85.0, 0.4), limit=(105.0, -0.1), habit=0.5)
OFF = HEAT_AND_SLACK.replace(enabled=False)
number = st.floats(-1e3, 1e3, width=32)


@pytest.mark.parametrize(
    ("slack", "heat", "expected"),
    [
        (1.0, 20.0, 0.0),
        (1.0, 85.0, 0.0),
        (1.0, 95.0, 0.5),
        (1.0, 300.0, 1.0),
        (0.15, 20.0, 0.5),
        (-9.0, 20.0, 1.0),
        (0.3, 95.0, 0.5),
    ],
)
def test_stress_is_that_of_the_worst_reading(slack, heat, expected):
    assert float(cortisol.stress(HEAT_AND_SLACK, jnp.array([slack, 7.0, heat]))) == pytest.approx(expected, abs=1e-6)


def test_a_missing_reading_adds_no_stress():
    assert float(cortisol.stress(HEAT_AND_SLACK, jnp.array([jnp.nan, 0.0, 95.0]))) == pytest.approx(0.5)


def test_the_level_rises_at_once_and_recedes_by_its_share():
    level, seen = jnp.float32(0.0), []
    for heat in (20.0, 105.0, 20.0, 20.0, 104.0):
        level = cortisol.update(HEAT_AND_SLACK, level, jnp.array([1.0, 0.0, heat]))
        seen.append(float(level))
    np.testing.assert_allclose(seen, [0.0, 1.0, 0.9, 0.81, 0.95], atol=1e-6)


@given(number, st.floats(0.0, 1.0, width=32))
def test_losses_weigh_more_and_gains_do_not(dopamine, level):
    felt = float(cortisol.caution(HEAT_AND_SLACK, jnp.float32(level), jnp.float32(dopamine)))
    assert felt == pytest.approx(dopamine * (1.0 + level if dopamine < 0.0 else 1.0), rel=1e-5)


@given(st.floats(0.0, 1.0, width=32))
def test_the_drive_is_sharpened(level):
    drive = jnp.array([-1.0, 0.0, 2.0])
    np.testing.assert_allclose(cortisol.commit(HEAT_AND_SLACK, jnp.float32(level), drive), drive * (1.0 + 0.5 * level), rtol=1e-6)


@given(number, st.floats(0.0, 1.0, width=32))
def test_off_it_is_no_operation(value, level):
    level, value = jnp.float32(level), jnp.float32(value)
    assert cortisol.update(OFF, level, jnp.array([0.0, 0.0, 500.0])) == level
    assert cortisol.caution(OFF, level, value) == value
    assert cortisol.commit(OFF, level, value) == value


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"enabled": True}, r"readings' is \(\); name"),
        ({"readings": (0,)}, "one length"),
        ({"readings": (0,), "onset": (1.0,), "limit": (1.0,)}, "must differ"),
        ({"keep": 1.5}, "at most 1"),
        ({"readings": (1.5,), "onset": (0.0,), "limit": (1.0,)}, "whole numbers"),
        ({"readings": (True,), "onset": (0.0,), "limit": (1.0,)}, "whole numbers"),
        ({"readings": (0,), "onset": ("x",), "limit": (1.0,)}, "onset.*finite numbers"),
        ({"readings": (0,), "onset": (0.0,), "limit": (float("nan"),)}, "limit.*finite numbers"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, says):
    with pytest.raises(NeurorlError, match=says):
        Cortisol(**wrong)


def test_a_reading_that_the_observation_lacks_is_refused():
    with pytest.raises(NeurorlError, match="dimensions from 0 to 1"):
        cortisol.stress(HEAT_AND_SLACK, jnp.zeros(2))
