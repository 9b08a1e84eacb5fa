"""Replay memory: the last transitions of one learner, of which an update draws a batch (Lin 1992)."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array


class Replay(NamedTuple):
    """A ring of transitions."""

    rows: Any  # transitions, with a leading axis [capacity] on every field
    stored: Array  # [], transitions stored so far, forgotten ones included


def init(example: Any, capacity: int) -> Replay:
    """Return an empty memory for transitions like ``example``."""
    return Replay(jax.tree.map(lambda x: jnp.zeros((capacity, *x.shape), x.dtype), example), jnp.int32(0))


def store(replay: Replay, transition: Any, wanted: Array) -> Replay:
    """Keep a transition, in place of the oldest where the memory is full, if it is ``wanted`` []."""
    capacity = len(jax.tree.leaves(replay.rows)[0])
    slot = jnp.where(wanted, replay.stored % capacity, capacity)  # beyond the end, where nothing is written
    rows = jax.tree.map(lambda all_, new: all_.at[slot].set(new, mode="drop"), replay.rows, transition)
    return Replay(rows, replay.stored + wanted)


def sample(replay: Replay, key: Array, batch: int) -> Any:
    """Return ``batch`` transitions drawn uniformly, with replacement."""
    capacity = len(jax.tree.leaves(replay.rows)[0])
    chosen = jax.random.randint(key, (batch,), 0, jnp.clip(replay.stored, 1, capacity))
    return jax.tree.map(lambda all_: all_[chosen], replay.rows)
