r"""Feedforward divisive inhibition: how much comes in sets the gain with which all of it is read.

    sigma = sqrt(density / (3 D) (1 + sum_i x_i^2));      y = x / sigma

Inhibitory neurons that hear the D inputs alike divide what the excitatory ones receive (shunting inhibition; Carandini and Heeger
2012). The constant is such that a neuron whose weights are uniform in +-1 / sqrt(D), all but the share ``density`` of them zero,
has a drive of variance 1. Where a network normalises the drive of its neurons (LayerNorm; Ba, Kiros and Hinton 2016), the
derivative of a weight runs through every neuron of the layer; here sigma knows the inputs only, so that it stays local.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from neurorl.typing import Scalar


def divide(x: Float[Array, " k"], inputs: int, density: Scalar) -> Float[Array, " k"]:
    """Return what the inputs transmit under inhibition.

    Args:
        x: [k], activity of the inputs that fire; the others add nothing to the sum.
        inputs: Number of all inputs, D.
        density: Share of weights that are not zero at first.
    """
    return x / jnp.sqrt(density / (3.0 * inputs) * (1.0 + (x**2).sum()))
