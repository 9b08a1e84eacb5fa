"""Conditioning: the trial is what its parameters say, in gymnax's contract and through `neurorl.envs.resolve`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.envs import resolve
from neurorl.envs.conditioning import Conditioning, Params
from neurorl.errors import NeurorlError

ENV = Conditioning(memory=12)
BASE = Params(delay=7, interval_low=3, interval_high=9, reward=2.0)
STEPS = 3000


def session(params, seed=0, steps=STEPS):
    """Return the states, observations and rewards of a session."""

    def step(state, key):
        observation, state, reward, terminated, truncated, info = ENV.step(key, state, 0, params)
        return state, (state, observation, reward, terminated | truncated, info["final_observation"])

    start = ENV.reset(jax.random.key(seed), params)[1]
    keys = jax.random.split(jax.random.key(seed + 1), steps)
    return jax.tree.map(np.asarray, jax.jit(lambda s, k: jax.lax.scan(step, s, k)[1])(start, keys))


def test_the_reward_comes_a_delay_after_the_cue_and_at_no_other_time():
    state, observation, reward, ended, final = session(BASE)
    np.testing.assert_array_equal(reward != 0, state.clock == BASE.delay)
    assert set(reward) == {0.0, 2.0}
    np.testing.assert_array_equal(observation[:, 0], np.where(state.clock >= 0, state.clock, -1))
    assert (observation[:, 1] == -1).all(), "there is no cue B"
    assert not ended.any()
    np.testing.assert_array_equal(observation, final)


def test_intervals_are_uniform_between_their_bounds():
    state, *_ = session(BASE)
    starts = -state.clock[1:][np.diff(state.trial) == 1]
    counts = np.bincount(starts, minlength=10)
    assert counts[:3].sum() == 0
    assert counts[3:].sum() == counts.sum()
    expected = counts.sum() / 7
    assert ((counts[3:] - expected) ** 2 / expected).sum() < 22.5, "chi squared, 6 degrees of freedom, p = 0.001"


def test_cues_and_rewards_come_with_their_probabilities():
    state, _, reward, *_ = session(BASE.replace(cue_a=0.75, cue_b=0.25, reward_probability=0.5), steps=12_000)
    onset = state.clock == 0
    trials = onset.sum()
    for share, probability in (
        (state.present[onset].mean(0)[0], 0.75),
        (state.present[onset].mean(0)[1], 0.25),
        ((reward > 0).sum() / trials, 0.5),
    ):
        assert abs(share - probability) < 4 * np.sqrt(probability * (1 - probability) / trials)


def test_a_change_of_parameters_reaches_the_next_trial():
    """Parameters are arguments of a step, so a session's rule may change while it runs."""
    state = ENV.reset(jax.random.key(0), BASE)[1]
    rewards = []
    for index in range(120):
        params = BASE if index < 60 else BASE.replace(reward=5.0)
        _, state, reward, *_ = ENV.step(jax.random.key(index), state, 0, params)
        rewards.append(float(reward))
    assert set(rewards[:60]) == {0.0, 2.0}
    assert set(rewards[60:]) == {0.0, 5.0}


def test_it_resolves_by_its_id_and_its_numbers_can_be_set():
    task = resolve("neurorl.envs.conditioning:Conditioning-v0", settings={"delay": 4, "memory": 9})
    assert task.loop == "jax"
    assert task.env_params.delay == 4
    assert task.env.memory == 9
    np.testing.assert_array_equal(task.observation_space.high, [8.0, 8.0])
    assert task.action_space.n == 1
    key = jax.random.key(0)
    observation, state = task.env.reset(key, task.env_params)
    assert task.observation_space.contains(np.asarray(observation))
    assert jnp.shape(task.env.step(key, state, 0, task.env_params)[2]) == ()


def test_a_memory_too_short_is_refused():
    with pytest.raises(NeurorlError, match="'memory' is 1"):
        Conditioning(memory=1)
