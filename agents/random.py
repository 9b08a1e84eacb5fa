"""The floor of every comparison: uniformly random actions."""

from typing import Any

import jax
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl.agents.contract import Timestep
from neurorl.errors import NeurorlError
from neurorl.parameters import parameter


@struct.dataclass
class Random:
    """An agent that does not look."""

    actions: int = parameter(2, "number of actions", low=1, static=True)

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "Random":
        """Return the agent for an environment with discrete actions."""
        if not isinstance(action_space, spaces.Discrete):
            raise NeurorlError(f"actions of {type(action_space).__name__} are not supported by random; it needs Discrete actions")
        return cls(actions=int(action_space.n))

    def init(self, key: Array) -> tuple[()]:
        """Return nothing: there is nothing to know."""
        return ()

    def learn(self, state: tuple[()], timestep: Timestep, key: Array) -> tuple[tuple[()], Array]:
        """Choose at random."""
        return state, jax.random.randint(key, (), 0, self.actions)

    def rest(self, state: tuple[()]) -> tuple[()]:
        """Return nothing."""
        return ()

    def act(self, state: tuple[()], activity: tuple[()], observation: Array, key: Array) -> tuple[tuple[()], Array]:
        """Choose at random."""
        return activity, jax.random.randint(key, (), 0, self.actions)

    def report(self, state: tuple[()]) -> dict[str, Array]:
        """Return nothing."""
        return {}
