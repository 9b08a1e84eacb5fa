"""What an encoder refuses, wherever its input is known: not while jit or vmap traces it."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from neurorl.errors import NeurorlError
from neurorl.typing import Values


def finite(name: str, values: Values, low: float = -math.inf, high: float = math.inf, above: float = -math.inf) -> Array:
    """Return ``values`` as an array, checked.

    Args:
        name: What it is called in the message.
        values: Numbers of any shape.
        low, high: Inclusive bounds.
        above: Exclusive lower bound.

    Raises:
        NeurorlError: A number is NaN, infinite or out of bounds.
    """
    if not isinstance(values, jax.core.Tracer):
        known = np.asarray(values)
        wrong = ~(np.isfinite(known) & (known >= low) & (known <= high) & (known > above))
        if wrong.any():
            bounds = [f"at least {low:g}"] * (low > -math.inf)
            bounds += [f"above {above:g}"] * (above > -math.inf) + [f"at most {high:g}"] * (high < math.inf)
            must = " and ".join(["finite", *bounds])
            raise NeurorlError(f"'{name}' is {known[wrong].flat[0]}; it must be {must}")
    return jnp.asarray(values)
