"""Norepinephrine rises where errors outgrow what is expected, and falls once they are expected."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.neuromodulation import acetylcholine, norepinephrine
from neurorl.neuromodulation.acetylcholine import Acetylcholine
from neurorl.neuromodulation.norepinephrine import Norepinephrine

ON = Norepinephrine(enabled=True)
GOING = jnp.array(False)


def levels(errors):
    """Return the level after each error, when both means have settled on the first one."""
    expected = recent = jnp.float32(abs(errors[0]))
    seen = []
    for error in errors:
        expected = acetylcholine.update(Acetylcholine(), expected, jnp.float32(error), GOING)
        recent = norepinephrine.update(ON, recent, jnp.float32(error), GOING)
        seen.append(float(norepinephrine.arousal(ON, recent, expected)))
    return np.array(seen)


def test_it_rises_at_a_change_and_falls_again():
    seen = levels([0.01] * 50 + [0.2] * 3000)
    assert (seen[:50] == 0.0).all()
    assert seen[50:250].max() == 1.0
    assert seen[-1] == 0.0, "what has become expected arouses no more"


def test_errors_of_either_sign_and_of_any_scale_arouse_alike():
    base = np.array([0.01] * 20 + [0.1] * 60)
    np.testing.assert_allclose(levels(base), levels(-base), atol=1e-6)
    np.testing.assert_allclose(levels(base), levels(100 * base), atol=1e-4)


@given(recent=st.floats(0.0, 10.0), expected=st.floats(0.0, 10.0), gate=st.floats(0.05, 1.0))
def test_the_level_and_the_gate_stay_in_range_and_the_gate_never_closes(recent, expected, gate):
    level = norepinephrine.arousal(ON, jnp.float32(recent), jnp.float32(expected))
    assert 0.0 <= level <= 1.0
    assert gate - 1e-6 <= norepinephrine.open_gate(ON, level, jnp.float32(gate)) <= 1.0 + 1e-6


def test_arousal_flattens_the_drive_and_keeps_its_order():
    drive = jnp.array([2.0, -1.0, 0.5])
    flat = norepinephrine.explore(ON, jnp.float32(1.0), drive)
    np.testing.assert_allclose(flat, drive / 2.0)
    np.testing.assert_array_equal(norepinephrine.explore(ON, jnp.float32(0.0), drive), drive)


def test_a_truncated_transition_says_nothing():
    assert norepinephrine.update(ON, jnp.float32(0.3), jnp.float32(9.0), jnp.array(True)) == pytest.approx(0.3)


def test_off_it_does_nothing():
    off = Norepinephrine()
    level = norepinephrine.arousal(off, jnp.float32(9.0), jnp.float32(0.1))
    assert level == 0.0
    assert norepinephrine.open_gate(off, jnp.float32(1.0), jnp.float32(0.2)) == jnp.float32(0.2)
    assert norepinephrine.update(off, jnp.float32(0.1), jnp.float32(5.0), GOING) == jnp.float32(0.1)
