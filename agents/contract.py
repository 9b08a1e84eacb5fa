"""The agent contract: four jittable functions on unbatched arrays.

    state            = agent.init(key)                                   a learner that has seen nothing
    state, action    = agent.learn(state, timestep, key)                 learn from the last action's outcome, choose the next
    activity         = agent.rest(state)                                 what an episode starts with, weights apart
    activity, action = agent.act(state, activity, observation, key)      choose greedily; the weights are only read

An agent is itself a pytree of hyperparameters, so the caller may map over seeds and hyperparameters alike. One call of
``learn`` an environment step is all of training: it perceives the new observation once, both to judge the last action
and to choose the next.
"""

from typing import Any, NamedTuple, Protocol

import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from jax import Array

Values = Array | np.ndarray[Any, Any]


class Timestep(NamedTuple):
    """What the environment says after an action."""

    observation: Values  # what the next action answers: after an episode's end, the first observation of the next one
    reward: Values  # [], of the last action
    terminated: Values  # [], bool: the task ended the episode
    truncated: Values  # [], bool: something outside the task did
    final_observation: Values  # what the last action led to; differs from observation only at an episode's end


def restart(observation: Array) -> Timestep:
    """Return the timestep of an episode that begins: it ends nothing within the task and teaches nothing."""
    return Timestep(observation, jnp.float32(0.0), jnp.array(False), jnp.array(True), observation)


class Agent(Protocol):
    """What the training loops ask of an agent; see the module's docstring."""

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "Agent":
        """Return the agent with its default hyperparameters for an environment.

        Args:
            observation_space, action_space: Gymnasium spaces.
            **ranges: ``low``, ``high`` and ``angles`` of a Box observation (see ``neurorl.codes.for_space``).
        """
        ...

    def init(self, key: Array) -> Any:
        """Return the state of a learner that has seen nothing."""
        ...

    def learn(self, state: Any, timestep: Timestep, key: Array) -> tuple[Any, Array]:
        """Learn from what the last action brought, and choose the next action."""
        ...

    def rest(self, state: Any) -> Any:
        """Return the activity that an episode of frozen weights starts with; () for an agent without memory."""
        ...

    def act(self, state: Any, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose an action greedily, reading the weights only."""
        ...

    def report(self, state: Any) -> dict[str, Array]:
        """Return scalars worth a learning curve; {} where there are none."""
        ...
