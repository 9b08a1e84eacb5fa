r"""Conductance synapse: a spike opens channels, which close again, and the current depends on the membrane potential.

.. math:: I = g (E - v), \qquad \tau \dot g = -g + \tau \sum_k |w_k| \delta(t - t_k)

Dayan and Abbott (2001), Theoretical Neuroscience, section 5.8. The weight is the peak of g, in the inverse of the unit of
resistance: with the default resistance of 1, g = 1 halves the membrane time constant. Excitatory synapses reverse near 0 mV,
inhibitory ones below rest; conductances are positive, so weights count by their size. Within a step g holds still at its
value at the start, an error of first order in dt / tau; for such a g the LIF family is integrated exactly.
"""

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.parameters import parameter
from neurorl.synapses.synapse import Synapse
from neurorl.typing import PerNeuron, Scalar


@struct.dataclass
class Conductance(Synapse):
    """Constants of the channels of a population; a scalar or of the population's shape."""

    tau: PerNeuron = parameter(5.0, "time constant of the conductance, ms", above=0.0)
    reversal: PerNeuron = parameter(0.0, "potential at which no current flows, mV")

    def step(self, state: Float[Array, " n"], arriving: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the conductance [n] at the end of the step."""
        return state * jnp.exp(-dt / self.tau) + jnp.abs(arriving)

    def conductance(self, state: Float[Array, " n"]) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Return the open conductance, and that times the reversal potential."""
        return state, state * self.reversal
