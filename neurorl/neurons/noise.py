r"""Noise current: what a neuron receives from all that is not modelled, as an Ornstein-Uhlenbeck process.

.. math:: \tau \, dI = (mean - I) \, dt + \sigma \sqrt{2 \tau} \, dW

Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 8.2. Its stationary standard deviation is ``sigma`` and
its correlation time ``tau``; the step is exact (Gillespie 1996). With ``tau = 0`` each step draws a fresh value of standard
deviation ``sigma / sqrt(dt)``, so that the membrane's response to white noise does not depend on dt. Draws are nearly normal
(``neurorl/counter_normal.py``).
"""

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl import counter_normal, counter_random
from neurorl.parameters import Checked, parameter
from neurorl.typing import PerNeuron, Scalar


@struct.dataclass
class NoiseCurrent(Checked):
    """Constants of the noise; a scalar or of the population's shape."""

    sigma: PerNeuron = parameter(1.0, "standard deviation, units of current; with tau 0 times the root of ms", low=0.0)
    mean: PerNeuron = parameter(0.0, "mean, units of current")
    tau: float = parameter(5.0, "correlation time, ms; 0: white", low=0.0, static=True)

    def init(self, n: int) -> Float[Array, " n"]:
        """Return the current [n] of ``n`` neurons before any noise: its mean."""
        return jnp.broadcast_to(jnp.asarray(self.mean, float), (n,))

    def step(self, current: Float[Array, " n"], key: Array, dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the current [n] after a step of ``dt`` ms."""
        drawn = counter_normal.of_bits(counter_random.bits_of(key, current.shape[0])).astype(current.dtype)
        if self.tau == 0.0:
            return self.mean + self.sigma * drawn / jnp.sqrt(dt)
        kept = jnp.exp(-dt / self.tau)
        return self.mean + kept * (current - self.mean) + self.sigma * jnp.sqrt(1.0 - kept**2) * drawn
