"""The native vector environment against Gymnasium's own ``SyncVectorEnv`` of the single one, step by step in every mode."""

import functools

import gymnasium
import gymnax
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from neurorl.envs.gymnasium_env import JaxEnv
from neurorl.envs.vector_env import JaxVectorEnv
from neurorl.errors import NeurorlError

LIMIT, STEPS = 25, 120
modes = pytest.mark.parametrize("mode", AutoresetMode, ids=lambda mode: mode.name)


@functools.cache
def made(env_id):
    return gymnax.make(env_id)


def pair(env_id, count, mode):
    """Return Gymnasium's vector of the single environment, and ours."""
    env, params = made(env_id)
    theirs = SyncVectorEnv([lambda: gymnasium.wrappers.TimeLimit(JaxEnv(env, params), LIMIT)] * count, autoreset_mode=mode)
    return theirs, JaxVectorEnv(env, params, count, autoreset_mode=mode, max_episode_steps=LIMIT)


def assert_same(theirs, ours):
    """Compare arrays, dictionaries and object arrays: the same keys, types and bits."""
    assert type(theirs) is type(ours)
    if isinstance(theirs, dict):
        assert theirs.keys() == ours.keys()
        for key in theirs:
            assert_same(theirs[key], ours[key])
    elif isinstance(theirs, tuple) or (isinstance(theirs, np.ndarray) and theirs.dtype == object):
        for a, b in zip(theirs, ours, strict=True):
            assert_same(a, b)
    elif isinstance(theirs, np.ndarray):
        assert theirs.dtype == ours.dtype
        np.testing.assert_array_equal(theirs, ours)
    else:
        assert theirs == ours


@modes
@pytest.mark.parametrize("env_id", ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0"])
def test_every_step_is_that_of_gymnasiums_vector(env_id, mode):
    count = 5
    theirs, ours = pair(env_id, count, mode)
    assert theirs.observation_space == ours.observation_space
    assert theirs.action_space == ours.action_space
    seeds = [3, 1, 4, 15, 9]
    assert_same(theirs.reset(seed=seeds), ours.reset(seed=seeds))
    theirs.action_space.seed(0)
    resets = 0
    for _ in range(STEPS):
        actions = theirs.action_space.sample()
        answer = theirs.step(actions)
        assert_same(answer, ours.step(actions))
        ended = answer[2] | answer[3]
        resets += ended.sum()
        if mode == AutoresetMode.DISABLED and ended.any():
            options = {"reset_mask": ended}
            assert_same(theirs.reset(options=dict(options)), ours.reset(options=options))
    assert resets > 2 * count
    assert ours.metadata["autoreset_mode"] == mode


@modes
def test_resets_in_the_middle_are_those_of_gymnasiums_vector(mode):
    """A new seed for all, a seed for some, and none, whatever the sub-environments were doing."""
    theirs, ours = pair("CartPole-v1", 3, mode)
    for seed, steps in ((11, 5), (None, 30), ([5, None, 6], 4), (None, 0)):
        assert_same(theirs.reset(seed=seed), ours.reset(seed=seed))
        for _ in range(min(steps, 8)):  # short of any episode's end
            assert_same(theirs.step(np.array([0, 1, 0])), ours.step(np.array([0, 1, 0])))
    mask = np.array([False, True, False])
    seeds = [1, 2, 3]
    assert_same(theirs.reset(seed=seeds, options={"reset_mask": mask}), ours.reset(seed=seeds, options={"reset_mask": mask}))
    assert_same(theirs.step(np.array([0, 1, 0])), ours.step(np.array([0, 1, 0])))


@modes
def test_an_environment_does_not_see_what_its_neighbours_do(mode):
    """Sub-environment 0 goes through the same episodes beside neighbours that balance, and beside ones that fall all the time."""

    def first_environment(neighbours):
        _, envs = pair("CartPole-v1", 4, mode)
        observation, _ = envs.reset(seed=[1, 2, 3, 4])
        seen = []
        for t in range(60):
            actions = np.array([t % 2, *neighbours(observation[1:])])
            observation, *rest, _ = envs.step(actions)
            ended = rest[1] | rest[2]
            seen.append((observation[0].copy(), *(x[0] for x in rest)))
            if mode == AutoresetMode.DISABLED and ended.any():
                observation, _ = envs.reset(options={"reset_mask": ended})
        return seen

    calm, falling = first_environment(lambda o: (o[:, 2] + o[:, 3] > 0).astype(int)), first_environment(lambda o: np.ones(3, int))
    for a, b in zip(calm, falling, strict=True):
        assert_same(tuple(map(np.asarray, a)), tuple(map(np.asarray, b)))


def test_an_environment_of_one_batch_size_is_the_same_environment_of_any_order():
    _, envs = pair("CartPole-v1", 3, AutoresetMode.NEXT_STEP)
    forwards = envs.reset(seed=[1, 2, 3])[0].copy(), envs.step(np.array([0, 1, 1]))[0]
    backwards = envs.reset(seed=[3, 2, 1])[0].copy(), envs.step(np.array([1, 1, 0]))[0]
    for a, b in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(a, b[::-1])


@pytest.mark.slow
def test_batch_sizes_agree_to_float_tolerance():
    """Acrobot's sines are rounded differently in vectors of another width; what that does stays small for a while."""
    env, params = made("Acrobot-v1")
    actions = np.random.default_rng(0).integers(3, size=(50, 8))
    wide, narrow = JaxVectorEnv(env, params, 8), [JaxVectorEnv(env, params, 1) for _ in range(8)]
    a, b = wide.reset(seed=0)[0], np.concatenate([envs.reset(seed=i)[0] for i, envs in enumerate(narrow)])
    np.testing.assert_allclose(a, b, atol=1e-6)
    for row in actions:
        a = wide.step(row)[0]
        b = np.concatenate([envs.step(row[i : i + 1])[0] for i, envs in enumerate(narrow)])
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_nothing_compiles_twice():
    env, params = gymnax.make("MountainCar-v0")
    compiled = []
    step_env, env.step_env = env.step_env, lambda *args: compiled.append(1) or step_env(*args)
    for _ in range(2):
        envs = JaxVectorEnv(env, params, 3, max_episode_steps=4)
        envs.reset(seed=0)
        for _ in range(10):
            envs.step(np.array([0, 1, 2]))
        envs.reset()
        envs.step(np.array([0, 1, 2], np.int32))
    assert sum(compiled) == 1


def test_misuse_is_explained():
    env, params = made("CartPole-v1")
    envs = JaxVectorEnv(env, params, 2, autoreset_mode="Disabled", max_episode_steps=2)
    with pytest.raises(NeurorlError, match="'step' came before 'reset'"):
        envs.step(np.zeros(2, int))
    with pytest.raises(NeurorlError, match="first reset"):
        envs.reset(options={"reset_mask": np.array([True, False])})
    envs.reset(seed=0)
    envs.step(np.zeros(2, int))
    envs.step(np.zeros(2, int))
    with pytest.raises(NeurorlError, match=r"sub-environments \[0, 1\] have ended"):
        envs.step(np.zeros(2, int))
    for mask in (np.zeros(2, bool), np.ones(3, bool), [1, 0]):
        with pytest.raises(NeurorlError, match="'reset_mask' is"):
            envs.reset(options={"reset_mask": mask})
    envs.reset(options={"reset_mask": np.array([True, True])})
    for actions in (np.array([0, 2]), np.array([0]), np.array([0.0, 1.0])):
        with pytest.raises(NeurorlError, match="'action' is"):
            envs.step(actions)
    with pytest.raises(NeurorlError, match="'seed' has 3 entries for 2 sub-environments"):
        envs.reset(seed=[1, 2, 3])
    with pytest.raises(NeurorlError, match="'num_envs' is 0"):
        JaxVectorEnv(env, params, 0)


def test_what_is_returned_does_not_change_later():
    _, envs = pair("CartPole-v1", 2, AutoresetMode.NEXT_STEP)
    first = envs.reset(seed=0)[0]
    kept = first.copy()
    second = envs.step(np.array([0, 1]))[0]
    np.testing.assert_array_equal(first, kept)
    second[:] = 0.0
    assert np.any(envs.step(np.array([0, 1]))[0])
