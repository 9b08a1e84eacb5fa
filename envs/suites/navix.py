"""navix (Pignatelli et al. 2024): MiniGrid in JAX; ``navix/Navix-Empty-5x5-v0``."""

from typing import Any

import jax.numpy as jnp
import navix
from gymnasium import spaces
from jax import Array
from navix.environments.environment import StepType

from neurorl.envs.suites.episode import SuiteWorld, box
from neurorl.envs.world import Answer
from neurorl.errors import NeurorlError, nearest

OBSERVATIONS = ("symbolic", "symbolic_first_person", "categorical", "categorical_first_person", "rgb", "rgb_first_person")

PLAYER = 10  # the highest number of an entity; navix's own spaces end at 8


def ids() -> list[str]:
    """Return its registered names."""
    return sorted(navix.registry())


def arguments(name: str) -> dict[str, Any]:
    """Return the time limit, navix's own, and which of its functions observes."""
    return {"max_steps": 100, "observation": OBSERVATIONS[0]}


def make(name: str, max_steps: int, observation: str) -> "Navix":
    """Return an environment."""
    if observation not in OBSERVATIONS:
        choices = f"{', '.join(OBSERVATIONS)}{nearest(observation, OBSERVATIONS)}"
        raise NeurorlError(f"'env.observation' is '{observation}'; it must be one of {choices}")
    env = navix.make(name, max_steps=max_steps, observation_fn=getattr(navix.observations, observation))
    return Navix(env, f"navix/{name}")


class Navix(SuiteWorld):
    """An environment of navix."""

    ends_itself = "max_steps"

    def __init__(self, env: Any, name: str):
        """Wrap an environment."""
        super().__init__(env, name, space_of(env.observation_space), space_of(env.action_space), env.max_steps)

    def first(self, key: Array) -> tuple[Any, Any]:
        """Begin an episode."""
        timestep = self.env.reset(key)
        return timestep, timestep.observation

    def after(self, key: Array, state: Any, action: Any) -> tuple[Any, Answer]:
        """Take an action; it draws on the state's own key."""
        timestep = self.env._step(state, jnp.asarray(action, state.action.dtype))  # `step` spends one on every reset
        terminated, truncated = (timestep.step_type == kind for kind in (StepType.TERMINATION, StepType.TRUNCATION))
        return timestep, Answer(timestep.observation, timestep.reward, terminated, truncated, timestep.observation)


def space_of(space: Any) -> spaces.Space[Any]:
    """Return the Gymnasium space of one of navix."""
    if isinstance(space, navix.spaces.Discrete) and space.shape == ():
        return spaces.Discrete(int(space.n))
    return box(space.minimum, max(int(space.maximum), PLAYER), space.shape, space.dtype)
