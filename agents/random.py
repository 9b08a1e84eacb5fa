"""The floor of every comparison: uniformly random actions."""

from typing import Any

import jax
from flax import struct
from jax import Array

from neurorl.agents.contract import Agent, Timestep
from neurorl.parameters import parameter


@struct.dataclass
class Random(Agent):
    """An agent that does not look."""

    actions: int = parameter(2, "number of actions", low=1, static=True)

    def init(self, key: Array) -> Array:
        """Return the key, which nothing reads: there is nothing to know, but learners are mapped over what they hold."""
        return jax.random.key_data(key)

    def learn(self, state: Any, timestep: Timestep, key: Array) -> tuple[Any, Array]:
        """Choose at random."""
        return state, jax.random.randint(key, (), 0, self.actions)

    def act(self, state: Any, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose at random."""
        return activity, jax.random.randint(key, (), 0, self.actions)
