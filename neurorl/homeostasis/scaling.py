r"""Synaptic scaling: a neuron whose input weights exceed their budget scales them all down together.

    w <- w min(1, cap / |w|),   |w| the L1 or L2 norm over the neuron's inputs

Turrigiano et al. (1998). Multiplying keeps the relative strengths, that is, what was learned. :func:`normalise` is the stricter
form that scales up as well as down.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from neurorl.typing import PerNeuron

NORMS = ("l2", "l1", "none")


def norms(weights: Float[Array, "n C"], norm: str) -> Float[Array, " n"]:
    """Return the norm of each neuron's input weights, [n], for weights [n, C] and ``norm`` l1 or l2."""
    return jnp.abs(weights).sum(-1) if norm == "l1" else jnp.sqrt((weights**2).sum(-1))


def cap(
    weights: Float[Array, "n C"], norm: str, maximum: PerNeuron, enabled: Bool[Array, ""]
) -> tuple[Float[Array, "n C"], Bool[Array, ""]]:
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


def normalise(weights: Float[Array, "n C"], norm: str, target: PerNeuron) -> Float[Array, "n C"]:
    """Return weights [n, C] in which each neuron's norm, l1 or l2, is ``target``; a neuron without weights keeps none."""
    return weights * _factor(norms(weights, norm), target)[:, None]


def normalise_listed(
    weights: Float[Array, " s"], post: Int[Array | np.ndarray, " s"], n: int, norm: str, target: PerNeuron
) -> Float[Array, " s"]:
    """Do what :func:`normalise` does for listed synapses: weights [s] onto the neurons ``post`` [s] of ``n``."""
    return weights * _factor(_norms_listed(weights, post, n, norm), target)[post]


def cap_listed(
    weights: Float[Array, " s"],
    post: Int[Array | np.ndarray, " s"],
    n: int,
    norm: str,
    maximum: PerNeuron,
    enabled: Bool[Array, ""],
) -> Float[Array, " s"]:
    """Do what :func:`cap` does for listed synapses: weights [s] onto the neurons ``post`` [s] of ``n``."""
    size = _norms_listed(weights, post, n, norm)
    return weights * jnp.where(enabled & (size > maximum), maximum / size, 1.0)[post]


def _norms_listed(weights: Float[Array, " s"], post: Int[Array | np.ndarray, " s"], n: int, norm: str) -> Float[Array, " n"]:
    powers = jnp.abs(weights) if norm == "l1" else weights**2
    sums = jnp.zeros(n, weights.dtype).at[post].add(powers)
    return sums if norm == "l1" else jnp.sqrt(sums)


def _factor(size: Float[Array, " n"], target: PerNeuron) -> Float[Array, " n"]:
    return jnp.where(size > 0, target / jnp.where(size > 0, size, 1.0), 1.0)
