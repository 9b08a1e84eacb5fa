r"""Escape noise: a neuron fires at random, the more often the higher its membrane potential.

.. math:: \rho(v) = \frac{1}{\tau_0} \exp\frac{v - v_{threshold}}{width}, \qquad P(spike) = 1 - \exp(-\rho(v) \, dt)

Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 9.1. As the width shrinks, the threshold becomes hard.
It is an option of the LIF family (``LIF(escape=EscapeNoise())``).

A population that decides has the same noise under divisive inhibition: the hazards of its neurons share a rate,

.. math:: P_i(spike) = rate \, \exp(u_i) / \sum_j \exp(u_j)

and the first spike inhibits the others for the rest of the decision.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float, Int

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, parameter
from neurorl.typing import PerNeuron, Scalar


@struct.dataclass
class EscapeNoise(Checked):
    """Constants of the noise; each is a scalar or has the population's shape."""

    tau_0: PerNeuron = parameter(1.0, "mean time to a spike at the threshold, ms", above=0.0)
    width: PerNeuron = parameter(2.0, "rise of the potential that multiplies the rate by e, mV", above=0.0)


class Decision(NamedTuple):
    """What a population of n neurons did within S substeps."""

    winner: Int[Array, ""]  # index of the neuron that decides
    spikes: Float[Array, "S n"]  # 0.0 or 1.0
    active: Float[Array, " S"]  # 1.0 up to and including the substep of the decision


def rate(noise: EscapeNoise, excess: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return the instantaneous firing rate, in Hz, ``excess`` mV above the threshold."""
    return 1000.0 / noise.tau_0 * jnp.exp(excess / noise.width)


def probability(noise: EscapeNoise | None, excess: Float[Array, "..."], dt: Scalar) -> Float[Array, "..."]:
    """Return the probability of a spike in a step of ``dt`` ms, ``excess`` mV above the threshold; None is the hard threshold."""
    if noise is None:
        return (excess >= 0).astype(excess.dtype)
    return -jnp.expm1(-rate(noise, excess) * dt / 1000.0)


def fire(noise: EscapeNoise | None, key: Array | None, excess: Float[Array, " n"], dt: Scalar) -> Bool[Array, " n"]:
    """Return which neurons fire in a step, as booleans.

    Args:
        noise: Its constants; None makes the threshold hard, and no random number is drawn.
        key: A JAX key, needed by the noise only.
        excess: [n], potential above the threshold at the end of the step, mV.
        dt: Step, ms.

    Raises:
        NeurorlError: Noise without a key.
    """
    if noise is None:
        return excess >= 0
    if key is None:
        raise NeurorlError("escape noise draws random numbers: give the step a 'key', or 'escape=None'")
    return jax.random.uniform(key, excess.shape, excess.dtype) < probability(noise, excess, dt)


def hazard(drive: Float[Array, "*batch n"], rate: Scalar) -> Float[Array, "*batch n"]:
    """Return the probability of a spike per substep in a population that decides, ``rate * softmax(drive)``.

    Args:
        drive: [..., n], membrane potential above threshold, in units of the escape noise.
        rate: Probability that the population's hazards sum to, in [0, 1].
    """
    return rate * jax.nn.softmax(drive, axis=-1)


def first_spike(key: Array, hazards: Float[Array, "S n"], inhibition: bool = True) -> Decision:
    """Draw the spikes of a population and the neuron that decides.

    Args:
        key: A JAX key.
        hazards: [S, n], spike probability of each substep.
        inhibition: With it the first spike silences the rest, and the neuron that fired it decides; a tie is broken at
            random among the tied. Without it every neuron fires through all substeps, and the most spikes decide.
            Without any spike the winner is random.

    Returns:
        The decision; the spikes of losers in a tie are suppressed.
    """
    substeps, n = hazards.shape
    draws = jax.random.uniform(key, (substeps + 1, n))
    spikes = draws[:-1] < hazards
    if not inhibition:
        counts = spikes.sum(0)
        winner = jnp.argmax(jnp.where(counts == counts.max(), draws[-1], -1.0))
        return Decision(winner, spikes.astype(hazards.dtype), jnp.ones(substeps))
    fired = spikes.any(-1)
    when = jnp.where(fired.any(), jnp.argmax(fired), substeps)
    index = jnp.arange(substeps)
    decisive = (index == when)[:, None] & spikes
    candidates = jnp.where(fired.any(), decisive.any(0), True)
    winner = jnp.argmax(jnp.where(candidates, draws[-1], -1.0))
    spikes = decisive & (jnp.arange(n) == winner)
    return Decision(winner, spikes.astype(hazards.dtype), (index <= when).astype(hazards.dtype))


def race(key: Array, hazards: Float[Array, "S n"], rate: Scalar) -> Decision:
    """Draw the spike of a population that decides, in continuous time within its substep.

    Spikes of a substep that are drawn neuron by neuron tie, and ties favour who is likely anyway. Here each neuron's latency is
    exponential, in units of the population's rate: who is first decides, neuron i with probability h_i / rate exactly, and
    whether that is within the substep does not depend on who it is.

    Args:
        key: A JAX key.
        hazards: [S, n], that sum to ``rate`` in each substep.
        rate: Probability that the population fires within a substep.

    Returns:
        The decision. Without any spike the winner is the likeliest neuron of the last substep.
    """
    substeps, n = hazards.shape
    latencies = jax.random.exponential(key, hazards.shape) * rate / hazards  # infinite where a neuron cannot fire
    fired = latencies.min(-1) < -jnp.log1p(-jnp.asarray(rate))
    when = jnp.where(fired.any(), jnp.argmax(fired), substeps)
    index = jnp.arange(substeps)
    first = jnp.argmin(latencies[jnp.minimum(when, substeps - 1)])
    winner = jnp.where(fired.any(), first, jnp.argmax(hazards[-1]))
    spikes = (index == when)[:, None] & (jnp.arange(n) == winner)
    return Decision(winner, spikes.astype(hazards.dtype), (index <= when).astype(hazards.dtype))
