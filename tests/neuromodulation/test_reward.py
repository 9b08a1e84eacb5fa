import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.neuromodulation import dopamine, modulators, reward
from neurorl.neuromodulation.modulators import Modulators
from neurorl.neuromodulation.reward import (
    BreakthroughFound,
    EventCode,
    Fault,
    Recovered,
    Reward,
    RewardEvents,
    RewardParameters,
    SourceSwitch,
    WorkAccepted,
)

P, M = RewardParameters(), Modulators()
EVENTS = [WorkAccepted(5.0), WorkAccepted(500.0), BreakthroughFound(), SourceSwitch(), Reward(-0.7)]
step, release_of = jax.jit(reward.step), jax.jit(reward.release_of)


def test_events_are_worth_their_coefficients():
    p = RewardParameters(work=0.5, late_work=-0.6, deadline=10.0, breakthrough=3.0)
    values = [float(reward.reward_of(p, event)) for event in EVENTS]
    np.testing.assert_allclose(values, [0.5, -0.6, 3.0, 0.0, -0.7])
    np.testing.assert_allclose(reward.reward_of(p, WorkAccepted(jnp.array(10.0))), 0.5)  # at the deadline is in time


@given(value=st.floats(-5.0, 5.0), alpha=st.floats(0.0, 1.0), start=st.floats(-5.0, 5.0), count=st.integers(1, 20))
def test_expectation_approaches_a_repeated_reward_as_rescorla_and_wagner_say(value, alpha, start, count):
    """After k equal rewards V = r + (V0 - r) (1 - alpha)^k, and the error shrinks with it."""
    p, state = RewardParameters(learning_rate=alpha), reward.init(start)
    for k in range(count):
        before = value + (start - value) * (1 - alpha) ** k
        state, error = reward.predict(p, state, jnp.float32(value))
        np.testing.assert_allclose(error, value - before, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(state.expectation, value + (start - value) * (1 - alpha) ** count, rtol=1e-4, atol=1e-4)


@given(error=st.floats(-5.0, 5.0))
def test_a_surprise_for_the_better_releases_more_than_one_for_the_worse_holds_back(error):
    error = jnp.float32(error)
    np.testing.assert_allclose(reward.dopamine_of(P, error), 0.8 * max(error, 0) - 0.3 * max(-error, 0), rtol=1e-5)
    fixed = reward.dopamine_of(P.replace(form="fixed"), error)
    np.testing.assert_allclose(fixed, 0.8 if error > 0 else -0.3 if error < 0 else 0.0, rtol=1e-5)


def test_rewards_above_and_below_expectation_release_what_omega_snn_releases():
    p, state, levels = P.replace(form="fixed"), reward.init(0.5), modulators.init()
    for value, amount in ((1.0, 0.8), (0.2, -0.3)):
        _, after = step(p, M, state, levels, Reward(value))
        np.testing.assert_allclose(after.phasic.dopamine, amount, rtol=1e-6)


def test_an_event_that_was_expected_releases_nothing():
    state, levels = step(P, M, reward.init(0.25), modulators.init(), Reward(0.25))
    assert levels.phasic.dopamine == 0.0
    assert state.expectation == 0.25


def test_learning_moves_the_surprise_from_the_reward_to_its_omission():
    state, released = reward.init(), []
    for _ in range(200):
        state, levels = step(P, M, state, modulators.init(), WorkAccepted(1.0))
        released.append(float(levels.phasic.dopamine))
    np.testing.assert_allclose(released[0], 0.8 * 0.2, rtol=1e-5)
    assert np.all(np.diff(released) <= 0)
    assert abs(released[-1]) < 1e-6
    _, levels = step(P, M, state, modulators.init(), Reward(0.0))
    np.testing.assert_allclose(levels.phasic.dopamine, -0.3 * 0.2, rtol=1e-4)


def test_a_critics_error_releases_dopamine_in_the_same_way():
    values = map(jnp.float32, (1.0, 0.5, 2.0))  # reward, value before, value after
    delta = dopamine.prediction_error(*values, jnp.array(False), jnp.array(False), 0.9)
    np.testing.assert_allclose(reward.dopamine_of(P, delta), 0.8 * (0.1 * 1.0 + 0.9 * 2.0 - 0.5), rtol=1e-5)


def test_a_switch_of_source_stresses_and_forgets():
    levels = modulators.release(M, modulators.init(), "dopamine", 0.6)
    levels = modulators.set_tonic(M, levels, "dopamine", 0.4)
    state, after = step(P, M, reward.init(0.9), levels, SourceSwitch())
    assert state.expectation == 0.0
    assert after.phasic.dopamine == 0.0
    assert after.tonic == levels.tonic
    np.testing.assert_allclose(after.phasic.cortisol, 0.3)
    assert release_of(P, M, levels, SourceSwitch()) == after


@pytest.mark.parametrize(
    ("event", "released"),
    [
        (WorkAccepted(5.0), {"dopamine": 0.2, "acetylcholine": 0.05}),
        (WorkAccepted(500.0), {"dopamine": 0.2, "acetylcholine": -0.1}),
        (BreakthroughFound(), {"dopamine": 1.0}),
        (SourceSwitch(), {"cortisol": 0.3}),
        (Reward(-0.7), {"dopamine": -0.7}),
    ],
)
def test_without_a_critic_events_release_what_neuromod_releases(event, released):
    after = release_of(P, M, modulators.init(), event)
    expected = {name: released.get(name, 0.0) for name in modulators.MODULATORS}
    np.testing.assert_allclose(after.phasic, list(expected.values()), rtol=1e-6)


def test_a_breakthrough_takes_dopamine_to_the_end_of_its_range_from_anywhere():
    for phasic in (-1.0, 0.3, 1.0):
        levels = modulators.release(M, modulators.init(), "dopamine", phasic)
        assert release_of(P, M, levels, BreakthroughFound()).phasic.dopamine == 1.0


def test_something_else_is_no_event():
    with pytest.raises(NeurorlError, match=r"it must be WorkAccepted, .*, Fault, Recovered or Reward"):
        reward.step(P, M, reward.init(), modulators.init(), "work")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learning_rate": 1.5}, r"learning_rate' is 1.5; it must be at most 1"),
        ({"negative": -0.3}, r"negative' is -0.3; it must be at least 0"),
        ({"form": "grade"}, "did you mean 'graded'"),
    ],
)
def test_impossible_coefficients_are_refused(values, message):
    with pytest.raises(NeurorlError, match=message):
        RewardParameters(**values)


def test_slots_are_unpacked_in_their_order():
    codes = [EventCode.WORK, EventCode.NONE, EventCode.SWITCH, EventCode.FAULT, EventCode.RECOVERED, EventCode.REWARD, 2]
    events = RewardEvents(np.array(codes, np.int32), np.array([40.0, 9.0, 0.0, 3.0, 7.0, -1.0, 0.0], np.float32))
    expected = [WorkAccepted(40.0), SourceSwitch(), Fault(3), Recovered(7.0), Reward(-1.0), BreakthroughFound()]
    assert [(type(e), e) for e in reward.unpack(events)] == [(type(e), e) for e in expected]
    assert reward.switched(events)
    assert not reward.switched(events._replace(codes=events.codes[3:]))
