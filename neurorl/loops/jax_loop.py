"""The jitted loop: agents and a JAX environment in one compiled program, mapped over the learners of a group.

Compiled once a run: the number of steps is an argument, and nothing is stacked over time.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl import packing
from neurorl.agents.contract import Agent, Timestep
from neurorl.envs.task import JaxTask
from neurorl.groups import Grouped
from neurorl.loops import episodes
from neurorl.loops.keys import key_of
from neurorl.loops.learners import Learners, is_finite, learner_keys, strongly_typed, update_keys

compilations = {"advance": 0, "evaluate": 0}  # counted at tracing, for tests


class World(NamedTuple):
    """The environments; a leading axis of learners on every field."""

    state: Any
    timestep: Timestep


class JaxLoop:
    """Train and evaluate agents in a JAX environment."""

    cuts_episodes = False
    not_finite: dict[int, str] = {}  # a compiled program does not look
    axis: int | None = None  # of the agent and the environment parameters; a sweep, which maps over them too, sets it to 0

    def __init__(
        self, task: JaxTask, agent: Agent, seed: int, seeds: int, eval_seed: int, eval_episodes: int, group: int | None = None
    ):
        """Prepare the loop; arguments as in the run's configuration, and without a group all learners are one."""
        self.border, self.limit = task.border, task.max_episode_steps
        self.set_arguments(task, agent, seed, seeds, eval_seed, eval_episodes, group)
        rows = self.axis is not None
        self._init = jax.jit(jax.vmap(self._init_one, in_axes=(self.axis, self.axis, 0)))
        self._advance = Grouped(self._advance_all, (rows, rows, True, True, True, True, False, False), donated=(3, 4, 5))
        evaluate = jax.vmap(jax.vmap(self._episode, in_axes=(None, None, None, 0)), in_axes=(self.axis, self.axis, 0, None))
        self._evaluate = Grouped(evaluate, (rows, rows, True, False))

    def set_arguments(
        self, task: JaxTask, agent: Agent, seed: int, seeds: int, eval_seed: int, eval_episodes: int, group: int | None = None
    ) -> None:
        """Take other arguments of the compiled program: numbers of an agent and an environment of the same kind, and seeds."""
        self.agent, self.params, self.group = agent, task.env_params, group
        self.keys = learner_keys(seed, seeds)
        self.eval_keys = jax.random.split(key_of(eval_seed), eval_episodes)

    def init(self) -> Learners:
        """Return learners that have not begun."""
        agent_state, progress, world = self._init(self.agent, self.params, self.keys)
        return Learners(agent_state, progress, jnp.int32(0), world)

    def warm_up(self, learners: Learners) -> Learners:
        """Compile; nothing is learned."""
        return jax.block_until_ready(self.advance(learners, 0))

    def advance(self, learners: Learners, steps: int) -> Learners:
        """Train every learner for ``steps`` environment steps."""
        state, progress, world, step = learners.agent, learners.episodes, learners.world, learners.step
        done = self._advance(self.group, self.agent, self.params, self.keys, state, progress, world, step, jnp.int32(steps))
        return Learners(done[0], done[1], step + steps, done[2])

    def change(self, task: JaxTask) -> None:
        """Go on with the parameters of another task of the same environment."""
        self.params = task.env_params

    def evaluate(self, learners: Learners) -> np.ndarray:
        """Return the returns of greedy episodes with frozen weights, [learners, episodes]."""
        return np.asarray(self._evaluate(self.group, self.agent, self.params, learners.agent, self.eval_keys))

    def checkpointed(self, learners: Learners) -> Learners:
        """Return the learners: a checkpoint holds the environments too, so nothing changes."""
        return learners

    def close(self) -> None:
        """Close nothing: the environments are arrays."""

    def _init_one(self, agent: Agent, params: Any, key: Array) -> tuple[Any, episodes.Episodes, World]:
        key_agent, key_env = jax.random.split(key)
        return strongly_typed((agent.init(key_agent), episodes.init(), World(*self.border.begin(key_env, params))))

    def _advance_all(
        self,
        agent: Agent,
        params: Any,
        keys: Array,
        agent_state: Any,
        progress: episodes.Episodes,
        world: World,
        step: Array,
        steps: Array,
    ) -> tuple[Any, episodes.Episodes, World]:
        compilations["advance"] += 1
        learners = Learners(agent_state, progress, step, world)
        one = jax.vmap(self._step_one, in_axes=(self.axis, self.axis, 0, 0, 0, 0, None))

        def body(_: Array, learners: Learners) -> Learners:
            agent_state, progress, world = one(
                agent, params, learners.agent, learners.episodes, learners.world, keys, learners.step
            )
            return Learners(agent_state, progress, learners.step + 1, world)

        every = agent.update_every
        if every is None:
            learners = jax.lax.fori_loop(0, steps, body, learners)
            return learners.agent, learners.episodes, learners.world
        end = learners.step + steps

        def stretch(learners: Learners) -> Learners:
            """Go on to the next update, or to the end if that comes first."""
            left = jnp.minimum(every - learners.step % every, end - learners.step)
            learners = jax.lax.fori_loop(0, left, body, learners)
            due = learners.step % every == 0  # the same for all learners, so that only one side of the branch runs
            return learners._replace(agent=jax.lax.cond(due, update, lambda state, _: state, learners.agent, learners.step))

        def update(state: Any, step: Array) -> Any:
            each = jax.vmap(lambda agent, *arguments: agent.update(*arguments), in_axes=(self.axis, 0, 0))
            return each(agent, state, update_keys(keys, step))

        learners = jax.lax.while_loop(lambda learners: learners.step < end, stretch, learners)
        return learners.agent, learners.episodes, learners.world

    def _step_one(
        self, agent: Agent, params: Any, agent_state: Any, progress: episodes.Episodes, world: World, key: Array, step: Array
    ) -> tuple[Any, episodes.Episodes, World]:
        key_agent, key_env = jax.random.split(jax.random.fold_in(key, step))
        agent_state, action = agent.learn(agent_state, world.timestep, key_agent)
        env_state, timestep = self.border.step(key_env, world.state, action, params)
        ended = timestep.terminated | timestep.truncated
        fine = is_finite(timestep.final_observation, timestep.reward)
        fine &= packing.inside(self.border.observation_space, timestep.final_observation)
        return agent_state, episodes.update(progress, timestep.reward, ended, fine, step + 1), World(env_state, timestep)

    def _episode(self, agent: Agent, params: Any, agent_state: Any, key: Array) -> Array:
        """Return the return of one greedy episode; the weights are closed over and never copied."""
        compilations["evaluate"] += 1
        key_env, key = jax.random.split(key)
        env_state, first = self.border.begin(key_env, params)
        start = (
            agent.initial_activity(agent_state),
            first.observation,
            env_state,
            jnp.float32(0.0),
            jnp.array(False),
            jnp.int32(0),
        )

        def going(carry: Any) -> Array:
            *_, ended, steps = carry
            return ~ended & (steps < self.limit)

        def step(carry: Any) -> Any:
            activity, observation, env_state, total, _, steps = carry
            key_agent, key_env = jax.random.split(jax.random.fold_in(key, steps))
            activity, action = agent.act(agent_state, activity, observation, key_agent)
            env_state, timestep = self.border.step(key_env, env_state, action, params)
            ended = timestep.terminated | timestep.truncated
            return activity, timestep.observation, env_state, total + timestep.reward, ended, steps + 1

        return jax.lax.while_loop(going, step, start)[3]
