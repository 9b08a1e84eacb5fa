"""SARSA(lambda) on tile coding: the strongest simple baseline of small control tasks (Sutton and Barto 2018, section 12.7)."""

from typing import Any

from flax import struct
from gymnasium import spaces

from neurorl import codes
from neurorl.agents.contract import count_actions
from neurorl.agents.sarsa import Sarsa


@struct.dataclass
class LinearSarsa(Sarsa):
    """SARSA(lambda) whose values are linear in the active tiles; see ``neurorl.agents.sarsa``."""

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "LinearSarsa":
        """Return the agent with its defaults for an environment's spaces: tilings of a box, one-hot for a discrete one."""
        kind = "tilings" if isinstance(observation_space, spaces.Box) else "one-hot"
        code: Any = codes.for_space(observation_space, **{"kind": kind, **ranges})
        return cls(code=code, actions=count_actions(cls, action_space), step_size=0.5, epsilon_start=0.1, epsilon_end=0.0)
