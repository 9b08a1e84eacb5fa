"""XLand-MiniGrid (Nikulin et al. 2024): ``xminigrid/MiniGrid-Empty-5x5``.

Its XLand tasks are made of rules that are loaded by hand. Pass one as an object, ``XMinigrid(env, params.replace(ruleset=...))``.
"""

from typing import Any

import xminigrid
from gymnasium import spaces
from jax import Array
from xminigrid.core.constants import NUM_COLORS, NUM_TILES

from neurorl.envs.identity import numbers
from neurorl.envs.suites.episode import SuiteWorld, box
from neurorl.envs.world import Answer
from neurorl.errors import NeurorlError


def ids() -> list[str]:
    """Return its registered names."""
    return sorted(xminigrid.registered_environments())


def arguments(name: str) -> dict[str, Any]:
    """Return the numbers among its parameters."""
    return numbers(xminigrid.make(name)[1])


def make(name: str, **arguments: Any) -> "XMinigrid":
    """Return an environment."""
    env, params = xminigrid.make(name, **arguments)
    if name.startswith("XLand"):
        raise NeurorlError(
            f"'xminigrid/{name}' has no goal without a ruleset; load one and pass the environment from Python: "
            "neurorl.envs.suites.xminigrid.XMinigrid(env, params.replace(ruleset=...))"
        )
    return XMinigrid(env, params, f"xminigrid/{name}")


class XMinigrid(SuiteWorld):
    """An environment of XLand-MiniGrid with its parameters."""

    ends_itself = "max_steps"

    def __init__(self, env: Any, params: Any, name: str = "xminigrid"):
        """Wrap an environment; what it observes is a view of tiles, [view_size, view_size, 2]: kind and colour."""
        self.own = params
        shape = env.observation_shape(self.own)
        if isinstance(shape, dict):
            raise NeurorlError(f"'{name}' observes {', '.join(shape)}; leave out the wrapper that adds to its view")
        high = [NUM_TILES - 1, NUM_COLORS - 1]
        super().__init__(env, name, box(0, high, shape, "uint8"), spaces.Discrete(env.num_actions(self.own)), self.own.max_steps)

    def first(self, key: Array) -> tuple[Any, Any]:
        """Begin an episode."""
        timestep = self.env.reset(self.own, key)
        return timestep, timestep.observation

    def after(self, key: Array, state: Any, action: Any) -> tuple[Any, Answer]:
        """Take an action; it draws on the state's own key."""
        timestep = self.env.step(self.own, state, action)
        terminated = timestep.last() & (timestep.discount == 0.0)
        truncated = timestep.last() & ~terminated
        return timestep, Answer(timestep.observation, timestep.reward, terminated, truncated, timestep.observation)
