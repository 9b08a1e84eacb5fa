"""The floor of every comparison: uniformly random actions."""

from typing import Any

import jax
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl.agents import actions
from neurorl.agents.actions import Actions
from neurorl.agents.contract import Agent, Timestep


@struct.dataclass
class Random(Agent):
    """An agent that does not look."""

    actions: Actions = Actions()

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "Random":
        """Return the agent for an environment's actions."""
        return cls(actions=actions.for_space(action_space))

    def init(self, key: Array) -> Array:
        """Return the key, which nothing reads: there is nothing to know, but learners are mapped over what they hold."""
        return jax.random.key_data(key)

    def learn(self, state: Any, timestep: Timestep, key: Array) -> tuple[Any, Array]:
        """Choose at random."""
        return state, self.actions.sample(key)

    def act(self, state: Any, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose at random."""
        return activity, self.actions.sample(key)
