"""The small arrays of a state as one, because every array that a jitted call takes or returns costs it microseconds.

A typed key costs tens: JAX hands those in and out through the slow path of its calls. Packed, its bits are like any others.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

SMALL = 128  # entries of an array of one learner that is worth bundling


class StatePacker:
    """How states of one kind are packed and taken apart; works inside of ``jax.jit``."""

    def __init__(self, states: Any, axes: int = 1, small: int = SMALL):
        """Prepare for states of a kind.

        Args:
            states: Such states, a tree of arrays, or of their shapes and dtypes.
            axes: Leading axes that all arrays have, such as one of learners.
            small: Entries up to which an array, of one learner, is bundled.
        """
        leaves, tree = jax.tree.flatten(states)
        self._tree: Any = tree
        self._shapes = [(leaf.shape, leaf.dtype) for leaf in leaves]
        self._impls: list[Any] = []  # of keys
        self._like = jax.eval_shape(self._look, leaves)
        self._batch = self._like[0].shape[:axes] if leaves else (0,) * axes
        self._small = [i for i, leaf in enumerate(self._like) if self._size(leaf) <= small and _has_32_bits(leaf)]

    def fits(self, states: Any) -> bool:
        """Return whether states are of the kind, and arrays that have their values."""
        leaves, tree = jax.tree.flatten(states)
        if tree != self._tree or any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            return False
        return [(getattr(leaf, "shape", None), getattr(leaf, "dtype", None)) for leaf in leaves] == self._shapes

    def pack(self, states: Any) -> tuple[list[Array], Array]:
        """Return the arrays that stay as they are, and the bits of all others as int32 [*axes, k]."""
        leaves = [_data(leaf) for leaf in jax.tree.leaves(states)]
        bits = [jax.lax.bitcast_convert_type(leaves[i], jnp.int32).reshape(*self._batch, -1) for i in self._small]
        rest = [leaf for i, leaf in enumerate(leaves) if i not in self._small]
        return rest, jnp.concatenate([jnp.zeros((*self._batch, 0), jnp.int32), *bits], axis=-1)

    def unpack(self, packed: tuple[list[Array], Array]) -> Any:
        """Return the states that were packed."""
        large, bits = iter(packed[0]), packed[1]
        leaves, at = [], 0
        for i, (like, impl) in enumerate(zip(self._like, self._impls, strict=True)):
            if i in self._small:
                part = bits[..., at : at + self._size(like)].reshape(like.shape)
                leaf = jax.lax.bitcast_convert_type(part, like.dtype)
                at += self._size(like)
            else:
                leaf = next(large)
            leaves.append(leaf if impl is None else jax.random.wrap_key_data(leaf, impl=impl))
        return jax.tree.unflatten(self._tree, leaves)

    def _look(self, leaves: list[Any]) -> list[Array]:
        """Return what is packed of each leaf, and take down how the keys among them are made."""
        self._impls = [jax.random.key_impl(leaf) if _is_key(leaf) else None for leaf in leaves]
        return [_data(leaf) for leaf in leaves]

    def _size(self, leaf: jax.ShapeDtypeStruct) -> int:
        """Return the number of entries of one learner."""
        return math.prod(leaf.shape[len(self._batch) :])


def _is_key(leaf: Any) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _data(leaf: Any) -> Array:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _has_32_bits(leaf: jax.ShapeDtypeStruct) -> bool:
    return leaf.dtype in (jnp.float32, jnp.int32, jnp.uint32)
