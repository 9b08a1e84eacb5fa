r"""Exponential current synapse: a spike raises the current at once by its weight, and the current decays.

.. math:: \tau \dot I = -I + \tau \sum_k w_k \delta(t - t_k), \qquad I(t) = \sum_k w_k e^{-(t - t_k) / \tau}

Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 3.1. The weight is the peak of the current, so a
spike carries the charge ``weight * tau``. Decay is exact for any step, and what arrives in a step is added at its end,
undecayed: the current returned is the one at the start of the next step, as in NEST's ``iaf_psc_exp``.

What a neuron is given for that next step is its own choice: :func:`mean` carries the right charge whatever the step, and
:func:`neurorl.neurons.lif.equivalent_current` makes the LIF neuron exact.
"""

import jax.numpy as jnp
from flax import struct
from jax import Array

from neurorl.parameters import Checked, parameter


@struct.dataclass
class ExponentialCurrent(Checked):
    """Constants of the synapses of a population; a scalar or of the population's shape."""

    tau: float | Array = parameter(5.0, "time constant of the current, ms", above=0.0)


def init(n: int) -> Array:
    """Return the current [n] of synapses on which nothing has arrived."""
    return jnp.zeros(n)


def step(parameters: ExponentialCurrent, current: Array, arriving: Array, dt: float | Array = 1.0) -> Array:
    """Return the synaptic current [n] at the end of a step.

    Args:
        parameters: Constants of the synapses.
        current: [n], current at the start of the step.
        arriving: [n], sum of the weights of the spikes that arrive in the step, in units of current.
        dt: Step, ms.
    """
    return current * jnp.exp(-dt / parameters.tau) + arriving


def mean(parameters: ExponentialCurrent, current: Array, dt: float | Array = 1.0) -> Array:
    """Return the mean [n] over a step of a current that starts it at ``current`` [n]."""
    return current * -jnp.expm1(-dt / parameters.tau) * parameters.tau / dt
