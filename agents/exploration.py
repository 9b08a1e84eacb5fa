"""How often an agent that learns values acts at random: less and less, down to a floor."""

import jax.numpy as jnp
from jax import Array


def epsilon(start: float | Array, end: float | Array, steps: int | None, step: Array) -> Array:
    """Return the probability of a random action, []: from ``start`` to ``end`` in a straight line over ``steps``.

    Args:
        start, end: At the first step, and after ``steps``.
        steps: Environment steps that it takes; None: it is at its end.
        step: [], environment steps done.
    """
    over = 1.0 if steps is None else jnp.clip(step / steps, 0.0, 1.0)
    return jnp.asarray(start + over * (end - start))
