"""What the two training loops have in common: the learners, their keys, and the shape of a loop."""

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl import backend
from neurorl.loops import episodes
from neurorl.loops.episodes import Episodes
from neurorl.loops.keys import key_of

UPDATES = 2**32 - 1  # where a step's number would stand; steps end before


NOT_FINE = "NaN, infinite, or no state of its space"  # of a learner whose ``episodes.finite`` is False
TOO_LARGE = "holds numbers beyond float32; make the rewards smaller (TransformReward) or its learning rate"


class Learners(NamedTuple):
    """Everything that changes in a run; a leading axis of learners on every field but ``step``."""

    agent: Any  # the agents' states
    episodes: Episodes
    step: Array  # [], environment steps done by every learner
    world: Any  # the environments' states and last timesteps; in the host loop running statistics of wrappers, () without


class Loop(Protocol):
    """A training loop over independent learners, one environment each."""

    cuts_episodes: bool  # whether a checkpoint cuts the episodes in progress
    not_finite: dict[int, str]  # what a learner's environment returned that is no number, where the loop sees it

    def init(self) -> Learners:
        """Return learners that have not begun."""
        ...

    def warm_up(self, learners: Learners) -> Learners:
        """Compile what `advance` needs; nothing is learned."""
        ...

    def advance(self, learners: Learners, steps: int) -> Learners:
        """Train every learner for a number of environment steps."""
        ...

    def evaluate(self, learners: Learners) -> np.ndarray:
        """Return the returns of greedy episodes with frozen weights, [learners, episodes]."""
        ...

    def change(self, task: Any) -> None:
        """Go on with the parameters of another task of the same environment."""
        ...

    def checkpointed(self, learners: Learners) -> Learners:
        """Return the learners as they go on after a checkpoint."""
        ...

    def close(self) -> None:
        """Close the environments."""
        ...


def learner_keys(seed: int, seeds: int) -> Array:
    """Return the keys of learners ``seed .. seed + seeds - 1``; a learner's key does not depend on the others."""
    return jax.vmap(key_of)(jnp.arange(seed, seed + seeds, dtype=jnp.uint32))


def update_keys(keys: Array, step: Array) -> Array:
    """Return the learners' keys for the update after an environment step, apart from those of the step itself."""
    return jax.vmap(lambda key: jax.random.fold_in(jax.random.fold_in(key, UPDATES), step))(keys)


def strongly_typed(tree: Any) -> Any:
    """Return a tree of the same arrays, none with a type that JAX calls weak, as those made of Python's numbers have.

    A step gives such an array a type of its own, and the program that takes it would be compiled a second time.
    """
    return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, jnp.asarray(leaf).dtype), tree)


def is_finite(*arrays: Array) -> Array:
    """Return whether every entry of every array is a number, []."""
    return jnp.stack([jnp.isfinite(jnp.asarray(a, jnp.float32)).all() for a in arrays]).all()


@jax.jit
def learner(states: Any, index: int | Array) -> Any:
    """Return the state of one learner, or of several where ``index`` is an array, from states with an axis of learners."""
    return jax.tree.map(lambda leaf: leaf[index], states)


def begins_finite(state: Any) -> tuple[bool, ...]:
    """Return which arrays of the agents' first state hold nothing but finite numbers; others mean something by it."""
    # On the host: a program for each shape of a leaf takes longer to make than all the leaves to be read.
    return tuple(bool(np.isfinite(np.asarray(leaf)).all()) if _is_real(leaf) else False for leaf in jax.tree.leaves(state))


def has_grown_too_large(state: Any, watched: tuple[bool, ...]) -> np.ndarray:
    """Return for every learner whether its agent's state holds a NaN or an infinite number in a watched array, [learners]."""
    leaves = [leaf for leaf, is_watched in zip(jax.tree.leaves(state), watched, strict=True) if is_watched]
    learners = jax.tree.leaves(state)[0].shape[0]
    if backend.on_cpu():  # the host reads the arrays where they are, in less time than a program takes to be made
        return np.asarray(_not_finite(np, [np.asarray(leaf) for leaf in leaves], learners))
    return np.asarray(jax.jit(_not_finite, static_argnums=(0, 2))(jnp, leaves, learners))


def _not_finite(xp: Any, leaves: list[Any], learners: int) -> Any:
    """Return which learners have an entry that is no finite number, [learners], by NumPy or by JAX."""
    return sum((~xp.isfinite(leaf).reshape(learners, -1).all(1) for leaf in leaves), xp.zeros(learners, bool))


def _is_real(leaf: Array) -> bool:
    return jnp.issubdtype(leaf.dtype, jnp.floating)


def with_log(learners: Learners, room: int) -> Learners:
    """Return learners that keep a log of their episodes, empty, with room for those of ``room`` steps; none where it is 0."""
    seeds = learners.episodes.ended.shape[0]
    log = jax.tree.map(lambda leaf: jnp.tile(leaf, (seeds, *[1] * leaf.ndim)), episodes.logging(room)) if room else ()
    return learners._replace(episodes=learners.episodes._replace(log=log))


@jax.jit
def curve_point(agent: Any, learners: Learners) -> tuple[Learners, dict[str, Array]]:
    """Return the learners and the values of one point of their training curves, each [learners]."""
    fresh, values = jax.vmap(episodes.point)(learners.episodes)
    values |= jax.vmap(agent.report)(learners.agent)
    return learners._replace(episodes=fresh), values
