"""One episode of one learner with everything its network did, for figures."""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np

from neurorl import packing
from neurorl.agents.contract import Agent, Recording, Timestep, restart
from neurorl.envs.task import Task
from neurorl.loops.host_loop import make_limited
from neurorl.loops.keys import key_of

LONGEST = 1000  # environment steps recorded


class Episode(NamedTuple):
    """A recorded episode of T environment steps."""

    recording: Recording  # what the network did, with a leading axis [T] on every field
    reward: np.ndarray  # [T], reward that arrived with each observation
    ended: str  # "terminated", "truncated", or "going on" where the recording stopped first


def episode(task: Task, agent: Agent, agent_state: Any, seed: int) -> Episode:
    """Record an episode in which the agent goes on learning; the given state is not changed.

    Args:
        task: The environment.
        agent: An agent with a ``record`` method.
        agent_state: State of one learner, without an axis of learners.
        seed: Seed of the episode.
    """
    order: list[tuple[str, ...]] = []  # of the names: JAX sorts a dictionary's keys

    @jax.jit
    def record(state: Any, timestep: Timestep, key: Any, step: Any) -> tuple[Any, Any, Recording]:
        state, action, recording = agent.record(state, timestep, jax.random.fold_in(key, step))  # type: ignore[attr-defined]
        order[:] = [tuple(names) for names in recording]
        return state, action, recording

    key, world = key_of(seed), _World(task, seed)
    timestep, recordings, rewards, ended = restart(world.reset()), [], [], "going on"
    for step in range(LONGEST):
        agent_state, action, recording = record(agent_state, timestep, key, step)
        recordings.append(recording)
        rewards.append(float(timestep.reward))
        if step > 0 and (timestep.terminated or timestep.truncated):
            ended = "terminated" if timestep.terminated else "truncated"
            break
        timestep = world.step(action)
    stacked = jax.tree.map(lambda *xs: np.stack([np.asarray(x) for x in xs]), *recordings)
    return Episode(Recording(*({name: part[name] for name in names} for part, names in zip(stacked, order, strict=True))),
                   np.array(rewards), ended)  # fmt: skip


class _World:
    """One environment of a task, of either kind, that does not reset by itself."""

    def __init__(self, task: Task, seed: int):
        self.task, self.seed = task, seed

    def reset(self) -> Any:
        if self.task.loop == "jax":
            self.key = key_of(self.seed)
            observation, self.state = self.task.env.reset(self.key, self.task.env_params)
            return self._seen(observation)
        self.env = make_limited(self.task)
        return self._seen(self.env.reset(seed=self.seed)[0])

    def _seen(self, observation: Any) -> Any:
        return jax.numpy.asarray(packing.pack(self.task.observation_space, observation))

    def step(self, action: Any) -> Timestep:
        if self.task.loop == "jax":
            self.key, self.state, timestep = self._advance(self.key, self.state, action)
            return timestep
        action = packing.unpack(self.task.action_space, np.asarray(action))
        observation, reward, terminated, truncated, _ = self.env.step(action)
        final = self._seen(observation)
        ends = np.bool_(terminated), np.bool_(truncated and not terminated)
        return Timestep(final, np.asarray(reward, np.float32).reshape(()), *ends, final)  # type: ignore[arg-type]

    @functools.partial(jax.jit, static_argnums=0)
    def _advance(self, key: Any, state: Any, action: Any) -> tuple[Any, Any, Timestep]:
        key, this = jax.random.split(key)
        action = packing.unpack(self.task.action_space, action)
        _, state, reward, terminated, truncated, info = self.task.env.step(this, state, action, self.task.env_params)
        final = self._seen(info["final_observation"])
        ends = terminated, truncated & ~terminated
        return key, state, Timestep(final, jax.numpy.float32(reward).reshape(()), *ends, final, info.get("events", ()))
