import gymnasium
import gymnax
import pytest

from neurorl import envs
from neurorl.envs import ranges
from neurorl.errors import NeurorlError
from neurorl.runs import config


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


def test_known_ranges_are_those_of_a_box_of_the_same_size():
    space = gymnasium.make("CartPole-v1").observation_space
    assert ranges.find("CartPole-v1", space) == ranges.find("module:CartPole-v1", space) == ranges.KNOWN["CartPole-v1"]
    assert ranges.find("CartPole-v1", gymnasium.spaces.Box(-1.0, 1.0, (5,))) is None
    assert ranges.find("CartPole-v1", gymnasium.spaces.Discrete(4)) is None
    assert ranges.find("X-v0", space) is None


def test_an_id_whose_version_is_gone_means_its_successor():
    task = envs.resolve("Taxi-v1")
    assert task.env_id == max(name for name in gymnasium.registry if name.startswith("Taxi-v"))
    with pytest.raises(NeurorlError, match="unknown environment 'Taxi-v99'"):
        envs.resolve("Taxi-v99")
