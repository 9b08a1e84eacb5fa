r"""Synaptic scaling: a neuron whose input weights exceed their budget scales them all down together.

    w <- w min(1, cap / |w|),   |w| the L1 or L2 norm over the neuron's inputs

Turrigiano et al. (1998). Multiplying keeps the relative strengths, that is, what was learned.
"""

import jax.numpy as jnp
from jax import Array

NORMS = ("l2", "l1", "none")


def norms(weights: Array, norm: str) -> Array:
    """Return the norm of each neuron's input weights, [n], for weights [n, C] and ``norm`` l1 or l2."""
    return jnp.abs(weights).sum(-1) if norm == "l1" else jnp.sqrt((weights**2).sum(-1))


def cap(weights: Array, norm: str, maximum: float | Array, enabled: Array) -> tuple[Array, Array]:
    """Scale down the neurons whose weights exceed their budget.

    Args:
        weights: [n, C].
        norm: "l2", "l1" or "none".
        maximum: Budget of a neuron, in the unit of the norm.
        enabled: [], whether scaling may act; a step without dopamine must leave every weight as it is.

    Returns:
        The weights, and whether scaling acted on any neuron, [].
    """
    if norm == "none":
        return weights, jnp.array(False)
    size = norms(weights, norm)
    over = enabled & (size > maximum)
    return weights * jnp.where(over, maximum / size, 1.0)[:, None], over.any()
