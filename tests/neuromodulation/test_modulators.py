import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.neuromodulation import modulators
from neurorl.neuromodulation.modulators import MODULATORS, Levels, Modulator, Modulators

P = Modulators()
NAMES = st.sampled_from(MODULATORS)
decay = jax.jit(modulators.decay)
release = jax.jit(modulators.release, static_argnames="modulator")
set_tonic = jax.jit(modulators.set_tonic, static_argnames="modulator")
levels = jax.jit(modulators.levels)


def test_there_are_six_and_they_begin_at_their_baselines():
    names = ("dopamine", "norepinephrine", "serotonin", "acetylcholine", "cortisol", "tempo")
    assert names == MODULATORS
    begin = modulators.init()
    assert all(value == 0 for value in begin.phasic)
    assert levels(P, begin) == Levels(0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


@given(name=NAMES, amount=st.floats(-0.5, 0.5), tau=st.floats(1.0, 1e5), dt=st.floats(0.01, 1e4))
def test_what_was_released_decays_exactly_and_the_level_returns_to_the_tonic_one(name, amount, tau, dt):
    parameters = P.replace(**{name: Modulator(tau=tau, baseline=0.5, low=-2.0, high=2.0)})
    state = release(parameters, modulators.init(parameters), name, amount)
    later = decay(parameters, state, dt)
    np.testing.assert_allclose(getattr(later.phasic, name), amount * np.exp(-dt / tau), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(getattr(levels(parameters, later), name), 0.5 + amount * np.exp(-dt / tau), rtol=1e-5)
    halves = decay(parameters, decay(parameters, state, 0.5 * dt), 0.5 * dt)
    np.testing.assert_allclose(halves.phasic, later.phasic, rtol=1e-4, atol=1e-7)
    assert later.tonic == state.tonic
    gone = decay(parameters, state, 1e9)
    assert getattr(levels(parameters, gone), name) == 0.5


def test_each_modulator_has_a_time_constant_of_its_own():
    state = modulators.init()
    for name in MODULATORS:
        state = release(P, state, name, 0.5)
    later = decay(P, state, 300.0)
    expected = [0.5 * np.exp(-300.0 / getattr(P, name).tau) for name in MODULATORS]
    np.testing.assert_allclose(later.phasic, expected, rtol=1e-5)
    assert len(set(expected)) >= 5


@given(name=NAMES, amount=st.floats(-0.4, 0.4))
def test_a_release_moves_one_modulator_by_its_amount_up_or_down(name, amount):
    before = modulators.init()
    after = release(P, before, name, amount)
    np.testing.assert_allclose(getattr(after.phasic, name), amount, rtol=1e-6, atol=1e-30)
    assert after.tonic == before.tonic
    assert all(getattr(after.phasic, other) == 0 for other in MODULATORS if other != name)


@given(name=NAMES, amounts=st.lists(st.floats(-10.0, 10.0), min_size=1, max_size=5), tonic=st.floats(-10.0, 10.0))
def test_levels_stay_within_their_ranges_whatever_is_released(name, amounts, tonic):
    constants = getattr(P, name)
    state = set_tonic(P, modulators.init(), name, tonic)
    for amount in amounts:
        state = release(P, state, name, amount)
        assert constants.low <= getattr(levels(P, state), name) <= constants.high
        assert abs(getattr(state.phasic, name)) <= constants.high
    assert constants.low <= getattr(state.tonic, name) <= constants.high


def test_a_saturated_level_stores_nothing():
    state = modulators.init()
    for _ in range(10):
        state = release(P, state, "cortisol", 0.5)
    assert state.phasic.cortisol == 1.0
    np.testing.assert_allclose(release(P, state, "cortisol", -0.25).phasic.cortisol, 0.75)


def test_tonic_dopamine_does_not_limit_the_phasic_signal():
    state = release(P, set_tonic(P, modulators.init(), "dopamine", 1.0), "dopamine", 0.8)
    np.testing.assert_allclose(state.phasic.dopamine, 0.8)
    assert levels(P, state).dopamine == 1.0


def test_modulators_run_within_scan_and_over_a_batch_of_time_constants():
    def run(tau):
        parameters = P.replace(dopamine=P.dopamine.replace(tau=tau))

        def one(state, amount):
            state = modulators.release(parameters, modulators.decay(parameters, state, 1.0), "dopamine", amount)
            return state, state.phasic.dopamine

        return jax.lax.scan(one, modulators.init(parameters), jnp.array([0.5, 0.0, 0.0]))[1]

    taus = jnp.array([10.0, 100.0])
    expected = 0.5 * np.exp(-np.arange(3)[None, :] / np.asarray(taus)[:, None])
    np.testing.assert_allclose(jax.vmap(run)(taus), expected, rtol=1e-5)


@given(factor=st.floats(0.01, 0.999), step=st.floats(0.1, 1e4))
def test_a_decay_by_step_is_a_time_constant(factor, step):
    np.testing.assert_allclose(np.exp(-step / modulators.time_constant(factor, step)), factor, rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: modulators.release(P, modulators.init(), "dopamin", 1.0), "'modulator' is 'dopamin'.*did you mean 'dopamine'"),
        (lambda: modulators.set_tonic(P, modulators.init(), "pace", 1.0), "'modulator' is 'pace'; it must be one of dopamine"),
        (lambda: Modulator(tau=0.0), r"Modulator.tau' is 0.0; it must be above 0"),
        (lambda: Modulator(low=2.0), r"Modulator.low' is 2.0, above high 1.0"),
        (lambda: Modulator(baseline=1.5), r"Modulator.baseline' is 1.5; it must be in \[0.0, 1.0\]"),
        (lambda: Modulator(baseline=np.nan), r"Modulator.baseline' is nan"),
        (lambda: modulators.time_constant(1.0, 1.0), "'factor' is 1.0"),
        (lambda: modulators.time_constant(0.5, 0.0), "'step' is 0.0 ms"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(NeurorlError, match=message):
        make()
