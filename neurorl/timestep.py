"""What an environment tells an agent: the border between the two, which import nothing of each other.

Answers of environments become timesteps in ``neurorl.envs.world``, for every suite alike.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array


class Timestep(NamedTuple):
    """What the environment says after an action."""

    observation: Array  # what the next action answers: after an episode's end, the first observation of the next one
    reward: Array  # [], of the last action
    terminated: Array  # [], bool: the task ended the episode
    truncated: Array  # [], bool: something outside the task did
    final_observation: Array  # what the last action led to; differs from observation only at an episode's end
    events: Any = ()  # what happened in the step (RewardEvents), where the environment says; their rewards are in reward already


def restart(observation: Array, events: Any = ()) -> Timestep:
    """Return the timestep of an episode that begins: it ends nothing within the task and teaches nothing.

    Args:
        observation: The first observation.
        events: Those of a step in which nothing happened, of the environment's shapes.
    """
    return Timestep(observation, jnp.float32(0.0), jnp.array(False), jnp.array(True), observation, events)
