"""Craftax (Matthews et al. 2024): ``craftax/Craftax-Classic-Symbolic-v1``.

Craftax ends an episode in the same way when the player dies and when the time is up; here the time is a truncation.
"""

from typing import Any

import numpy as np
from craftax.craftax_env import make_craftax_env_from_name
from gymnasium import spaces
from jax import Array

from neurorl.envs.identity import numbers
from neurorl.envs.suites.episode import SuiteWorld, box
from neurorl.envs.world import Answer

NEVER = int(np.iinfo(np.int32).max)


def ids() -> list[str]:
    """Return its names."""
    return [f"Craftax-{kind}-v1" for kind in ("Symbolic", "Pixels", "Classic-Symbolic", "Classic-Pixels")]


def arguments(name: str) -> dict[str, Any]:
    """Return the numbers among its parameters, but for the time limit."""
    params = make_craftax_env_from_name(name, auto_reset=False).default_params
    return {key: value for key, value in numbers(params).items() if key != "max_timesteps"}


def make(name: str, **arguments: Any) -> "Craftax":
    """Return an environment."""
    env = make_craftax_env_from_name(name, auto_reset=False)
    return Craftax(env, env.default_params.replace(**arguments), f"craftax/{name}")


class Craftax(SuiteWorld):
    """An environment of Craftax with its parameters."""

    def __init__(self, env: Any, params: Any, name: str):
        """Wrap an environment."""
        self.own = params.replace(max_timesteps=NEVER)
        seen, actions = env.observation_space(params), env.action_space(params)
        shape = tuple(seen.shape)
        super().__init__(env, name, box(seen.low, seen.high, shape), spaces.Discrete(actions.n), params.max_timesteps)

    def first(self, key: Array) -> tuple[Any, Any]:
        """Begin in a new world."""
        observation, state = self.env.reset_env(key, self.own)
        return state, observation

    def after(self, key: Array, state: Any, action: Any) -> tuple[Any, Answer]:
        """Take an action."""
        observation, state, reward, done, _ = self.env.step_env(key, state, action, self.own)
        return state, Answer(observation, reward, done, False, observation)
