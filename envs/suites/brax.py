"""brax (Freeman et al. 2021): ``brax/ant``. Episodes are cut after 1,000 steps, as brax's own wrapper cuts them."""

from typing import Any

import jax
import numpy as np
from brax import envs
from gymnasium import spaces
from jax import Array

from neurorl.envs.registry import arguments_of
from neurorl.envs.suites.episode import SuiteWorld, box
from neurorl.envs.world import Answer


def ids() -> list[str]:
    """Return its registered names."""
    return sorted(envs._envs)


def arguments(name: str) -> dict[str, Any]:
    """Return the arguments of an environment: its rewards, its ranges and its ``backend``."""
    return arguments_of(envs._envs[name])


def make(name: str, **arguments: Any) -> "Brax":
    """Return an environment."""
    return Brax(envs.get_environment(name, **arguments), f"brax/{name}")


class Brax(SuiteWorld):
    """An environment of brax's contract, also MuJoCo Playground's."""

    def __init__(self, env: Any, name: str, steps: int | None = None):
        """Wrap an environment; its actions lie between -1 and 1."""
        super().__init__(env, name, space_of(env), box(-1.0, 1.0, (env.action_size,)), steps)

    def first(self, key: Array) -> tuple[Any, Any]:
        """Begin an episode."""
        state = self.env.reset(key)
        return state, state.obs

    def after(self, key: Array, state: Any, action: Any) -> tuple[Any, Answer]:
        """Take an action; whatever is random draws on the state's own key."""
        ours = jax.tree.map(lambda leaf: leaf, state)  # Playground writes what it measures into the state that it is given
        state = self.env.step(ours, action)
        return state, Answer(state.obs, state.reward, state.done > 0.0, False, state.obs)


def space_of(env: Any) -> spaces.Space[Any]:
    """Return the space of observations, one array or several by name."""
    seen = jax.eval_shape(env.reset, jax.random.PRNGKey(0)).obs
    if isinstance(seen, dict):
        return spaces.Dict({name: box(-np.inf, np.inf, part.shape) for name, part in seen.items()})
    return box(-np.inf, np.inf, seen.shape)
