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
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv
from jax import Array

from neurorl import packing
from neurorl.agents.contract import Agent, Timestep
from neurorl.envs.task import Task
from neurorl.errors import NeurorlError
from neurorl.running import episodes
from neurorl.running.loop import Learners, learner_keys, update_keys

# Columns of a packed outcome; the observation and the final observation follow.
_REWARD, _TERMINATED, _TRUNCATED, _BEGINS, _HEAD = range(5)
_COUNT_EVERY = 256  # vector steps whose outcomes wait to be counted


class Head(NamedTuple):
    """What an environment answered, observations apart; fields of a batch are [vector steps, learners]."""

    reward: Array | np.ndarray  # []
    ended: Array | np.ndarray  # [], bool
    begins: Array | np.ndarray  # [], bool: only an episode's first observation, no step of the task
    finite: Array | np.ndarray  # [], bool: whether reward and observation are numbers


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
        self._outcome: np.ndarray | None = None  # what the agents will see next; None where episodes have yet to begin
        self._init = jax.jit(jax.vmap(lambda agent, key: agent.init(jax.random.split(key)[0]), in_axes=(None, 0)))
        self._step = jax.jit(self._step_all, donate_argnums=0)
        self._update = jax.jit(self._update_all, donate_argnums=0)

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
        return Learners(self._init(self.agent, self.keys), progress, jnp.int32(0), ())

    def warm_up(self, learners: Learners) -> Learners:
        """Compile; nothing is learned."""
        outcome = self._begin(int(learners.step))
        self._step(jax.tree.map(jnp.copy, learners), outcome)
        _count(learners.episodes, self._uncounted())
        if self.agent.update_every is not None:
            self._update(jax.tree.map(jnp.copy, learners))
        return learners

    def advance(self, learners: Learners, steps: int) -> Learners:
        """Train every learner for ``steps`` environment steps."""
        outcome = self._begin(int(learners.step)) if self._outcome is None else self._outcome
        next_step = self.env.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
        done, every = int(learners.step), self.agent.update_every
        for first in range(done, done + steps, _COUNT_EVERY):
            heads = self._uncounted()
            for i, step in enumerate(range(first, min(first + _COUNT_EVERY, done + steps))):
                learners, actions = self._step(learners, outcome)
                if every is not None and (step + 1) % every == 0:
                    learners = self._update(learners)
                ended = outcome[:, _TERMINATED] + outcome[:, _TRUNCATED] > outcome[:, _BEGINS]
                outcome = self._act_on(actions, begins=ended & next_step)
                _put(heads, i, outcome)
            learners = learners._replace(episodes=_count(learners.episodes, heads))
        self._outcome = outcome.copy()  # JAX may still be reading the array it was given
        return learners

    def evaluate(self, learners: Learners) -> np.ndarray:
        """Return the returns of greedy episodes with frozen weights, [learners, episodes]."""
        return play(self.task, self.agent, learners.agent, self.eval_seeds, self.seeds)

    def checkpointed(self, learners: Learners) -> Learners:
        """Cut the episodes, so that going on and resuming are the same thing."""
        self._outcome = None
        return learners._replace(episodes=jax.vmap(episodes.restart)(learners.episodes))

    def _act_on(self, actions: Array, begins: np.ndarray) -> np.ndarray:
        """Step the environments, and return their outcome; those in ``begins`` only bring a new episode's first observation."""
        answer: Any = self.env.step(packing.unpack(self.task.action_space, np.asarray(actions), (self.seeds,)))
        observation, reward, terminated, truncated, info = answer
        observation = packing.pack(self.task.observation_space, observation, (self.seeds,))
        final = _final_observation(self.task, observation, info)
        return self._pack(observation, final, reward, terminated & ~begins, truncated & ~terminated | begins, begins)

    def _begin(self, step: int) -> np.ndarray:
        """Reset the environments, and return an outcome that only begins episodes."""
        seeds: Any = [int(np.random.SeedSequence([self.seed + i, step]).generate_state(1)[0] >> 1) for i in range(self.seeds)]
        if not isinstance(self.env.unwrapped, SyncVectorEnv | AsyncVectorEnv):
            seeds = seeds[0]  # a native vector environment has one generator for all
        answer: Any = self.env.reset(seed=seeds)
        observation = packing.pack(self.task.observation_space, answer[0], (self.seeds,))
        return self._pack(observation, observation, 0.0, False, True, True)

    def _pack(self, observation: Any, final: Any, reward: Any, *flags: Any) -> np.ndarray:
        """Return an outcome as one new array: handing over an array costs a jitted call tens of microseconds."""
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

    def _step_all(self, learners: Learners, packed: Array) -> tuple[Learners, Array]:
        # The agent and the keys are compiled in. As arguments, each number of the agent would be sent to the device at every
        # step, and JAX takes typed keys only through its slow call path.
        keys = jax.vmap(jax.random.fold_in, in_axes=(0, None))(self.keys, learners.step)
        state, action = jax.vmap(self.agent.learn)(learners.agent, jax.vmap(self._unpack)(packed), keys)
        return learners._replace(agent=state, step=learners.step + 1), action

    def _uncounted(self) -> Head:
        """Return room for heads that are still to come; as they are, they count as no step."""
        shape = (_COUNT_EVERY, self.seeds)
        return Head(np.zeros(shape, np.float32), np.zeros(shape, bool), np.ones(shape, bool), np.ones(shape, bool))

    def _update_all(self, learners: Learners) -> Learners:
        keys = update_keys(self.keys, learners.step)
        return learners._replace(agent=jax.vmap(self.agent.update)(learners.agent, keys))


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
    keys = jax.vmap(jax.random.key)(jnp.asarray(seeds))
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


def _put(heads: Head, i: int, outcome: np.ndarray) -> None:
    """Keep what the bookkeeping of episodes needs of an outcome."""
    heads.reward[i] = outcome[:, _REWARD]
    heads.ended[i] = outcome[:, _TERMINATED] + outcome[:, _TRUNCATED] > 0.0
    heads.begins[i] = outcome[:, _BEGINS] > 0.0
    heads.finite[i] = np.isfinite(outcome).all(1)


@jax.jit
def _count(progress: episodes.Episodes, heads: Head) -> episodes.Episodes:
    """Take the outcomes of many vector steps into the bookkeeping: one call for all, because a call costs more than a count."""

    def one(progress: episodes.Episodes, head: Head) -> tuple[episodes.Episodes, None]:
        updated = episodes.update(progress, *map(jnp.asarray, (head.reward, head.ended, head.finite)))
        return jax.tree.map(lambda old, new: jnp.where(head.begins, old, new), progress, updated), None

    return jax.lax.scan(jax.vmap(one, out_axes=(0, None)), progress, heads)[0]


def _final_observation(task: Task, observation: Any, info: dict[str, Any]) -> Any:
    """Return what the last actions led to, packed: SAME_STEP autoreset keeps it in ``info``."""
    if "final_obs" not in info:
        return observation
    final = observation.copy()
    for lane in np.flatnonzero(info["_final_obs"]):
        final[lane] = packing.pack(task.observation_space, packing.lane(info["final_obs"], lane))
    return final
