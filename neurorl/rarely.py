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

    The function takes all that it reads as arguments, an agent's hyperparameters too: mapped ones may not be closed over.
    """
    # Flat, since some trees check what they are made of, and JAX fills them with flags.
    leaves, tree = jax.tree.flatten(arguments)
    return _where(needed, lambda *given: function(*jax.tree.unflatten(tree, given)), *leaves)


def _where(needed: Array, function: Callable[..., Array], *leaves: Any) -> Array:
    @custom_vmap
    def one(needed: Array, *leaves: Any) -> Array:
        return _if(needed, function, *leaves)

    @one.def_vmap
    def many(size: int, mapped: list[Any], needed: Array, *leaves: Any) -> tuple[Array, bool]:
        each = jax.vmap(function, in_axes=tuple(0 if own else None for own in mapped[1:]), axis_size=size)
        return _where(needed.any(), each, *leaves), True

    result: Array = one(needed, *leaves)
    return result


def instead(needed: Array, function: Callable[..., Any], otherwise: Any, *arguments: Any) -> Any:
    """Return ``function(*arguments)`` where ``needed`` [], elsewhere ``otherwise``, a pytree of the same shapes and types.

    The function takes all that it reads as arguments.
    """

    @custom_vmap
    def one(needed: Array, otherwise: Any, *arguments: Any) -> Any:
        return jax.lax.cond(needed, lambda _, *given: function(*given), lambda other, *_: other, otherwise, *arguments)

    @one.def_vmap
    def many(size: int, mapped: list[Any], needed: Array, otherwise: Any, *arguments: Any) -> tuple[Any, Any]:
        def spread(own: bool, x: Array) -> Array:
            return x if own else jnp.broadcast_to(x, (size, *jnp.shape(x)))

        needed = spread(mapped[0], needed)
        otherwise = jax.tree.map(spread, mapped[1], otherwise)
        axes = jax.tree.map(lambda own: 0 if own else None, tuple(mapped[2:]))
        each = jax.vmap(function, in_axes=axes, axis_size=size)
        found = instead(needed.any(), each, otherwise, *arguments)
        chosen = jax.tree.map(lambda new, old: jax.vmap(jnp.where)(needed, new, old), found, otherwise)
        return chosen, jax.tree.map(lambda _: True, chosen)

    return one(needed, otherwise, *arguments)


def _if(needed: Array, function: Callable[..., Array], *arguments: Any) -> Array:
    like = jax.eval_shape(function, *arguments)
    result: Array = jax.lax.cond(needed, function, lambda *_: jnp.zeros(like.shape, like.dtype), *arguments)
    return result
