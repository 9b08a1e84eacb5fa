import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.neuromodulation import effects, modulators
from neurorl.neuromodulation.effects import Effects
from neurorl.neuromodulation.modulators import MODULATORS, Levels, Modulators, ModulatorState

P = Modulators()
NOTHING = Levels(*np.zeros(6, np.float32))
factors = jax.jit(effects.factors)


def at(tonic=NOTHING, phasic=NOTHING):
    return factors(Effects(), P, ModulatorState(tonic, phasic))


def test_a_network_at_baseline_is_left_as_it_is():
    assert all(factor == 1.0 for factor in factors(Effects(), P, modulators.init()))


@given(level=st.tuples(*[st.floats(0.0, 1.0)] * 4), share=st.floats(0.0, 1.0))
def test_factors_are_those_of_omega_snn(level, share):
    """They read the level, however it splits into tonic and phasic; the learning rate reads the tonic dopamine alone."""
    values = np.array([*level, 0.0, 1.0], np.float32)
    factor = at(Levels(*(values * np.float32(share))), Levels(*(values * np.float32(1 - share))))
    dopamine, norepinephrine, serotonin, acetylcholine = level
    np.testing.assert_allclose(factor.learning_rate, 1 + 0.5 * share * dopamine, rtol=1e-5)
    np.testing.assert_allclose(factor.gain, 1 + 0.3 * norepinephrine, rtol=1e-5)
    np.testing.assert_allclose(factor.inhibition, 1 + 0.4 * serotonin, rtol=1e-5)
    np.testing.assert_allclose(factor.attention, 1 + 0.6 * acetylcholine, rtol=1e-5)


@given(phasic=st.floats(-1.0, 1.0), tonic=st.floats(0.0, 1.0))
def test_phasic_dopamine_never_reaches_the_learning_rate(phasic, tonic):
    quiet = at(NOTHING._replace(dopamine=np.float32(tonic)))
    burst = at(NOTHING._replace(dopamine=np.float32(tonic)), NOTHING._replace(dopamine=np.float32(phasic)))
    assert quiet == burst


@pytest.mark.parametrize(("cortisol", "share"), [(0.0, 1.0), (0.25, 0.75), (0.9, 0.1), (1.0, 0.1)])
def test_cortisol_holds_input_back_down_to_a_floor(cortisol, share):
    np.testing.assert_allclose(at(NOTHING._replace(cortisol=np.float32(cortisol))).input, share, rtol=1e-6)


@given(tempo=st.floats(0.5, 2.0))
def test_tempo_is_passed_on(tempo):
    np.testing.assert_allclose(at(NOTHING._replace(tempo=np.float32(tempo))).tempo, tempo, rtol=1e-6)


def test_every_coefficient_can_be_changed_and_zero_switches_an_effect_off():
    state = ModulatorState(Levels(*np.full(6, 0.5, np.float32)), NOTHING)
    strong = Effects(learning_rate=2.0, gain=3.0, inhibition=4.0, attention=5.0, stress=0.5, tau_m=6.0)
    np.testing.assert_allclose(factors(strong, P, state), [2.0, 2.5, 3.0, 3.5, 0.75, 4.0, 0.5])
    off = Effects(learning_rate=0.0, gain=0.0, inhibition=0.0, attention=0.0, stress=0.0, tau_m=0.0)
    np.testing.assert_allclose(factors(off, P, state), [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5])


@given(coefficients=st.lists(st.floats(-50.0, 50.0), min_size=6, max_size=6), level=st.floats(-1.0, 1.0))
def test_no_factor_turns_a_quantity_around(coefficients, level):
    names = ("learning_rate", "gain", "inhibition", "attention", "stress", "tau_m")
    state = modulators.init()
    for name in MODULATORS:
        state = modulators.set_tonic(P, state, name, level)
    assert min(factors(Effects(**dict(zip(names, coefficients, strict=True))), P, state)) >= 0.0


def test_impossible_coefficients_are_refused():
    with pytest.raises(NeurorlError, match=r"Effects.gain' is nan"):
        Effects(gain=np.nan)
    with pytest.raises(NeurorlError, match=r"Effects.stress_floor' is 1.5; it must be at most 1"):
        Effects(stress_floor=1.5)
