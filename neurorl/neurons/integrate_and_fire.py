r"""Integrate-and-fire neuron in units of its threshold, with subtractive reset.

    v <- (1 - leak) v + I;   n = floor(v);   v <- v - n

It is the LIF neuron with ``leak = 1 - exp(-dt / tau_m)``; without leak it is the perfect integrator, whose spike count
is the integral of its current to within one spike. A step may hold more than one spike. Subtracting the threshold
instead of resetting keeps the residual charge, so that nothing of the input is lost (Rueckauer et al. 2017).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from neurorl.typing import PerNeuron


def step(
    v: Float[Array, "*n"], current: Float[Array, "*n"], leak: PerNeuron = 0.0
) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
    """Advance a population by one step.

    Args:
        v: [n], membrane potential, in thresholds.
        current: [n], charge that arrives in the step, in thresholds, not negative.
        leak: Fraction of the potential lost in the step, in [0, 1].

    Returns:
        The new potential [n] in [0, 1), and the spike count [n].
    """
    v = (1.0 - leak) * v + current
    spikes = jnp.floor(v)
    return v - spikes, spikes
