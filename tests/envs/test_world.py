"""A suite in JAX is one class: what its environments answer becomes a timestep in one place."""

import gymnasium
import gymnax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl.agents.random import Random
from neurorl.envs import resolve
from neurorl.envs.world import Answer, Border, restarted
from neurorl.errors import NeurorlError
from neurorl.loops.jax_loop import JaxLoop


class Counter:
    """A suite whose steps do not reset, as those of brax and jumanji; an episode counts to three, and is cut after ``limit``."""

    name = "counter"
    default_params = {"limit": jnp.int32(5), "end": jnp.int32(3)}
    reward = 1.0

    def spaces(self, params):
        return spaces.Dict(count=spaces.Box(0.0, 9.0, (1,)), even=spaces.Discrete(2)), spaces.Discrete(2, start=1)

    def limit(self, params):
        return int(params["limit"])

    def limited(self, params, steps):
        return params | {"limit": jnp.int32(steps)}

    def reset(self, key, params):
        return jnp.int32(0), self.look(jnp.int32(0))

    def step(self, key, state, action, params):
        state = state + (action == 2)
        answer = Answer(self.look(state), self.reward, state >= params["end"], state + 0 >= params["limit"], self.look(state))
        return restarted(self, key, params, state, answer)

    def look(self, state):
        return {"count": state[None].astype(jnp.float32), "even": state % 2}


@pytest.fixture
def border():
    counter = Counter()
    return Border(counter, "counter", *counter.spaces(None))


def test_an_episode_ends_with_what_the_action_led_to_and_the_first_observation_of_the_next(border):
    key, params = jax.random.key(0), Counter.default_params
    state, first = border.begin(key, params)
    assert (bool(first.terminated), bool(first.truncated), float(first.reward)) == (False, True, 0.0)
    seen = []
    for _ in range(4):
        state, timestep = border.step(key, state, jnp.int32(1), params)
        seen.append([*np.asarray(timestep.observation), *np.asarray(timestep.final_observation), bool(timestep.terminated)])
    assert seen == [[1, 1, 1, 1, False], [2, 0, 2, 0, False], [0, 0, 3, 1, True], [1, 1, 1, 1, False]]


def test_where_the_task_and_the_time_end_an_episode_the_task_does(border):
    _, timestep = border.step(jax.random.key(0), jnp.int32(2), jnp.int32(1), Counter.default_params | {"limit": jnp.int32(3)})
    assert bool(timestep.terminated)
    assert not bool(timestep.truncated)


def test_a_world_trains_and_evaluates_like_any_environment():
    task = resolve(Counter(), max_episode_steps=50)
    assert (task.loop, task.env_id, task.max_episode_steps, task.limited_by_us) == ("jax", "counter", 50, True)
    loop = JaxLoop(task, Random.for_spaces(task.observation_space, task.action_space), 0, 3, 1, 2)
    learners = loop.advance(loop.init(), 40)
    assert np.asarray(learners.episodes.ended).min() >= 3
    assert loop.evaluate(learners).shape == (3, 2)


def test_an_answer_that_breaks_the_contract_is_named(border):
    broken = Counter()
    broken.reward = jnp.ones(2)
    with pytest.raises(NeurorlError, match=r"environment 'counter' returned a reward of shape \(2,\) from step\(\)"):
        border._replace(world=broken).step(jax.random.key(0), jnp.int32(0), jnp.int32(0), Counter.default_params)
    broken = Counter()
    broken.look = lambda state: {"count": jnp.zeros(2), "even": state}
    with pytest.raises(NeurorlError, match=r"an observation of shape \(3,\) from reset\(\); its space, Dict.* asks for \(2,\)"):
        border._replace(world=broken).begin(jax.random.key(0), Counter.default_params)
    broken.look = lambda state: {"count": jnp.zeros(1)}
    with pytest.raises(NeurorlError, match=r"returned an observation from reset.*: 'even'"):
        border._replace(world=broken).begin(jax.random.key(0), Counter.default_params)


def test_states_that_are_not_in_the_space_do_not_count_as_fine():
    """In a compiled loop nobody can be asked at once: the learner is marked, and training stops at the next point."""

    class FromOne(Counter):
        def look(self, state):
            return {"count": state[None].astype(jnp.float32), "even": 1 + state % 2}

    for world, fine in ((Counter(), True), (FromOne(), False)):
        task = resolve(world)
        loop = JaxLoop(task, Random.for_spaces(task.observation_space, task.action_space), 0, 2, 1, 2)
        assert np.asarray(loop.advance(loop.init(), 10).episodes.finite).tolist() == [fine] * 2


def test_the_limit_can_be_raised_and_lowered():
    for limit, steps in ((None, 500), (30, 30), (1000, 1000)):
        for env in ("CartPole-v1", gymnax.make("CartPole-v1"), lambda: gymnasium.make("CartPole-v1")):
            task = resolve(env, max_episode_steps=limit)
            assert (task.max_episode_steps, task.limited_by_us) == (steps, limit is not None)
            assert task.twin().max_episode_steps == steps
    assert int(resolve("CartPole-v1", max_episode_steps=1000).env_params.max_steps_in_episode) == 1000
