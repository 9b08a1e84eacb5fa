r"""A step that cannot overshoot: the more synapses are tagged, and the larger the error, the smaller the share that is corrected.

    g = rate delta / max(1, rate kappa max(1, |delta|) |E|_1)

Where no tag is larger than 1 the value moves by at most g |E|_1, so that less than a kappa-th of the error is corrected
whatever the network, and no learning rate has to be found (ObGD: Elsayed, Vasan and Mahmood 2024). Where tags are larger, a few
inputs that transmit much, the value moves by g |E|_2^2 and may be thrown past its goal, unless the mass counts a kappa-th of
that too (:func:`mass`). The mass is the one number that a synapse cannot know by itself: a second modulator, broadcast as
dopamine is.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from neurorl.typing import Scalar


def size(delta: Float[Array, ""], mass: Float[Array, ""], kappa: Scalar, rate: Scalar = 1.0) -> Float[Array, ""]:
    """Return the change for a unit of eligibility, g [].

    Args:
        delta: [], prediction error; zero makes no step.
        mass: [], of all tags, or a bound on it.
        kappa: How many times smaller than the largest safe step; 2 for values.
        rate: Largest learning rate, where the bound does not bind.
    """
    return rate * delta / jnp.maximum(1.0, rate * kappa * jnp.maximum(1.0, jnp.abs(delta)) * mass)


def mass(damping: Scalar, *factors: Float[Array, " _"]) -> Float[Array, ""]:
    """Return the mass [] of the tags that are the outer product of ``factors``: the larger of |E|_1 and ``damping`` |E|_2^2."""
    sizes = squares = jnp.float32(1.0)
    for factor in factors:
        sizes, squares = sizes * jnp.abs(factor).sum(), squares * (factor**2).sum()
    return jnp.maximum(sizes, damping * squares)
