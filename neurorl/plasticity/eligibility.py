r"""Eligibility trace: a synapse's memory of its recent coincidences, on the clock of the environment.

    E <- gamma lambda E + increment;   E <- 0 at an episode's end

Sutton and Barto (2018), chapter 12; Singh and Sutton (1996) for replacing traces; Izhikevich (2007) for the synaptic tag.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from neurorl.typing import Scalar


def decay(eligibility: Float[Array, "*s"], factor: Scalar, ended: Bool[Array, ""]) -> Float[Array, "*s"]:
    """Return the eligibility carried into the next environment step: decayed, or nothing where the episode ended."""
    return jnp.where(ended, 0.0, factor) * eligibility


def replace(
    eligibility: Float[Array, "*n C"],
    increment: Float[Array, "*n C"],
    presynaptic: Float[Array, " C"],
    chosen: Bool[Array, "..."],
) -> Float[Array, "*n C"]:
    """Return replacing traces: a tag cannot exceed 1, and an active synapse of an action not taken loses its own.

    Args:
        eligibility: [n, C], decayed.
        increment: [n, C], this step's coincidences.
        presynaptic: [C], activity of the inputs.
        chosen: [n, 1], bool, whether the neuron's action was taken.
    """
    return jnp.where(chosen, jnp.minimum(eligibility + increment, 1.0), jnp.maximum(1.0 - presynaptic, 0.0) * eligibility)
