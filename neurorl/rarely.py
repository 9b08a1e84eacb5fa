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
    """Return ``function(*arguments)``, an array, where ``needed`` []; elsewhere zeros."""
    like = jax.eval_shape(function, *arguments)
    result: Array = instead(needed, function, jnp.zeros(like.shape, like.dtype), *arguments)
    return result


def instead(needed: Array, function: Callable[..., Any], otherwise: Any, *arguments: Any) -> Any:
    """Return ``function(*arguments)`` where ``needed`` [], elsewhere ``otherwise``, a pytree of the same shapes and types.

    The function takes all that it reads as arguments, an agent's hyperparameters too: mapped ones may not be closed over.
    """
    # Flat, since some trees check what they are made of, and JAX fills them with flags.
    leaves, tree = jax.tree.flatten(arguments)
    return _instead(needed, lambda *given: function(*jax.tree.unflatten(tree, given)), otherwise, *leaves)


def _instead(needed: Array, function: Callable[..., Any], otherwise: Any, *leaves: Any) -> Any:
    @custom_vmap
    def one(needed: Array, otherwise: Any, *leaves: Any) -> Any:
        return jax.lax.cond(needed, lambda _, *given: function(*given), lambda other, *_: other, otherwise, *leaves)

    @one.def_vmap
    def many(size: int, mapped: list[Any], needed: Array, otherwise: Any, *leaves: Any) -> tuple[Any, Any]:
        def spread(own: bool, x: Array) -> Array:
            return x if own else jnp.broadcast_to(x, (size, *jnp.shape(x)))

        needed = spread(mapped[0], needed)
        otherwise = jax.tree.map(spread, mapped[1], otherwise)
        each = jax.vmap(function, in_axes=tuple(0 if own else None for own in mapped[2:]), axis_size=size)
        found = _instead(needed.any(), each, otherwise, *leaves)
        chosen = jax.tree.map(lambda new, old: jax.vmap(jnp.where)(needed, new, old), found, otherwise)
        return chosen, jax.tree.map(lambda _: True, chosen)

    return one(needed, otherwise, *leaves)
