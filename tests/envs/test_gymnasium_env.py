"""The Gymnasium view of a JAX environment: the same episodes as the environment itself, in NumPy, by Gymnasium's rules."""

import gymnasium
import gymnax
import jax
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from neurorl.envs import sub_environment
from neurorl.envs.gymnasium_env import JaxEnv
from neurorl.errors import NeurorlError

SEED = 7


@pytest.fixture(scope="module")
def mountain_car():
    return JaxEnv(*gymnax.make("MountainCar-v0"))


def test_an_episode_is_that_of_the_jitted_environment_bit_for_bit():
    """Also where gymnax resets by itself: the chain of keys is the same, and only the key of the new episode differs."""
    env, params = gymnax.make("CartPole-v1")
    ours, actions = JaxEnv(env, params), np.random.default_rng(0).integers(2, size=60)
    observation, _ = ours.reset(seed=SEED)
    key, use = jax.random.split(jax.random.key(environment_seed(SEED)))
    expected, state = env.reset(use, params)
    np.testing.assert_array_equal(observation, expected)
    for action in actions:
        observation, reward, terminated, truncated, _ = ours.step(action)
        key, use = jax.random.split(key)
        _, state, *outcome, info = env.step(use, state, action, params)
        np.testing.assert_array_equal(observation, info["final_observation"])
        assert (reward, terminated, truncated) == tuple(x.item() for x in outcome)
        if terminated:
            break
    assert terminated, "the episode never ended: the test compared less than it meant to"


def environment_seed(seed):
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))).integers(2**32, dtype=np.uint32)


def test_gymnasiums_checker_passes(mountain_car, recwarn):
    check_env(mountain_car, skip_render_check=True)
    assert not [w for w in recwarn if "gymnasium" in str(w.filename)]


def test_without_a_seed_episodes_differ_and_with_one_they_repeat(mountain_car):
    first, second = mountain_car.reset(seed=SEED)[0], mountain_car.reset()[0]
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(mountain_car.reset(seed=SEED)[0], first)
    np.testing.assert_array_equal(mountain_car.reset()[0], second)
    mountain_car.np_random = np.random.default_rng(np.random.SeedSequence(SEED))  # a generator given from outside counts too
    np.testing.assert_array_equal(mountain_car.reset()[0], first)


def test_what_is_returned_is_numpy_and_stays_as_it_was(mountain_car):
    observation, info = mountain_car.reset(seed=SEED)
    before = observation.copy()
    observation[:] = 0.0  # it is the caller's
    after, reward, terminated, truncated, info = mountain_car.step(np.int64(2))
    assert [type(x) for x in (after, reward, terminated, truncated)] == [np.ndarray, float, bool, bool]
    assert mountain_car.observation_space.contains(after)
    assert isinstance(info["discount"], np.floating)
    assert abs(after[0] - before[0]) < 0.1


def test_instances_share_what_is_compiled():
    env, params = gymnax.make("MountainCar-v0")
    compiled = []
    step_env, env.step_env = env.step_env, lambda *args: compiled.append(1) or step_env(*args)
    for _ in range(3):
        instance = JaxEnv(env, params)
        for seed in (0, 1):
            instance.reset(seed=seed)
            for action in (0, np.int64(1), np.int32(2), np.array(1)):
                instance.step(action)
    assert sum(compiled) == 1


def test_parameters_are_those_given():
    env, params = gymnax.make("MountainCar-v0")
    strong = JaxEnv(env, params.replace(force=0.01))
    weak = JaxEnv(env, params)
    speeds = [instance.step(2)[0][1] for instance in (strong, weak) if instance.reset(seed=SEED)]
    assert speeds[0] - speeds[1] == pytest.approx(0.009, rel=1e-3)


@pytest.mark.parametrize("action", [3, -1, 1.5, [0, 1]])
def test_an_action_that_is_not_there_is_refused(mountain_car, action):
    mountain_car.reset(seed=SEED)
    with pytest.raises(NeurorlError, match="'action' is"):
        mountain_car.step(action)


def test_misuse_is_explained(mountain_car):
    fresh = JaxEnv(*gymnax.make("MountainCar-v0"))
    with pytest.raises(NeurorlError, match="'step' came before 'reset'"):
        fresh.step(0)
    with pytest.raises(NeurorlError, match="'options' has 'wind'"):
        fresh.reset(options={"wind": 1})
    with pytest.raises(NeurorlError, match="'render_mode' is 'human'"):
        JaxEnv(*gymnax.make("MountainCar-v0"), render_mode="human")


def test_gymnasiums_wrappers_work_on_it():
    env = gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.wrappers.TimeLimit(JaxEnv(*gymnax.make("MountainCar-v0")), 5))
    env.reset(seed=SEED)
    *_, truncated, info = [env.step(1) for _ in range(5)][-1]
    assert truncated
    assert info["episode"]["r"] == -5.0


def test_an_environment_is_a_pure_function_of_its_chain():
    env, params = gymnax.make("MountainCar-v0")
    start, _ = sub_environment.begin(env, params, sub_environment.chain(np.uint32(3)))
    once, again = sub_environment.step(env, params, start, 2), sub_environment.step(env, params, start, 2)
    assert jax.tree.all(jax.tree.map(np.array_equal, once, again))
    assert not np.array_equal(once[0].key, start.key)
