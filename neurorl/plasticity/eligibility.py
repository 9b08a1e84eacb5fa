r"""Eligibility trace: a synapse's memory of its recent coincidences, on the clock of the environment.

    E <- gamma lambda E + increment;   E <- 0 at an episode's end

Sutton and Barto (2018), chapter 12; Izhikevich (2007) for the synaptic tag.
"""

import jax.numpy as jnp
from jax import Array


def decay(eligibility: Array, factor: float | Array, ended: Array) -> Array:
    """Return the eligibility carried into the next environment step: decayed, or nothing where the episode ended."""
    return jnp.where(ended, 0.0, factor) * eligibility
