"""The host loop: the same agents in any Gymnasium environment, one agent for each sub-environment of a vector.

The agents' step is one jitted call an environment step. Gymnasium environments cannot be saved, so at every checkpoint
their episodes are cut (a truncation, which teaches nothing) and begin again from a seed made of the learner's seed and the
step: a resumed run then sees the very same episodes.
"""

import functools
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv
from jax import Array

from neurorl import packing
from neurorl.agents.contract import Agent, Timestep
from neurorl.envs.task import Task
from neurorl.errors import NeurorlError
from neurorl.loops import episodes
from neurorl.loops.bundle import Bundle
from neurorl.loops.keys import key_of
from neurorl.loops.learners import Learners, learner_keys, update_keys

# Columns of an outcome, which is one array because handing over an array costs a jitted call tens of microseconds; the
# observation and the final observation follow. BEGINS: only an episode's first observation, no step of the task.
_REWARD, _TERMINATED, _TRUNCATED, _BEGINS, _HEAD = range(5)
_COUNT_EVERY = 256  # vector steps whose heads wait to be counted


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
            vector_env: A vector environment of ``seeds`` sub-environments to use instead of one made from the task, of any
                autoreset mode.
        """
        self.task, self.agent, self.seed, self.seeds = task, agent, seed, seeds
        self.eval_seeds = [eval_seed + i for i in range(eval_episodes)]
        self.keys = learner_keys(seed, seeds)
        self._given_env = vector_env
        self._outcome: np.ndarray | None = None  # what the agents will see next; None where episodes have yet to begin
        self._init = jax.jit(jax.vmap(lambda agent, key: agent.init(jax.random.split(key)[0]), in_axes=(None, 0)))
        self._bundle = Bundle(jax.eval_shape(self._init, agent, self.keys))
        self._pack_states, self._unpack_states = jax.jit(self._bundle.pack), jax.jit(self._bundle.unpack)
        self._step = jax.jit(self._step_all, donate_argnums=(0, 1))
        self._update = jax.jit(self._update_all, donate_argnums=0)

    @functools.cached_property
    def env(self) -> VectorEnv:
        """The vector environment."""
        if self._given_env is None:
            make = functools.partial(make_limited, self.task)
            # Of the modes this is the fastest; what ended is reset in `_act_on`.
            return SyncVectorEnv([make] * self.seeds, copy=False, autoreset_mode=AutoresetMode.DISABLED)
        if self._given_env.num_envs != self.seeds:
            raise NeurorlError(f"the vector environment has {self._given_env.num_envs} sub-environments for {self.seeds} seeds")
        return self._given_env

    @functools.cached_property
    def _mode(self) -> AutoresetMode:
        """What the vector environment does with a sub-environment whose episode has ended."""
        # Gymnasium's vectors of one environment share its metadata, in which the mode is that of the youngest of them.
        mode = getattr(self.env.unwrapped, "autoreset_mode", self.env.metadata.get("autoreset_mode"))
        if mode not in tuple(AutoresetMode):
            raise NeurorlError(f"autoreset mode {mode} is not supported; use {', '.join(mode.name for mode in AutoresetMode)}")
        return mode

    def init(self) -> Learners:
        """Return learners that have not begun."""
        progress = jax.vmap(lambda _: episodes.init())(jnp.arange(self.seeds))
        self._outcome = None
        return Learners(self._init(self.agent, self.keys), progress, jnp.int32(0), ())

    def warm_up(self, learners: Learners) -> Learners:
        """Compile; nothing is learned."""
        _ = self._mode
        outcome = self._begin(int(learners.step))
        states, step, _ = self._step(self._pack_states(jax.tree.map(jnp.copy, learners.agent)), jnp.copy(learners.step), outcome)
        _count(learners.episodes, *self._uncounted())
        if self.agent.update_every is not None:
            states = self._update(states, step)
        self._unpack_states(states)
        return learners

    def advance(self, learners: Learners, steps: int) -> Learners:
        """Train every learner for ``steps`` environment steps."""
        outcome = self._begin(int(learners.step)) if self._outcome is None else self._outcome
        next_step = self._mode == AutoresetMode.NEXT_STEP
        done, every = int(learners.step), self.agent.update_every
        states, progress, count = self._pack_states(learners.agent), learners.episodes, learners.step
        for first in range(done, done + steps, _COUNT_EVERY):
            heads, finite = self._uncounted()
            for i, step in enumerate(range(first, min(first + _COUNT_EVERY, done + steps))):
                states, count, actions = self._step(states, count, outcome)
                if every is not None and (step + 1) % every == 0:
                    states = self._update(states, count)
                begins = _ended(outcome) & (outcome[:, _BEGINS] == 0.0) if next_step else None
                outcome = self._act_on(actions, begins)
                heads[i] = outcome[:, :_HEAD]
                np.isfinite(outcome).all(1, out=finite[i])
            progress = _count(progress, heads, finite)
        self._outcome = outcome
        return Learners(self._unpack_states(states), progress, count, learners.world)

    def evaluate(self, learners: Learners) -> np.ndarray:
        """Return the returns of greedy episodes with frozen weights, [learners, episodes]."""
        return play(self.task, self.agent, learners.agent, self.eval_seeds, self.seeds)

    def checkpointed(self, learners: Learners) -> Learners:
        """Cut the episodes, so that going on and resuming are the same thing."""
        self._outcome = None
        return learners._replace(episodes=jax.vmap(episodes.restart)(learners.episodes))

    def _act_on(self, actions: Array, begins: np.ndarray | None) -> np.ndarray:
        """Step the environments, and return their outcome; those in ``begins``, if any, only begin an episode."""
        answer: Any = self.env.step(self._unpacked(actions))
        observation, reward, terminated, truncated, info = answer
        observation = final = packing.pack(self.task.observation_space, observation, (self.seeds,))
        if self._mode == AutoresetMode.DISABLED:
            ended = terminated | truncated
            if ended.any():
                final = observation.copy()
                answer = self.env.reset(options={"reset_mask": ended})
                observation = packing.pack(self.task.observation_space, answer[0], (self.seeds,))
        elif "final_obs" in info:  # SAME_STEP
            final = observation.copy()
            for lane in np.flatnonzero(info["_final_obs"]):
                final[lane] = packing.pack(self.task.observation_space, packing.lane(info["final_obs"], lane))
        if begins is not None:
            terminated, truncated = terminated & ~begins, truncated | begins
        return self._pack(observation, final, reward, terminated, truncated & ~terminated, 0.0 if begins is None else begins)

    def _unpacked(self, actions: Array) -> Any:
        """Return actions as the vector environment takes them."""
        value = packing.unpack(self.task.action_space, np.asarray(actions), (self.seeds,))
        # SyncVectorEnv hands entries on as they are, and environments check Python's whole numbers faster than NumPy's.
        plain = self._given_env is None and isinstance(self.task.action_space, spaces.Discrete)
        return value.tolist() if plain else value

    def _begin(self, step: int) -> np.ndarray:
        """Reset the environments, and return an outcome that only begins episodes."""
        seeds: Any = [int(np.random.SeedSequence([self.seed + i, step]).generate_state(1)[0] >> 1) for i in range(self.seeds)]
        if not isinstance(self.env.unwrapped, SyncVectorEnv | AsyncVectorEnv):
            seeds = seeds[0]  # a native vector environment has one generator for all
        answer: Any = self.env.reset(seed=seeds)
        observation = packing.pack(self.task.observation_space, answer[0], (self.seeds,))
        return self._pack(observation, observation, 0.0, False, True, True)

    def _pack(self, observation: Any, final: Any, reward: Any, *flags: Any) -> np.ndarray:
        """Return an outcome, a new array: JAX may still be reading the one before."""
        size = observation.size // self.seeds
        packed = np.empty((self.seeds, _HEAD + 2 * size), np.float32)
        packed[:, _REWARD] = reward
        for column, flag in zip((_TERMINATED, _TRUNCATED, _BEGINS), flags, strict=True):
            packed[:, column] = flag
        packed[:, _HEAD : _HEAD + size] = observation.reshape(self.seeds, size)
        packed[:, _HEAD + size :] = final.reshape(self.seeds, size)
        return packed

    def _unpack(self, packed: Array) -> Timestep:
        """Return the timestep of one learner, from its row."""
        shape, dtype = packing.shape_and_dtype(self.task.observation_space)
        observation, final = packed[_HEAD:].reshape(2, *shape).astype(jax.dtypes.canonicalize_dtype(dtype))
        return Timestep(observation, packed[_REWARD], packed[_TERMINATED] > 0.0, packed[_TRUNCATED] > 0.0, final)

    def _step_all(self, states: Any, step: Array, outcome: Array) -> tuple[Any, Array, Array]:
        # The hyperparameters and the keys are compiled in. As arguments, each number of the agent would be sent to the device at
        # every step, and JAX takes typed keys only through its slow call path.
        keys = jax.vmap(jax.random.fold_in, in_axes=(0, None))(self.keys, step)
        timesteps = jax.vmap(self._unpack)(outcome)
        agents, actions = jax.vmap(self.agent.learn)(self._bundle.unpack(states), timesteps, keys)
        return self._bundle.pack(agents), step + 1, actions

    def _update_all(self, states: Any, step: Array) -> Any:
        agents = jax.vmap(self.agent.update)(self._bundle.unpack(states), update_keys(self.keys, step))
        return self._bundle.pack(agents)

    def _uncounted(self) -> tuple[np.ndarray, np.ndarray]:
        """Return room for the heads of outcomes to come [steps, seeds, HEAD], and whether each is of numbers [steps, seeds].

        As they are they only begin episodes, which counts as nothing.
        """
        heads = np.zeros((_COUNT_EVERY, self.seeds, _HEAD), np.float32)
        heads[:, :, _BEGINS] = 1.0
        return heads, np.ones(heads.shape[:2], bool)


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
    activity = jax.tree.map(
        lambda x: jnp.broadcast_to(x[:, None], (*shape, *x.shape[1:])), jax.vmap(agent.rest, axis_size=learners)(agent_state)
    )
    make = functools.partial(make_limited, task)
    envs: VectorEnv[Any, Any, Any] = SyncVectorEnv([make] * (learners * len(seeds)), autoreset_mode=AutoresetMode.SAME_STEP)
    all_seeds: Any = seeds * learners
    observation, _ = envs.reset(seed=all_seeds)
    total, alive = np.zeros(envs.num_envs), np.ones(envs.num_envs, bool)
    keys = jax.vmap(key_of)(jnp.asarray(seeds))
    for step in range(task.max_episode_steps):
        seen = packing.pack(task.observation_space, observation, (envs.num_envs,))
        seen = np.reshape(seen, (*shape, *np.shape(seen)[1:]))
        activity, actions = _act(agent, agent_state, activity, seen, keys, step)
        flat = np.asarray(actions).reshape(envs.num_envs, *np.shape(actions)[2:])
        observation, reward, terminated, truncated, _ = envs.step(packing.unpack(task.action_space, flat, (envs.num_envs,)))
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


def _ended(outcome: Any) -> Any:
    """Return whether each outcome ended an episode, bool, the last axis reduced."""
    return (outcome[..., _TERMINATED] > 0.0) | (outcome[..., _TRUNCATED] > 0.0)


@jax.jit
def _count(progress: episodes.Episodes, heads: Array, finite: Array) -> episodes.Episodes:
    """Take the outcomes of many vector steps into the bookkeeping: one call for all, because a call costs more than a count.

    Args:
        progress: The bookkeeping of the learners.
        heads: [steps, learners, HEAD], the outcomes without their observations.
        finite: [steps, learners], whether each outcome is of numbers.
    """

    def one(progress: episodes.Episodes, head: Array, finite: Array) -> episodes.Episodes:
        updated = episodes.update(progress, head[_REWARD], _ended(head), finite)
        return jax.tree.map(lambda old, new: jnp.where(head[_BEGINS] > 0.0, old, new), progress, updated)

    def all_of(progress: episodes.Episodes, step: tuple[Array, Array]) -> tuple[episodes.Episodes, None]:
        return jax.vmap(one)(progress, *step), None

    return jax.lax.scan(all_of, progress, (heads, finite))[0]
