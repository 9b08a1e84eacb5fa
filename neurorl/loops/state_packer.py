"""The small arrays of a state as one, because every array that a jitted call takes or returns costs it microseconds."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

SMALL = 128  # entries of an array of one learner that is worth bundling


class StatePacker:
    """How states of one kind are packed and taken apart; works inside of ``jax.jit``."""

    def __init__(self, states: Any):
        """Prepare for states like these: a tree of arrays with a leading axis of learners, or their shapes and dtypes."""
        leaves, self._tree = jax.tree.flatten(states)
        self._like = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves]
        self._small = [i for i, leaf in enumerate(self._like) if _size(leaf) <= SMALL and _has_32_bits(leaf)]

    def pack(self, states: Any) -> tuple[list[Array], Array]:
        """Return the arrays that stay as they are, and the bits of all others as int32 [learners, k]."""
        leaves = jax.tree.leaves(states)
        bits = [jax.lax.bitcast_convert_type(leaves[i], jnp.int32).reshape(len(leaves[i]), -1) for i in self._small]
        learners = self._like[0].shape[0] if self._like else 0
        rest = [leaf for i, leaf in enumerate(leaves) if i not in self._small]
        return rest, jnp.concatenate([jnp.zeros((learners, 0), jnp.int32), *bits], axis=1)

    def unpack(self, packed: tuple[list[Array], Array]) -> Any:
        """Return the states that were packed."""
        large, bits = iter(packed[0]), packed[1]
        leaves, at = [], 0
        for i, like in enumerate(self._like):
            if i in self._small:
                part = bits[:, at : at + _size(like)].reshape(like.shape)
                leaves.append(jax.lax.bitcast_convert_type(part, like.dtype))
                at += _size(like)
            else:
                leaves.append(next(large))
        return jax.tree.unflatten(self._tree, leaves)


def _size(leaf: jax.ShapeDtypeStruct) -> int:
    """Return the number of entries of one learner."""
    return math.prod(leaf.shape[1:])


def _has_32_bits(leaf: jax.ShapeDtypeStruct) -> bool:
    return leaf.dtype in (jnp.float32, jnp.int32, jnp.uint32)
