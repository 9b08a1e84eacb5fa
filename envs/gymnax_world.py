"""gymnax's environments, and its wrappers, as a :class:`~neurorl.envs.world.World`."""

from typing import Any

import jax
import jax.numpy as jnp
from gymnasium import spaces
from jax import Array

from neurorl.envs.sub_environment import spaces_of
from neurorl.envs.world import Answer
from neurorl.errors import NeurorlError


class Gymnax:
    """An environment of gymnax's contract."""

    def __init__(self, env: Any):
        """Wrap an environment, or a wrapper around one."""
        from gymnax.environments.environment import Environment

        self.env = env
        self._own_final = isinstance(env, Environment)

    @property
    def name(self) -> str:
        """Name of its class."""
        return type(self.env).__name__

    @property
    def default_params(self) -> Any:
        """Its own."""
        return self.env.default_params

    def spaces(self, params: Any) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
        """Return the Gymnasium twins of its spaces."""
        return spaces_of(self.env, params)

    def limit(self, params: Any) -> int:
        """Return its parameter ``max_steps_in_episode``."""
        return int(params.max_steps_in_episode)

    def limited(self, params: Any, steps: int) -> Any:
        """Return the parameters with another one."""
        return params.replace(max_steps_in_episode=steps)

    def reset(self, key: Array, params: Any) -> tuple[Any, Any]:
        """Return the state and the first observation of an episode."""
        observation, state = self.env.reset(key, params)
        return state, observation

    def step(self, key: Array, state: Any, action: Any, params: Any) -> tuple[Any, Answer]:
        """Return the state and the answer; ``step`` of gymnax resets by itself."""
        observation, state, reward, terminated, truncated, info = self.env.step(key, state, action, params)
        final = info["final_observation"]
        if not self._own_final:  # a wrapper may change observations and leave this one as it was
            if jax.tree.map(jnp.shape, final) != jax.tree.map(jnp.shape, observation):
                raise NeurorlError(
                    f"'{self.name}' changes observations, but not info['final_observation']; let it change both alike"
                )
            final = jax.tree.map(lambda end, seen: jnp.where(terminated | truncated, end, seen), final, observation)
        return state, Answer(observation, reward, terminated, truncated, final, info.get("events", ()))
