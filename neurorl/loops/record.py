"""One episode of one learner with everything its network did, for figures."""

from typing import Any, NamedTuple

import jax
import numpy as np

from neurorl.agents.contract import Agent, Recording, Timestep
from neurorl.envs.task import Task
from neurorl.loops.keys import key_of

LONGEST = 1000  # environment steps recorded


class Episode(NamedTuple):
    """A recorded episode of T environment steps."""

    recording: Recording  # what the network did, with a leading axis [T] on every field
    reward: np.ndarray  # [T], reward that arrived with each observation
    ended: str  # "terminated", "truncated", or "going on" where the recording stopped first


def episode(task: Task, agent: Agent, agent_state: Any, seed: int, carried: Any = ()) -> Episode:
    """Record an episode in which the agent goes on learning; the given state is not changed.

    Args:
        task: The environment.
        agent: An agent with a ``record`` method.
        agent_state: State of one learner, without an axis of learners.
        seed: Seed of the episode.
        carried: What the learner's environment carries over from training (``Learners.world``).
    """
    order: list[tuple[str, ...]] = []  # of the names: JAX sorts a dictionary's keys

    @jax.jit
    def record(state: Any, timestep: Timestep, key: Any, step: Any) -> tuple[Any, Any, Recording]:
        state, action, recording = agent.record(state, timestep, jax.random.fold_in(key, step))  # type: ignore[attr-defined]
        order[:] = [tuple(names) for names in recording]
        return state, action, recording

    key = key_of(seed)
    environment = task.sub_environment(seed, key, carried)
    timestep, recordings, rewards, ended = environment.begin(), [], [], "going on"
    for step in range(LONGEST):
        agent_state, action, recording = record(agent_state, timestep, key, step)
        recordings.append(recording)
        rewards.append(float(timestep.reward))
        if step > 0 and (timestep.terminated or timestep.truncated):
            ended = "terminated" if timestep.terminated else "truncated"
            break
        timestep = environment.step(action)
        timestep = timestep._replace(observation=timestep.final_observation)  # the next episode is not recorded
    environment.close()
    stacked = jax.tree.map(lambda *xs: np.stack([np.asarray(x) for x in xs]), *recordings)
    return Episode(Recording(*({name: part[name] for name in names} for part, names in zip(stacked, order, strict=True))),
                   np.array(rewards), ended)  # fmt: skip
