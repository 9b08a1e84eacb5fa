"""What is needed at few steps and of few learners, computed when one of a batch needs it, and not at every step of all.

Mapped over learners, ``jax.lax.cond`` becomes a choice between both sides, and both run. Here the predicate of a batch is whether
it holds for any.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_batching import custom_vmap


def where(needed: Array, function: Callable[..., Array], *arguments: Any) -> Array:
    """Return ``function(*arguments)`` where ``needed`` []; elsewhere zeros, or that too, where another of a batch needs it.

    The function takes all that it reads as arguments.
    """

    @custom_vmap
    def one(needed: Array, *arguments: Any) -> Array:
        return _if(needed, function, *arguments)

    @one.def_vmap
    def many(size: int, mapped: list[Any], needed: Array, *arguments: Any) -> tuple[Array, bool]:
        axes = jax.tree.map(lambda own: 0 if own else None, tuple(mapped[1:]))
        each = jax.vmap(function, in_axes=axes, axis_size=size)
        return where(needed.any(), each, *arguments), True

    result: Array = one(needed, *arguments)
    return result


def _if(needed: Array, function: Callable[..., Array], *arguments: Any) -> Array:
    like = jax.eval_shape(function, *arguments)
    result: Array = jax.lax.cond(needed, function, lambda *_: jnp.zeros(like.shape, like.dtype), *arguments)
    return result
