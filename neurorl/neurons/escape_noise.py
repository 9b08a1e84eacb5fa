"""Escape noise and lateral inhibition: a population in which the first spike decides.

Each neuron fires in a substep with a probability, its *hazard*, that grows with its drive (Gerstner et al. 2014, section
9.1). The first spike inhibits the others for the rest of the decision.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array


class Decision(NamedTuple):
    """What a population of n neurons did within S substeps."""

    winner: Array  # [], index of the neuron that decides
    spikes: Array  # [S, n], 0.0 or 1.0
    active: Array  # [S], 1.0 up to and including the substep of the decision


def hazard(drive: Array, rate: float | Array) -> Array:
    """Return the probability of a spike a substep, ``rate * softmax(drive)``.

    Args:
        drive: [..., n], membrane potential above threshold, in units of the escape noise.
        rate: Probability that the population's hazards sum to, in [0, 1].
    """
    return rate * jax.nn.softmax(drive, axis=-1)


def first_spike(key: Array, hazards: Array, inhibition: bool = True) -> Decision:
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
