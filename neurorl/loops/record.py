"""One episode of one learner with everything its network did, for figures."""

from typing import Any, NamedTuple

import jax
import numpy as np

from neurorl.loops.keys import key_of
from neurorl.runs.config import Config

LONGEST = 1000  # environment steps recorded


class Episode(NamedTuple):
    """A recorded episode of T environment steps."""

    activity: Any  # the agent's activity, with a leading axis [T] on every field
    reward: np.ndarray  # [T], reward that arrived with each observation
    ended: str  # "terminated", "truncated", or "going on" where the recording stopped first


def episode(configuration: Config, agent_state: Any, seed: int, carried: Any = ()) -> Episode:
    """Record an episode in which the agent goes on learning; the given state is not changed.

    Args:
        configuration: A run's configuration; its agent must have a ``record`` method.
        agent_state: State of one learner, without an axis of learners.
        seed: Seed of the episode.
        carried: What the learner's environment carries over from training (``Learners.world``).
    """
    record = jax.jit(configuration.agent.record)  # type: ignore[attr-defined]
    key = key_of(seed)
    lane = configuration.task.lane(seed, key, carried)
    timestep, activities, rewards, ended = lane.begin(), [], [], "going on"
    for step in range(LONGEST):
        agent_state, action, activity = record(agent_state, timestep, jax.random.fold_in(key, step))
        activities.append(activity)
        rewards.append(float(timestep.reward))
        if step > 0 and (timestep.terminated or timestep.truncated):
            ended = "terminated" if timestep.terminated else "truncated"
            break
        timestep = lane.step(action)
        timestep = timestep._replace(observation=timestep.final_observation)  # the next episode is not recorded
    lane.close()
    stacked = jax.tree.map(lambda *xs: np.stack([np.asarray(x) for x in xs]), *activities)
    return Episode(stacked, np.array(rewards), ended)
