r"""Dopamine-gated STDP that touches a synapse at its presynaptic spikes only, exact between them.

What a postsynaptic neuron j does to a synapse from i between two spikes of i is a sum of j alone times a number of i alone.
With r the step within a chunk, S = exp(dt/tau_e), D = exp(-dt/tau_e), L = exp(dt/tau_plus), and s_i, q_j the spikes of step r,

    gain        G_r = G_{r-1} + learning_rate dt DA_r D^r               k_i = a_plus x_i L^r, constant until i spikes again
    sums of j   P_j += (S/L)^r q_j,   Q_j += (S/L)^r G_{r-1} q_j
    synapse     e_ij = D^r (a_ij + k_i P_j),   w_ij = b_ij + G_r a_ij + k_i (G_r P_j - Q_j)

    spike of i  a_ij -= a_plus L^r P_j + a_minus S^r y_j,   b_ij += a_plus L^r Q_j + a_minus S^r G_{r-1} y_j

with P and Q that have the postsynaptic spikes of the step. So a spike costs a row of reads from P, Q and y, and nothing is
replayed. It acts on the neuron before that may fire in the same step: so P and Q are taken before, and what q_j has added is
taken back after, with y. :func:`begin` sets r, G, P and Q to 0, a to e and b to w; :func:`flush` returns e and w of all
synapses, before the powers of S and L grow out of what a float can subtract: a chunk may not be longer than 5 of the shortest
time constant. Within a chunk a and b are the parts of complex numbers, and so are P and Q, because a gather or a scatter of pairs
costs little more than one of numbers.

Hard bounds: a weight is clipped where it is used, at each presynaptic spike, and by :func:`flush`. In between it may leave the
range, unlike in the stepwise rule (:mod:`neurorl.plasticity.dopamine_stdp`), to which this is equal while no weight clips: the
length of a chunk is part of the rule.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.kernels import fan_out
from neurorl.kernels.materialised import materialised
from neurorl.kernels.spike_list import each_batch
from neurorl.networks.pathway import Memory, Pathway, PathwayState
from neurorl.networks.programs import eager
from neurorl.networks.programs.program import Ahead, Step
from neurorl.plasticity import stdp
from neurorl.plasticity.dopamine_stdp import DopamineSTDP, DopamineSTDPState
from neurorl.plasticity.stdp import STDPState
from neurorl.synapses.delay_line import DelayLine

LONGEST = 5.0  # time constants in a chunk: exp(5) of the 2^24 that a float32 resolves leaves 1e-5


class Clock(NamedTuple):
    """Powers of the decays at the steps 0 to K of a chunk, [K + 1] each."""

    gain: Array  # learning_rate dt DA D^r, what the step adds to G
    potentiation: Array  # a_plus L^r
    depression: Array  # S^r
    weight: Array  # (S/L)^r


class Learning(NamedTuple):
    """A plastic pathway of n onto m neurons within a run; what is of the latter ends in zeros, for places without a synapse."""

    rows: Any  # [n + 1, k]: a + i b within a chunk, a pair of eligibility and weights between two
    traces: STDPState  # [n] and [m + k]
    sent: Array  # [n], the spikes that arrived last
    gain: Array  # [], G
    sums: Array  # [m + k], P + i Q
    clock: Clock | None = None
    elapsed: Array | float = 0.0  # length of the chunk, ms


def refuses(pathway: Pathway) -> str | None:
    """Return why a plastic pathway cannot be run by cumulative sums, or None."""
    if (why_not := eager.refuses(pathway)) is not None:
        return why_not
    assert pathway.plasticity is not None
    if pathway.plasticity.bounds.kind == "soft":
        return "its bounds are soft"
    return None if pathway.keeps_sign else "its bounds allow weights of either sign"


def longest(pathway: Pathway) -> float:
    """Return how long a chunk may be, ms."""
    p = pathway.plasticity
    assert p is not None
    return LONGEST * (1 + 1e-6) * float(min(np.min(p.tau_e), np.min(p.stdp.tau_plus)))


def open_(pathway: Pathway, state: PathwayState) -> Learning:
    """Return the pathway with its synapses as rows."""
    connectivity, memory = pathway.projection.connectivity, state.memory
    assert memory is not None
    rows = tuple(fan_out.to_rows(connectivity, values) for values in (memory.stdp.eligibility, state.weights))
    traces = memory.stdp.traces
    traces = traces._replace(post=jnp.pad(traces.post, (0, rows[0].shape[1])))
    nothing = jnp.zeros_like(traces.post)
    return Learning((rows[0], rows[1]), traces, memory.line.values[0], jnp.zeros(()), jax.lax.complex(nothing, nothing))


def close(pathway: Pathway, learning: Learning) -> tuple[Array, Memory]:
    """Return the weights [s], and what the pathway remembers."""
    connectivity = pathway.projection.connectivity
    eligibility, weights = (fan_out.from_rows(connectivity, rows) for rows in learning.rows)
    traces = learning.traces._replace(post=learning.traces.post[: connectivity.n_post])
    line = DelayLine(learning.sent[None], jnp.zeros((), jnp.int32))
    return weights, Memory(line, DopamineSTDPState(traces, eligibility))


def begin(pathway: Pathway, learning: Learning, ahead: Ahead) -> Learning:
    """Return the pathway at the start of a chunk."""
    assert ahead.dopamine is not None
    p = pathway.plasticity
    assert p is not None
    steps = len(ahead.dopamine)
    elapsed = ahead.dt * jnp.arange(steps + 1)
    learned = p.learning_rate * p.receptor * ahead.rate * ahead.dopamine * ahead.dt
    clock = Clock(
        gain=jnp.pad(learned, (1, 0)) * jnp.exp(-elapsed / p.tau_e),
        potentiation=p.stdp.a_plus * jnp.exp(elapsed / p.stdp.tau_plus),
        depression=jnp.exp(elapsed / p.tau_e),
        weight=jnp.exp(elapsed / p.tau_e - elapsed / p.stdp.tau_plus),
    )
    nothing = jnp.zeros_like(learning.sums)
    rows = jax.lax.complex(*learning.rows)
    return learning._replace(rows=rows, gain=jnp.zeros(()), sums=nothing, clock=clock, elapsed=jnp.asarray(ahead.dt * steps))


def send(
    pathway: Pathway, learning: Learning, rows: Array, targets: Array, neurons: Array, t: Array | int
) -> tuple[Array, Array]:
    """Return the synapses after the spikes of ``neurons`` [b] arrived at step ``t``, and the weights [b, k] they met."""
    p, clock = pathway.plasticity, learning.clock
    assert p is not None
    assert clock is not None
    ab = fan_out.read(rows, neurons)
    sums = materialised(fan_out.at_targets(learning.sums, targets))  # each is read three times
    a, b, potentiated, rewarded = ab.real, ab.imag, sums.real, sums.imag
    x = jnp.pad(learning.traces.pre, (0, 1))[neurons]
    unclipped = b + learning.gain * a + clock.potentiation[t] * x[:, None] * (learning.gain * potentiated - rewarded)
    weights = _clip(p, unclipped)
    # From here on k is larger by a spike, as if it had come before the postsynaptic spikes of the step: see learn.
    a = a - clock.potentiation[t + 1] * potentiated
    b = b + (weights - unclipped) + clock.potentiation[t + 1] * rewarded
    return fan_out.write(rows, neurons, jax.lax.complex(a, b)), weights


def learn(pathway: Pathway, learning: Learning, step: Step, neurons: Array, count: Array, batch: int) -> Learning:
    """Return the pathway after a step in which the spikes of ``neurons`` arrived (``kernels/spike_list.py``)."""
    p, clock = pathway.plasticity, learning.clock
    assert p is not None
    assert clock is not None
    at = Clock(*(power[step.t + 1] for power in clock))
    post = jnp.pad(step.post[pathway.target], (0, learning.rows.shape[1]))
    before = stdp.decay(p.stdp, learning.traces, step.dt)
    # A spike pairs with earlier postsynaptic ones, and not with those of its own step, which its k has been told of.
    unpaired = at.depression * (p.stdp.a_minus * before.post + p.stdp.a_plus * post)
    targets = jnp.asarray(fan_out.places(pathway.projection))

    def correct(neurons: Array, rows: Array) -> Array:
        change = materialised(fan_out.at_targets(unpaired, fan_out.read(targets, neurons)))
        return fan_out.write(rows, neurons, fan_out.read(rows, neurons) + jax.lax.complex(-change, learning.gain * change))

    return learning._replace(
        rows=each_batch(neurons, count, batch, correct, learning.rows),
        traces=stdp.add(p.stdp, before, step.pre, post),
        sent=step.pre,
        gain=learning.gain + at.gain,
        sums=learning.sums + jax.lax.complex(at.weight * post, at.weight * learning.gain * post),
    )


def flush(pathway: Pathway, learning: Learning) -> Learning:
    """Return the pathway with the eligibility and the weights of all synapses at the end of a chunk."""
    p, clock = pathway.plasticity, learning.clock
    assert p is not None
    assert clock is not None
    a, b = learning.rows.real, learning.rows.imag
    targets = jnp.asarray(fan_out.places(pathway.projection))
    k = clock.potentiation[-1] * jnp.pad(learning.traces.pre, (0, 1))[:, None]
    sums = fan_out.at_targets(learning.sums, targets)
    potentiated, rewarded = sums.real, sums.imag
    eligibility = (a + k * potentiated) * jnp.exp(-learning.elapsed / p.tau_e)
    changed = _clip(p, b + learning.gain * a + k * (learning.gain * potentiated - rewarded))
    return learning._replace(rows=(eligibility, changed), clock=None, elapsed=0.0)


def _clip(p: DopamineSTDP, weights: Any) -> Array:
    return jnp.clip(weights, p.bounds.w_min, p.bounds.w_max) if p.bounds.kind == "hard" else weights
