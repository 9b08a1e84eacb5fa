r"""Short-term plasticity: synapses tire as their resources are used, and facilitate as calcium accumulates.

.. math:: \dot u = -u / \tau_{facil}, \qquad \dot x = (1 - x) / \tau_{rec}

    presynaptic spike: u <- u + U (1 - u), then u x is released: x <- x - u x

Tsodyks and Markram (1997); facilitation after Markram, Wang and Tsodyks (1998) and Tsodyks, Pawelzik and Markram (1998).
u jumps before the release and x falls after it, as in NEST's ``tsodyks2_synapse``. Between spikes both relax exactly,
whatever the step, and a spike belongs to the end of its step. All synapses of a presynaptic neuron share its state.
"""

from typing import NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, Shaped

from neurorl.neurons import population
from neurorl.parameters import Checked, parameter
from neurorl.typing import Numbers, PerNeuron, Scalar


@struct.dataclass
class ShortTermPlasticity(Checked):
    """Constants of a presynaptic population; every field is a scalar or has the population's shape."""

    u: PerNeuron = parameter(0.5, "U, fraction of the resources that the first spike releases", above=0.0, high=1.0)
    tau_rec: PerNeuron = parameter(800.0, "time constant of recovery from depression, ms", above=0.0)
    tau_facil: PerNeuron = parameter(0.0, "time constant of facilitation, ms; 0 for none", low=0.0)


# Figure 1 of Tsodyks, Pawelzik and Markram (1998): synapses between pyramidal neurons, and from them onto interneurons.
DEPRESSING = ShortTermPlasticity(u=0.5, tau_rec=800.0, tau_facil=0.0)
# From pyramidal neurons onto interneurons, by the same figure.
FACILITATING = ShortTermPlasticity(u=0.03, tau_rec=130.0, tau_facil=530.0)


class ShortTermPlasticityState(NamedTuple):
    """State of n presynaptic neurons."""

    u: Float[Array, " n"]  # utilisation: the fraction of x that a release takes, in [0, 1]
    x: Float[Array, " n"]  # resources available, in [0, 1]


def init(n: int, parameters: ShortTermPlasticity = DEPRESSING) -> ShortTermPlasticityState:
    """Return rested synapses: the first spike will release U.

    Raises:
        NeurorlError: ``n`` < 1, or a parameter that is neither a scalar nor of shape [n].
    """
    population.check(n, parameters)
    return ShortTermPlasticityState(jnp.zeros(n), jnp.ones(n))


def step(
    parameters: ShortTermPlasticity, state: ShortTermPlasticityState, spikes: Shaped[Array, " n"], dt: Scalar = 1.0
) -> tuple[ShortTermPlasticityState, Float[Array, " n"]]:
    """Advance the synapses by one step.

    Args:
        parameters: Constants of the synapses.
        state: Their state.
        spikes: [n], presynaptic spikes of the step, 0.0 or 1.0.
        dt: Step, ms.

    Returns:
        The new state, and the efficacy [n]: the fraction u x released by a spike, 0 without one. It takes the place of the
        spike and multiplies the weight, which is thus the response to a release of everything. It is not normalised: the
        first spike of a rested synapse has the efficacy U.
    """
    p = parameters
    u = state.u * _decay(dt, p.tau_facil)
    x = state.x + (1.0 - state.x) * -jnp.expm1(-dt / p.tau_rec)
    u = u + spikes * p.u * (1.0 - u)
    released = spikes * u * x
    return ShortTermPlasticityState(u, x - released), released


def steady_state(parameters: ShortTermPlasticity, rate: Numbers) -> ShortTermPlasticityState:
    """Return u after its jump and x before the release, whose product is the efficacy of every spike of a regular train.

    Args:
        parameters: Constants of the synapses.
        rate: Rate of the train, Hz.
    """
    interval = 1000.0 / jnp.asarray(rate, float)
    u = parameters.u / (1.0 - (1.0 - parameters.u) * _decay(interval, parameters.tau_facil))
    recovered = -jnp.expm1(-interval / parameters.tau_rec)
    return ShortTermPlasticityState(u, recovered / (u + (1.0 - u) * recovered))


def _decay(time: Numbers, tau: Numbers) -> Float[Array, "..."]:
    return jnp.exp(-time / jnp.maximum(tau, 1e-9))  # a time constant of 0 forgets at once
