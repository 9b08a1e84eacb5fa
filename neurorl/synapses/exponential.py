r"""Exponential current synapse: a spike raises the current at once by its weight, and the current decays.

.. math:: \tau \dot I = -I + \tau \sum_k w_k \delta(t - t_k), \qquad I(t) = \sum_k w_k e^{-(t - t_k) / \tau}

Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 3.1. The weight is the peak of the current, so a
spike carries the charge ``weight * tau``. Decay is exact for any step, and what arrives in a step is added at its end,
undecayed: the current returned is the one at the start of the next step, as in NEST's ``iaf_psc_exp``.

What a neuron is given for that next step is its own choice (``Neuron.mean_current``): the mean of the current carries the right
charge whatever the step, and :func:`neurorl.neurons.lif.equivalent_current` makes the LIF neuron exact.
"""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.parameters import parameter
from neurorl.synapses.synapse import Synapse
from neurorl.typing import PerNeuron, Scalar


@struct.dataclass
class ExponentialCurrent(Synapse):
    """Constants of the synapses of a population; a scalar or of the population's shape."""

    tau: PerNeuron = parameter(5.0, "time constant of the current, ms", above=0.0)

    def step(self, state: Float[Array, " n"], arriving: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the current [n] at the end of the step: decayed exactly, and what arrives added undecayed."""
        return state * jnp.exp(-dt / self.tau) + arriving

    def current(self, neuron: Any, state: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the constant current that stands for the decaying one; for the LIF family it is exact."""
        return neuron.mean_current(state, self.tau, dt)
