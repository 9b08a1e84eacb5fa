"""What is known of an id is true of what the id itself makes, and of nothing else."""

import sys

import gymnasium
import gymnax
import jax
import jax.numpy as jnp
import pytest
from gymnasium.wrappers import RescaleObservation, TransformReward
from gymnax.environments.classic_control.cartpole import CartPole
from gymnax.wrappers.purerl import LogWrapper

from neurorl.envs import ranges, resolve
from neurorl.errors import NeurorlError


class Swapped(gymnasium.ActionWrapper):
    """Left is right."""

    def action(self, action):
        return 1 - action


class JaxSwapped(CartPole):
    """The same for gymnax's."""

    def step_env(self, key, state, action, params):
        return super().step_env(key, state, 1 - action, params)


def wrapped():
    return TransformReward(Swapped(gymnasium.make("CartPole-v1")), lambda reward: 0.01 * reward)


def strong():
    env = gymnasium.make("CartPole-v1")
    env.unwrapped.force_mag = 30.0
    return env


@pytest.mark.parametrize(
    "make",
    [
        lambda: gymnasium.make("CartPole-v1"),
        lambda: gymnasium.make("CartPole-v1", render_mode="rgb_array"),
        lambda: gymnasium.make("CartPole-v1", disable_env_checker=True),
    ],
)
def test_a_function_that_makes_what_an_id_makes_is_that_id(make):
    task = resolve(make)
    assert (task.env_id, task.source, task.known_id, task.threshold) == ("CartPole-v1", "CartPole-v1", "CartPole-v1", 475.0)
    assert task.ranges == ranges.KNOWN["CartPole-v1"]
    assert not task.changed


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (wrapped, "TransformReward-Swapped-CartPole-v1"),
        (strong, "CartPole-v1-changed"),
        (lambda: RescaleObservation(gymnasium.make("Pendulum-v1"), -10.0, 10.0), "RescaleObservation-Pendulum-v1"),
        (lambda: gymnasium.make("CartPole-v1", max_episode_steps=90), "CartPole-v1-changed"),
        (lambda: type("Mine", (type(gymnasium.make("CartPole-v1").unwrapped),), {})(), "Mine"),
    ],
)
def test_a_function_that_makes_something_else_is_itself(make, name):
    task = resolve(make)
    assert task.env_id == name
    assert (task.known_id, task.threshold, task.ranges) == (None, None, None)
    assert task.twin() is task


def test_settings_of_an_id_are_seen_through_a_function_and_an_object():
    for env in (lambda: gymnasium.make("FrozenLake-v1", is_slippery=False), gymnasium.make("FrozenLake-v1", is_slippery=False)):
        task = resolve(env)
        assert (task.source, task.parameters, task.changed) == ("FrozenLake-v1", {"is_slippery": False}, True)


def test_an_object_that_was_changed_is_copied_as_it_is():
    task = resolve(strong())
    assert task.source is None
    one, two = task.environments(2).envs
    assert one.unwrapped is not two.unwrapped
    assert one.unwrapped.force_mag == two.unwrapped.force_mag == 30.0
    used = gymnasium.make("CartPole-v1")
    used.reset(seed=5)
    used.step(1)
    assert resolve(used).known_id == "CartPole-v1"


def test_an_object_that_cannot_be_copied_asks_for_what_makes_it():
    env = gymnasium.make("CartPole-v1")
    env.unwrapped.socket = open("/dev/null")  # noqa: SIM115
    with pytest.raises(NeurorlError, match=r"cannot be copied for every seed .* pass its id, or the function that makes it"):
        resolve(env)
    env.unwrapped.socket.close()


def test_a_gymnax_object_is_its_id_only_where_it_is_what_the_id_makes():
    env, params = gymnax.make("CartPole-v1")
    same = resolve((env, params))
    assert (same.source, same.known_id, same.threshold, same.changed) == ("CartPole-v1", "CartPole-v1", 475.0, False)
    heavy = resolve((env, params.replace(masspole=jnp.float32(0.5))))
    assert (heavy.source, heavy.known_id, heavy.changed, heavy.twin()) == ("CartPole-v1", "CartPole-v1", True, None)
    assert heavy.parameters["masspole"] == 0.5
    deep = resolve(gymnax.make("DeepSea-bsuite", size=10)[0])
    assert (deep.source, deep.parameters["size"], deep.changed) == ("DeepSea-bsuite", 10, True)
    env.obs_shape = (5,)
    for thing, name in ((JaxSwapped(), "JaxSwapped"), (env, "CartPole-changed"), (LogWrapper(CartPole()), "LogWrapper-CartPole")):
        task = resolve(thing)
        assert (task.env_id, task.source, task.known_id, task.threshold) == (name, None, None, None)
        assert task.ranges is None
        assert task.twin() is None  # evaluated where it was trained


def test_the_observations_of_a_gymnax_wrapper_hold_to_the_end_of_an_episode():
    """A wrapper that changes observations and leaves info['final_observation'] alone, as most do."""

    class Tenfold(LogWrapper):
        def reset(self, key, params=None):
            observation, state = self._env.reset(key, params)
            return 10.0 * observation, state

        def step(self, key, state, action, params=None):
            observation, *rest = self._env.step(key, state, action, params)
            return 10.0 * observation, *rest

    task = resolve(Tenfold(CartPole()))
    environment = task.sub_environment(0, jax.random.key(0))
    environment.begin()
    seen = environment.step(jnp.int32(1))
    assert jnp.array_equal(seen.observation, seen.final_observation)


def test_what_a_module_holds_is_found_again_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "my_place.py").write_text(
        "import gymnasium\n"
        "from gymnasium.wrappers import TransformReward\n"
        "def easy():\n    return TransformReward(gymnasium.make('CartPole-v1'), abs)\n"
        "class Inner:\n    class Env(gymnasium.Env):\n"
        "        observation_space = action_space = gymnasium.spaces.Discrete(2)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    by_name = resolve("my_place:easy")
    assert (by_name.source, by_name.known_id) == ("my_place:easy", None)
    module = sys.modules.pop("my_place")
    assert resolve(module.easy).source is None  # nobody would find this one: the module is gone
    sys.modules["my_place"] = module
    assert resolve(module.easy).source == "my_place:easy"
    assert resolve(module.Inner.Env).source == "my_place:Inner.Env"
    with pytest.raises(NeurorlError, match="unknown environment 'my_place:hard'"):
        resolve("my_place:hard")
    (tmp_path / "my_broken.py").write_text("1 / 0\n")
    with pytest.raises(NeurorlError, match="module 'my_broken' cannot be imported: division by zero"):
        resolve("my_broken:Env-v0")


def test_an_id_that_somebody_registered_anew_is_theirs(tmp_path, monkeypatch):
    (tmp_path / "my_pole.py").write_text(
        "import gymnasium\n"
        "class Pole(gymnasium.Env):\n"
        "    observation_space, action_space = gymnasium.spaces.Box(-1, 1, (4,)), gymnasium.spaces.Discrete(2)\n"
        "gymnasium.register('CartPole-v1', Pole, max_episode_steps=9, reward_threshold=3)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(gymnasium.registry, "CartPole-v1", gymnasium.registry["CartPole-v1"])
    task = resolve("my_pole:CartPole-v1")
    assert (task.loop, task.max_episode_steps, task.threshold, task.known_id, task.ranges) == ("host", 9, 3, None, None)
    assert resolve(gymnax.make("CartPole-v1")).twin() is None
