r"""Target-rate synaptic scaling: a neuron that fires too much weakens all its inputs, one that fires too little strengthens them.

    dr/dt = -r / tau_rate + spikes,      dw/dt = speed (target - r) w

Turrigiano et al. (1998); the proportional term of van Rossum, Bi and Turrigiano (2000). Every input of a neuron is multiplied by
the same factor, so the relative strengths, what was learned, stay. The weight is itself the integral of the error: left alone, a
neuron settles at its target exactly. Scale excitatory inputs only: inhibitory ones, scaled along, would work against it.
"""

from typing import NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, Real

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, parameter
from neurorl.typing import PerNeuron, Scalar


@struct.dataclass
class TargetRate(Checked):
    """Constants of a population; every number is a scalar or has the population's shape.

    Stable without overshoot where the scaling is slow against the estimate: 4 speed tau_rate / 1000 target < 1 for a rate that is
    proportional to the weights.
    """

    target: PerNeuron = parameter(10.0, "rate that a neuron returns to, Hz", above=0.0)
    tau_rate: PerNeuron = parameter(5000.0, "time constant of the running estimate of the rate, ms", above=0.0)
    speed: PerNeuron = parameter(0.002, "relative weight change per s for an error of 1 Hz", low=0.0)


class TargetRateState(NamedTuple):
    """State of a population of m neurons."""

    rate: Float[Array, " m"]  # running estimate, Hz


def init(n: int, parameters: TargetRate = TargetRate()) -> TargetRateState:
    """Return ``n`` neurons estimated to be at their target, so that nothing is scaled before there is evidence.

    Raises:
        NeurorlError: ``n`` < 1.
    """
    if n < 1:
        raise NeurorlError(f"'n' is {n}; a population needs at least one neuron")
    return TargetRateState(jnp.broadcast_to(jnp.asarray(parameters.target, float), (n,)))


def step(
    parameters: TargetRate, state: TargetRateState, spikes: Real[Array, " m"], dt: Scalar = 1.0
) -> tuple[TargetRateState, Float[Array, " m"]]:
    """Advance the estimate by one step and return how much to scale the weights by.

    Args:
        parameters: Constants of the population.
        state: Its running estimate.
        spikes: [m], number of spikes in this step.
        dt: Step, ms. A step of 100 ms with the count of its spikes does as well as 100 of 1 ms, and better in float32, where a
            weight cannot follow an error below 6e-5 / (speed dt) Hz.

    Returns:
        The new estimate, and a factor for each neuron's input weights, [m]: ``weights * factor[:, None]`` for weights [m, n], or
        ``weights * factor[post]`` for listed synapses [s]. It is positive, and 1 at the target.
    """
    p = parameters
    remaining = jnp.exp(-dt / p.tau_rate)
    rate = remaining * state.rate + (1.0 - remaining) * spikes * 1000.0 / dt  # a spike each step reads as 1000 / dt Hz
    return TargetRateState(rate), jnp.exp(p.speed * (p.target - rate) * dt / 1000.0)
