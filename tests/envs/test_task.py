import gymnasium
import gymnax
import numpy as np
import pytest

from neurorl import envs
from neurorl.envs import ranges
from neurorl.errors import NeurorlError
from neurorl.running import config


def test_parameters_and_constructor_arguments_of_a_jax_environment_can_be_set():
    task = envs.resolve("CartPole-v1", settings={"length": 1.0})
    assert task.changed
    assert float(task.env_params.length) == 1.0
    assert float(task.env_params.polemass_length) == pytest.approx(0.1)
    deep = config.build("DeepSea-bsuite", "spiking-actor-critic", {}, {"env.size": 10}).task
    assert deep.env.size == 10
    assert deep.changed
    assert not envs.resolve("CartPole-v1").changed


def test_a_shorter_limit_survives_the_configuration():
    built = config.build("CartPole-v1", "random", {"max_episode_steps": 50}, {})
    again = config.from_json(built.to_json())
    for task in (built.task, again.task):
        assert task.max_episode_steps == 50
        assert task.limited_by_us
        assert not task.changed
        assert int(task.env_params.max_steps_in_episode) == 50


def test_objects_and_functions_are_tasks_too():
    assert envs.resolve(gymnax.make("CartPole-v1")).loop == "jax"
    assert envs.resolve(gymnax.make("CartPole-v1")[0]).loop == "jax"
    task = envs.resolve(gymnasium.make("CartPole-v1"))
    assert (task.loop, task.max_episode_steps, task.threshold) == ("host", 500, 475.0)
    assert envs.resolve(lambda: gymnasium.make("CartPole-v1")).loop == "host"
    with pytest.raises(NeurorlError, match="is no environment"):
        envs.resolve(3)


def test_no_limit_of_its_own_means_a_thousand_steps():
    endless = envs.resolve(lambda: gymnasium.make("CartPole-v1").unwrapped)
    assert endless.max_episode_steps == 1000
    assert endless.limited_by_us
    unlimited = envs.resolve("Blackjack-v1")
    assert unlimited.max_episode_steps == 1000
    assert unlimited.limited_by_us


def test_unbounded_dimensions_are_probed_and_bounded_ones_are_not():
    space = gymnasium.spaces.Box(np.array([-1.0, -np.inf]), np.array([1.0, np.inf]), dtype=np.float32)
    found = ranges.find("X-v0", space, lambda: iter(np.array([[0.0, -4.0], [0.5, 4.0]] * 500)))
    assert found.low == (-1.0, -6.0)
    assert found.high == (1.0, 6.0)

    def forbidden():
        raise AssertionError("a bounded space needs no walk")

    bounded = gymnasium.spaces.Box(-1.0, 1.0, (2,))
    assert ranges.find("X-v0", bounded, forbidden).high == (1.0, 1.0)
    assert ranges.find("X-v0", gymnasium.spaces.Discrete(3), forbidden) is None


def test_a_walk_that_meets_nan_says_so():
    space = gymnasium.spaces.Box(-np.inf, np.inf, (1,))
    with pytest.raises(NeurorlError, match="NaN"):
        ranges.find("X-v0", space, lambda: iter(np.full((1000, 1), np.nan)))
