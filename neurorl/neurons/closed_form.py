r"""Integrate and fire over S substeps of constant input at once, and the slope that a local rule takes it to have.

    n = floor(v + S clip(I, 0, 1)),   v <- v + S clip(I, 0, 1) - n;      psi(I) = 1 where 0 < I < 1, else ``floor``

Without a leak and with its threshold subtracted a neuron counts what it is given, so that S substeps under one current are one
addition, to the spike. The count is a staircase over I whose derivative is 0 wherever it exists; in its place stands that of the
line which the stairs follow, with a little left where the neuron is silent or saturated, so that it can come back (surrogate
derivative: Neftci, Mostafa and Zenke 2019; Bellec et al. 2020).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from neurorl.neurons import integrate_and_fire
from neurorl.typing import Scalar


def fire(v: Float[Array, "*n"], current: Float[Array, "*n"], substeps: int) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
    """Advance a population by ``substeps`` of constant input.

    Args:
        v: [n], residual charge, in thresholds, in [0, 1).
        current: [n], charge a substep, in thresholds; below 0 nothing happens, and 1 is a spike in every substep.
        substeps: Substeps of the environment step, S.

    Returns:
        The residual charge [n], and the rate [n] in spikes a substep.
    """
    v, spikes = integrate_and_fire.step(v, substeps * jnp.clip(current, 0.0, 1.0))
    return v, spikes / substeps


def slope(current: Float[Array, "*n"], floor: Scalar = 0.01) -> Float[Array, "*n"]:
    """Return the surrogate derivative [n] of the rate with respect to the current, ``floor`` outside the working range."""
    return jnp.where((current > 0.0) & (current < 1.0), 1.0, floor)
