"""pgx (Koyama et al. 2023): the games for one player, ``pgx/2048`` and MinAtar as published.

An illegal move of 2048 ends the episode at a reward of -1, as pgx has it. MinAtar has sticky actions and no time limit there; an
episode is cut after ``env.max_steps_in_episode`` steps.
"""

from typing import Any

import jax.numpy as jnp
import pgx
from gymnasium import spaces
from jax import Array

from neurorl.envs.registry import arguments_of
from neurorl.envs.suites.episode import SuiteWorld, box
from neurorl.envs.world import Answer

# A game's number of players is known only of the game, and to make all of them takes seconds.
ONE_PLAYER = ("2048",)
STEPS = 100_000  # an episode of a game that does not end by itself


def ids() -> list[str]:
    """Return the names of the games for one player."""
    return [name for name in pgx.available_envs() if name in ONE_PLAYER or name.startswith("minatar-")]


def arguments(name: str) -> dict[str, Any]:
    """Return the arguments of a game."""
    return arguments_of(type(pgx.make(name)))


def make(name: str, **arguments: Any) -> "Pgx":
    """Return a game."""
    return Pgx(type(pgx.make(name))(**arguments), f"pgx/{name}")


class Pgx(SuiteWorld):
    """A game of pgx for one player."""

    def __init__(self, env: Any, name: str):
        """Wrap a game."""
        shape = tuple(env.observation_shape)
        super().__init__(env, name, box(0.0, 1.0, shape), spaces.Discrete(env.num_actions), STEPS)

    def first(self, key: Array) -> tuple[Any, Any]:
        """Begin a game."""
        state = self.env.init(key)
        return state, state.observation.astype(jnp.float32)

    def after(self, key: Array, state: Any, action: Any) -> tuple[Any, Answer]:
        """Make a move."""
        state = self.env.step(state, action, key)
        observation = state.observation.astype(jnp.float32)
        return state, Answer(observation, state.rewards[0], state.terminated, state.truncated, observation)
