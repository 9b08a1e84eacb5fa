r"""Escape noise: a neuron fires at random, the more often the higher its membrane potential.

.. math:: \rho(v) = \frac{1}{\tau_0} \exp\frac{v - v_{threshold}}{width}, \qquad P(spike) = 1 - \exp(-\rho(v) \, dt)

Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 9.1. As the width shrinks, the threshold becomes
hard. It is an option of :mod:`neurorl.neurons.lif` and :mod:`neurorl.neurons.adaptive_lif`; the population whose hazards
share a rate, in which the first spike decides, is :mod:`neurorl.neurons.escape_noise`.
"""

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, parameter


@struct.dataclass
class EscapeRate(Checked):
    """Constants of the noise; each is a scalar or has the population's shape."""

    tau_0: float | Array = parameter(1.0, "mean time to a spike at the threshold, ms", above=0.0)
    width: float | Array = parameter(2.0, "rise of the potential that multiplies the rate by e, mV", above=0.0)


def rate(parameters: EscapeRate, excess: Array) -> Array:
    """Return the instantaneous firing rate, in Hz, ``excess`` mV above the threshold."""
    return 1000.0 / parameters.tau_0 * jnp.exp(excess / parameters.width)


def probability(parameters: EscapeRate, excess: Array, dt: float | Array) -> Array:
    """Return the probability of a spike in a step of ``dt`` ms, ``excess`` mV above the threshold."""
    return -jnp.expm1(-rate(parameters, excess) * dt / 1000.0)


def fire(escape: EscapeRate | None, key: Array | None, excess: Array, dt: float | Array) -> Array:
    """Return which neurons fire in a step, as booleans.

    Args:
        escape: Constants of the noise; None makes the threshold hard, and no random number is drawn.
        key: A JAX key, needed by the noise only.
        excess: [n], potential above the threshold at the end of the step, mV.
        dt: Step, ms.

    Raises:
        NeurorlError: Noise without a key.
    """
    if escape is None:
        return excess >= 0
    if key is None:
        raise NeurorlError("escape noise draws random numbers: give the step a 'key', or 'escape=None'")
    return jax.random.uniform(key, excess.shape, excess.dtype) < probability(escape, excess, dt)
