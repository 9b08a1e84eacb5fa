"""The host loop: the same agents in any Gymnasium environment, one agent for each sub-environment of a vector.

The agents' step is one jitted call an environment step. Gymnasium environments cannot be saved, so at every checkpoint
their episodes are cut (a truncation, which teaches nothing) and begin again from a seed made of the learner's seed and the
step: a resumed run then sees the very same episodes.
"""

import functools
from typing import Any, NamedTuple

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from jax import Array

from neurorl.agents.contract import Agent, Timestep
from neurorl.envs.task import Task
from neurorl.errors import NeurorlError
from neurorl.running import episodes
from neurorl.running.loop import Learners, is_finite, learner_keys


class Outcome(NamedTuple):
    """What the environments answered; a leading axis of learners on every field."""

    timestep: Timestep
    begins: Array  # [], bool: only an episode's first observation, no step of the task
    counted: Array  # [], bool: already in the bookkeeping of episodes


class HostLoop:
    """Train and evaluate agents in a vector of Gymnasium environments."""

    def __init__(
        self,
        task: Task,
        agent: Agent,
        seed: int,
        seeds: int,
        eval_seed: int,
        eval_episodes: int,
        vector_env: VectorEnv | None = None,
    ):
        """Prepare the loop.

        Args:
            task, agent, seed, seeds, eval_seed, eval_episodes: As in the run's configuration.
            vector_env: A vector environment of ``seeds`` sub-environments to use instead of one made from the task; its
                autoreset mode may be NEXT_STEP or SAME_STEP.
        """
        self.task, self.agent, self.seed, self.seeds = task, agent, seed, seeds
        self.eval_seeds = [eval_seed + i for i in range(eval_episodes)]
        self.keys = learner_keys(seed, seeds)
        self._given_env = vector_env
        self._outcome: Outcome | None = None  # what the agents will see next; None where episodes have yet to begin
        self._init = jax.jit(jax.vmap(lambda agent, key: agent.init(jax.random.split(key)[0]), in_axes=(None, 0)))
        self._step = jax.jit(self._step_all, donate_argnums=1)
        self._count = jax.jit(jax.vmap(_count))

    @functools.cached_property
    def env(self) -> VectorEnv:
        """The vector environment."""
        if self._given_env is None:
            make = functools.partial(make_limited, self.task)
            return SyncVectorEnv([make] * self.seeds, autoreset_mode=AutoresetMode.SAME_STEP)
        mode = self._given_env.metadata.get("autoreset_mode")
        if mode not in (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP):
            raise NeurorlError(f"autoreset mode {mode} is not supported; use NEXT_STEP or SAME_STEP")
        if self._given_env.num_envs != self.seeds:
            raise NeurorlError(f"the vector environment has {self._given_env.num_envs} sub-environments for {self.seeds} seeds")
        return self._given_env

    def init(self) -> Learners:
        """Return learners that have not begun."""
        progress = jax.vmap(lambda _: episodes.init())(jnp.arange(self.seeds))
        self._outcome = None
        return Learners(self._init(self.agent, self.keys), progress, self.keys, jnp.int32(0), ())

    def warm_up(self, learners: Learners) -> Learners:
        """Compile; nothing is learned."""
        outcome = self._begin(int(learners.step))
        self._step(self.agent, jax.tree.map(jnp.copy, learners), outcome)
        self._count(learners.episodes, outcome)
        return learners

    def advance(self, learners: Learners, steps: int) -> Learners:
        """Train every learner for ``steps`` environment steps."""
        outcome = self._outcome or self._begin(int(learners.step))
        next_step = self.env.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
        for _ in range(steps):
            ended = outcome.timestep.terminated | outcome.timestep.truncated
            begins: Any = ended & ~outcome.begins if next_step else np.zeros(self.seeds, bool)
            learners, actions = self._step(self.agent, learners, outcome)
            outcome = self._act_on(actions, begins)
        counted = self._count(learners.episodes, outcome)
        self._outcome = outcome._replace(counted=outcome.counted | True)
        return learners._replace(episodes=counted)

    def evaluate(self, learners: Learners) -> np.ndarray:
        """Return the returns of greedy episodes with frozen weights, [learners, episodes]."""
        return play(self.task, self.agent, learners.agent, self.eval_seeds, self.seeds)

    def checkpointed(self, learners: Learners) -> Learners:
        """Cut the episodes, so that going on and resuming are the same thing."""
        self._outcome = None
        return learners._replace(episodes=jax.vmap(episodes.restart)(learners.episodes))

    def _act_on(self, actions: Array, begins: Any) -> Outcome:
        """Step the environments; those in ``begins`` only bring a new episode's first observation."""
        offset = int(getattr(self.env.single_action_space, "start", 0))
        answer: Any = self.env.step(np.asarray(actions) + offset)
        observation, reward, terminated, truncated, info = answer
        timestep = Timestep(
            observation=observation.copy(),
            reward=reward.astype(np.float32),
            terminated=terminated & ~begins,
            truncated=truncated & ~terminated | begins,
            final_observation=_final_observation(observation, info),
        )
        return Outcome(timestep, begins, counted=begins)

    def _begin(self, step: int) -> Outcome:
        seeds: Any = [int(np.random.SeedSequence([self.seed + i, step]).generate_state(1)[0] >> 1) for i in range(self.seeds)]
        answer: Any = self.env.reset(seed=seeds)
        observation, no, zero = answer[0].copy(), jnp.zeros(self.seeds, bool), jnp.zeros(self.seeds)
        timestep = Timestep(observation, zero, no, ~no, observation)
        return Outcome(timestep, begins=~no, counted=~no)

    def _step_all(self, agent: Agent, learners: Learners, outcome: Outcome) -> tuple[Learners, Array]:
        keys = jax.vmap(jax.random.fold_in, in_axes=(0, None))(learners.key, learners.step)
        state, action = jax.vmap(agent.learn)(learners.agent, outcome.timestep, keys)
        progress = jax.vmap(_count)(learners.episodes, outcome)
        return Learners(state, progress, learners.key, learners.step + 1, ()), action


def make_limited(task: Task) -> gymnasium.Env[Any, Any]:
    """Return an environment of a host task with the task's time limit."""
    assert task.make is not None
    env = task.make()
    if task.limited_by_us:
        env = gymnasium.wrappers.TimeLimit(env, max_episode_steps=task.max_episode_steps)
    return env


def play(task: Task, agent: Agent, agent_state: Any, seeds: list[int], learners: int) -> np.ndarray:
    """Return the returns of greedy episodes with frozen weights in Gymnasium, [learners, episodes].

    Args:
        task: A host task.
        agent: The agent.
        agent_state: Its states, with a leading axis of learners.
        seeds: The seed of each episode, the same for all learners.
        learners: Their number.
    """
    shape = (learners, len(seeds))
    activity = jax.tree.map(lambda x: jnp.broadcast_to(x[:, None], (*shape, *x.shape[1:])), jax.vmap(agent.rest)(agent_state))
    make = functools.partial(make_limited, task)
    envs: VectorEnv[Any, Any, Any] = SyncVectorEnv([make] * (learners * len(seeds)), autoreset_mode=AutoresetMode.SAME_STEP)
    offset = int(getattr(envs.single_action_space, "start", 0))
    all_seeds: Any = seeds * learners
    observation, _ = envs.reset(seed=all_seeds)
    total, alive = np.zeros(envs.num_envs), np.ones(envs.num_envs, bool)
    keys = jax.vmap(jax.random.key)(jnp.asarray(seeds))
    for step in range(task.max_episode_steps):
        seen = np.reshape(observation, (*shape, *np.shape(observation)[1:]))
        activity, actions = _act(agent, agent_state, activity, seen, keys, step)
        observation, reward, terminated, truncated, _ = envs.step(np.asarray(actions).ravel() + offset)
        total += np.where(alive, reward, 0.0)
        alive &= ~(terminated | truncated)
        if not alive.any():
            break
    envs.close()
    return total.reshape(shape)


@jax.jit
def _act(agent: Agent, state: Any, activity: Any, observation: Array, keys: Array, step: Array) -> tuple[Any, Array]:
    """Act with every learner [learners] in every episode [learners, episodes]."""
    keys = jax.vmap(jax.random.fold_in, in_axes=(0, None))(keys, step)
    episodes_of = jax.vmap(agent.act, in_axes=(None, 0, 0, 0))
    return jax.vmap(episodes_of, in_axes=(0, 0, 0, None))(state, activity, observation, keys)


def _count(progress: episodes.Episodes, outcome: Outcome) -> episodes.Episodes:
    """Take an outcome into the bookkeeping of one learner, unless it is there already."""
    t = outcome.timestep
    finite = is_finite(t.final_observation, t.reward)
    updated = episodes.update(progress, t.reward, t.terminated | t.truncated, finite)
    return jax.tree.map(lambda old, new: jnp.where(outcome.counted, old, new), progress, updated)


def _final_observation(observation: Any, info: dict[str, Any]) -> Any:
    """Return what the last actions led to: SAME_STEP autoreset keeps it in ``info``."""
    final = np.array(observation)
    if "final_obs" in info:
        for lane in np.flatnonzero(info["_final_obs"]):
            final[lane] = info["final_obs"][lane]
    return final
