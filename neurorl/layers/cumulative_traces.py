r"""Dopamine-gated STDP that touches a synapse at its presynaptic spikes only, exact between them.

What a postsynaptic neuron j does to a synapse from i between two spikes of i is a sum of j alone times a number of i alone.
With r the step within a chunk, S = exp(dt/tau_e), D = exp(-dt/tau_e), L = exp(dt/tau_plus), and s_i, q_j the spikes of step r,

    gain        G_r = G_{r-1} + learning_rate dt DA_r D^r               k_i = a_plus x_i L^r, constant until i spikes again
    sums of j   P_j += (S/L)^r q_j,   Q_j += (S/L)^r G_{r-1} q_j
    synapse     e_ij = D^r (a_ij + k_i P_j),   w_ij = b_ij + G_r a_ij + k_i (G_r P_j - Q_j)

    spike of i  a_ij -= a_plus L^r P_j + a_minus S^r y_j,   b_ij += a_plus L^r Q_j + a_minus S^r G_{r-1} y_j

So a spike costs a row of reads from P, Q and y, and nothing is replayed. :func:`begin` sets r, G, P and Q to 0, a to e and b
to w; :func:`refresh` returns e and w of all synapses, before the powers of S and L grow out of what a float can subtract: a chunk
may not be longer than 5 of the shortest time constant. ``learning_rate`` is the change a ms.

Hard bounds: a weight is clipped where it is used, at each presynaptic spike, and by :func:`refresh`. In between it may leave the
range, unlike in the stepwise rule (:mod:`neurorl.plasticity.dopamine_stdp`), to which this is equal while no weight clips: the
length of a chunk is part of the rule.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.layers import fan_out
from neurorl.plasticity.dopamine_stdp import DopamineSTDP

LONGEST = 5.0  # time constants in a chunk: exp(5) of the 2^24 that a float32 resolves leaves 1e-5


class Clock(NamedTuple):
    """Powers of the decays at one step of a chunk, or [K] for all of them."""

    gain: Array  # learning_rate dt DA D^r, what the step adds to G
    potentiation: Array  # a_plus L^r
    depression: Array  # a_minus S^r
    weight: Array  # (S/L)^r


class Sums(NamedTuple):
    """What the synapses of n presynaptic onto m postsynaptic neurons share."""

    gain: Array  # [], G
    potentiated: Array  # [m], P
    rewarded: Array  # [m], Q


def clock(parameters: DopamineSTDP, dopamine: Array, dt: float | Array = 1.0) -> Clock:
    """Return the powers for each step of a chunk with ``dopamine`` [K].

    Raises:
        NeurorlError: Another rule than hard-bounded, or unbounded, dopamine-gated pair STDP.
    """
    p = parameters
    for name, value, known in (
        ("rule", p.rule, ("pair-stdp",)),
        ("gating", p.gating, ("multiplicative",)),
        ("stdp.pairing", p.stdp.pairing, ("all-to-all",)),
        ("bounds.kind", p.bounds.kind, ("hard", "none")),
    ):
        if value not in known:
            raise NeurorlError(f"'{name}' is {value!r}; cumulative sums exist for {' or '.join(known)}: take the stepwise rule")
    elapsed = dt * jnp.arange(1, len(dopamine) + 1)
    return Clock(
        gain=p.learning_rate * dt * dopamine * jnp.exp(-elapsed / p.tau_e),
        potentiation=p.stdp.a_plus * jnp.exp(elapsed / p.stdp.tau_plus),
        depression=p.stdp.a_minus * jnp.exp(elapsed / p.tau_e),
        weight=jnp.exp(elapsed / p.tau_e - elapsed / p.stdp.tau_plus),
    )


def begin(n_post: int) -> Sums:
    """Return the sums at the start of a chunk."""
    return Sums(jnp.zeros(()), jnp.zeros(n_post), jnp.zeros(n_post))


def add(sums: Sums, at: Clock, post: Array) -> Sums:
    """Return the sums after a step with postsynaptic spikes ``post`` [m]."""
    gain, p, q = sums
    return Sums(gain + at.gain, p + at.weight * post, q + at.weight * gain * post)


def touch(
    parameters: DopamineSTDP,
    sums: Sums,
    at: Clock,
    rows: tuple[Array, Array],
    targets: Array,
    x: Array,
    y: Array,
) -> tuple[tuple[Array, Array], Array]:
    """Take in one spike of each presynaptic neuron of a batch.

    Args:
        parameters: Constants of the rule.
        sums: After the step.
        at: Powers of the step.
        rows: a and b of the neurons' synapses, both [b, k].
        targets: [b, k], their postsynaptic neurons.
        x: [b], presynaptic traces after the spike.
        y: [m], postsynaptic traces, m with the zeros that rows are filled up with, before the spikes of the step.

    Returns:
        a and b, and the weights [b, k] after the step.
    """
    a, b = rows
    p, q, y = (fan_out.at_targets(values, targets) for values in (sums.potentiated, sums.rewarded, y))
    a = a - at.potentiation * p - at.depression * y
    b = b + at.potentiation * q + at.depression * (sums.gain - at.gain) * y
    unclipped = _weights(sums, a, b, at.potentiation * x[:, None], p, q)
    weights = _clip(parameters, unclipped)
    return (a, b + (weights - unclipped)), weights


def refresh(
    parameters: DopamineSTDP,
    sums: Sums,
    at: Clock,
    rows: tuple[Array, Array],
    targets: Array,
    x: Array,
    dt_chunk: float | Array,
) -> tuple[Array, Array]:
    """Return the eligibility and the weights of all synapses at the end of a chunk, [n + 1, k] both.

    Args:
        parameters: Constants of the rule.
        sums: After the last step.
        at: Powers of the last step.
        rows: a and b of all synapses, [n + 1, k].
        targets: [n + 1, k].
        x: [n + 1], presynaptic traces after the last step.
        dt_chunk: Length of the chunk, ms.
    """
    a, b = rows
    k = at.potentiation * x[:, None]
    p, q = (fan_out.at_targets(values, targets) for values in (sums.potentiated, sums.rewarded))
    eligibility = (a + k * p) * jnp.exp(-dt_chunk / parameters.tau_e)
    return eligibility, _clip(parameters, _weights(sums, a, b, k, p, q))


def _weights(sums: Sums, a: Array, b: Array, k: Array, p: Array, q: Array) -> Array:
    return b + sums.gain * a + k * (sums.gain * p - q)


def _clip(parameters: DopamineSTDP, weights: Array) -> Array:
    bounds = parameters.bounds
    return jnp.clip(weights, bounds.w_min, bounds.w_max) if bounds.kind == "hard" else weights
