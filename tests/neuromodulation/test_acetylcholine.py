import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.neuromodulation import acetylcholine
from neurorl.neuromodulation.acetylcholine import Acetylcholine

NO, YES = jnp.array(False), jnp.array(True)


@given(uncertainty=st.floats(0.0, 1e6), floor=st.floats(0.0, 1.0), scale=st.floats(1e-6, 1e3))
def test_gate_is_proportional_between_its_floor_and_one(uncertainty, floor, scale):
    gate = float(acetylcholine.opening(Acetylcholine(floor=floor, scale=scale), jnp.float32(uncertainty)))
    assert np.float32(floor) <= gate <= 1.0
    np.testing.assert_allclose(gate, np.clip(uncertainty / scale, floor, 1.0), rtol=1e-5, atol=1e-37)


def test_gate_starts_open_and_closes_to_its_floor():
    parameters = Acetylcholine()
    assert acetylcholine.opening(parameters, jnp.float32(parameters.start)) == 1.0
    assert acetylcholine.opening(parameters, jnp.float32(0.0)) == jnp.float32(parameters.floor)


@given(uncertainty=st.floats(0.0, 1e3))
def test_gate_is_one_when_disabled(uncertainty):
    assert acetylcholine.opening(Acetylcholine(enabled=False), jnp.float32(uncertainty)) == 1.0


@given(rate=st.floats(0.0, 1.0), dopamines=st.lists(st.floats(-10.0, 10.0), min_size=1, max_size=8))
def test_expected_uncertainty_is_the_running_mean_of_unsigned_dopamine(rate, dopamines):
    parameters = Acetylcholine(rate=rate)
    uncertainty, expected = jnp.float32(parameters.start), parameters.start
    for dopamine in dopamines:
        uncertainty = acetylcholine.update(parameters, uncertainty, jnp.float32(dopamine), NO)
        expected = (1 - rate) * expected + rate * abs(dopamine)
        np.testing.assert_allclose(uncertainty, expected, rtol=1e-4, atol=1e-5)


def test_a_truncated_transition_says_nothing_about_surprise():
    uncertainty = jnp.float32(0.37)
    assert acetylcholine.update(Acetylcholine(rate=0.5), uncertainty, jnp.float32(0.0), YES) == uncertainty


def test_a_switch_of_source_opens_the_gate_and_never_closes_it():
    p = Acetylcholine()
    opened = acetylcholine.startle(p, jnp.float32(0.001), jnp.array(True))
    assert float(acetylcholine.opening(p, opened)) == 1.0
    assert float(acetylcholine.startle(p, jnp.float32(0.5), jnp.array(True))) == 0.5
    assert float(acetylcholine.startle(p, jnp.float32(0.001), jnp.array(False))) == pytest.approx(0.001)
