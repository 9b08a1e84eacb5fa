"""Values that XLA computes once."""

from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import Array

from neurorl import backend

Values = TypeVar("Values")


def materialised(values: Values, anchor: Array) -> Values:
    """Return ``values`` as they are, but computed and stored before anything reads them.

    XLA on a CPU computes a producer again in every consumer, and a gather again for every element of a flattened one; barriers
    are dropped before it decides. What a loop hands out is stored, if the compiler cannot see that it runs once. Other devices
    are left alone.

    Args:
            values: Any arrays.
            anchor: int32 [], any number that is not a constant of the program.
    """
    if not backend.on_cpu():
        return values
    empty = jax.tree.map(jnp.zeros_like, values)
    return jax.lax.fori_loop(anchor, anchor + 1, lambda _, __: values, empty)
