"""MinAtar (Young and Tian 2019) by gymnax's rules or by the published ones.

    rules        sticky actions    time limit, steps                              Asterix, all eight rows taken
    gymnax       none              1,000 (Freeway 2,500)                          a new entity may wipe out one that is there
    published    0.1               none (Freeway 2,501), but a cap of 100,000     nothing comes

A sticky action: with this probability the environment takes the action before, whichever episode that was in, instead of the
agent's. ``env.rules`` chooses, ``env.sticky`` and ``env.max_steps_in_episode`` overrule. docs/suites.md lists the differences.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.envs.gymnax_world import Gymnax
from neurorl.envs.minatar import games
from neurorl.envs.world import Answer
from neurorl.errors import NeurorlError, nearest

SUFFIX = "-MinAtar"  # of gymnax's ids
RULES = ("gymnax", "published")
STICKY = 0.1
CAP = 100_000  # the published games have no limit; with this no evaluation runs for ever
FREEWAY = 2501  # its timer counts 2,500 down to below 0


def arguments(name: str) -> dict[str, Any]:
    """Return what a game takes besides gymnax's own parameters, with defaults; nothing, where it is no game of MinAtar."""
    return {"rules": RULES[0], "sticky": 0.0} if name.endswith(SUFFIX) else {}


def completed(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings with what the rules imply where they do not say otherwise.

    Raises:
        NeurorlError: Rules that nobody knows, or a probability that is none.
    """
    rules, sticky = settings.get("rules", RULES[0]), settings.get("sticky", 0.0)
    if rules not in RULES:
        raise NeurorlError(f"'env.rules' is '{rules}'; it must be one of {', '.join(RULES)}{nearest(rules, RULES)}")
    if not 0.0 <= sticky <= 1.0:
        raise NeurorlError(f"'env.sticky' is {sticky}; it is a probability, from 0 to 1")
    if rules == RULES[0]:
        return settings
    limit = FREEWAY if name.startswith("Freeway") else CAP
    return {"sticky": STICKY, "max_steps_in_episode": limit} | settings


def world(env: Any, values: dict[str, Any]) -> Gymnax:
    """Return an environment of gymnax, a game by the rules among its parameters."""
    env = games.quick(env)
    published, sticky = values.get("rules", RULES[0]) != RULES[0], values.get("sticky", 0.0)
    return MinAtar(env, sticky, published) if published or sticky else Gymnax(env)


class Played(NamedTuple):
    """A game on its way."""

    state: Any  # gymnax's
    action: Array  # [], int: the one before


class MinAtar(Gymnax):
    """A game of gymnax with sticky actions."""

    def __init__(self, env: Any, sticky: float, published: bool):
        """Wrap a game.

        Args:
            env: gymnax's.
            sticky: Probability that the action before is taken.
            published: Whether what gymnax does differently is mended too.
        """
        from gymnax.environments.minatar.asterix import MinAsterix

        super().__init__(env)
        self.sticky, self.spawns = sticky, published and isinstance(env, MinAsterix)

    def reset(self, key: Array, params: Any) -> tuple[Played, Any]:
        """Return the state and the first observation of an episode."""
        state, observation = super().reset(key, params)
        return Played(state, jnp.int32(0)), observation

    def step(self, key: Array, state: Played, action: Any, params: Any) -> tuple[Played, Answer]:
        """Return the state and the answer."""
        key, key_sticky, key_spawn = jax.random.split(key, 3)
        action = jnp.where(jax.random.bernoulli(key_sticky, self.sticky), state.action, jnp.asarray(action, jnp.int32))
        game = spawned(key_spawn, state.state) if self.spawns else state.state
        after, answer = super().step(key, game, action, params)
        return Played(after, action), answer


def spawned(key: Array, state: Any) -> Any:
    """Return a state of Asterix with the entity that is due in one of the free rows, if there is one.

    gymnax spawns too, but finds seven of the eight rows, and where none of them is free puts nothing over what is there.
    """
    keys = jax.random.split(key, 3)
    free = state.entities[:, 4] == 0
    due, row = state.spawn_timer == 0, jax.random.categorical(keys[0], jnp.where(free, 0.0, -jnp.inf))
    from_left, gold = jax.random.bernoulli(keys[1], 0.5), jax.random.bernoulli(keys[2], 1.0 / 3.0)
    entity = jnp.stack([jnp.where(from_left, 0, 9), row + 1, from_left, gold, 1]).astype(state.entities.dtype)
    placed = state.entities.at[row].set(entity)
    return state.replace(
        entities=jnp.where(due & free.any(), placed, state.entities),
        spawn_timer=jnp.where(due, state.spawn_speed, state.spawn_timer),
    )
