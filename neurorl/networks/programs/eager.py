r"""Dopamine-gated STDP of sparse synapses, every step exact: all weights change in every step, and eligibilities at spikes alone.

An eligibility decays alike at all synapses. So what is kept is E = e exp(r dt / tau_e), r steps after the start of a stretch:
spikes add to it, nothing else moves it, and the weights are one pass over E and w. It is scaled back at the end of a stretch,
which therefore may not be longer than a few time constants; how long it is changes nothing but the rounding.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.kernels import fan_out
from neurorl.kernels.spike_list import each_batch, spike_list
from neurorl.networks.pathway import Memory, Pathway, PathwayState
from neurorl.networks.programs.program import Ahead, Step
from neurorl.parameters import is_written
from neurorl.plasticity import bounds, stdp
from neurorl.plasticity.dopamine_stdp import DopamineSTDPState
from neurorl.plasticity.stdp import STDPState
from neurorl.synapses.delay_line import DelayLine


class Learning(NamedTuple):
    """A plastic pathway of n onto m neurons within a run; what is of the latter ends in zeros, for places without a synapse."""

    rows: tuple[Array, Array]  # [n + 1, k] both: E, and weights
    traces: STDPState  # [n + 1] and [m + k]
    sent: Array  # [n], the spikes that arrived last
    elapsed: Array | float = 0.0  # since the start of the stretch, ms


def refuses(pathway: Pathway) -> str | None:
    """Return why a plastic pathway cannot be run so, or None."""
    p = pathway.plasticity
    assert p is not None
    if not is_written(p.tau_e, p.stdp.tau_plus):
        return "its time constants are not known before it runs"
    for name, value, known in (
        ("rule", p.rule, ("pair-stdp",)),
        ("gating", p.gating, ("multiplicative",)),
        ("pairing", p.stdp.pairing, ("all-to-all",)),
        ("scaling", pathway.scaling, ("none",)),
    ):
        if value not in known:
            return f"its {name} is {value}"
    if pathway.projection.max_delay > 1:
        return "its delay is more than one step"
    return "it has short-term plasticity" if pathway.stp is not None else None


def open_(pathway: Pathway, state: PathwayState) -> Learning:
    """Return the pathway with its synapses as rows."""
    connectivity, memory = pathway.projection.connectivity, state.memory
    assert memory is not None
    rows = tuple(fan_out.to_rows(connectivity, values) for values in (memory.stdp.eligibility, state.weights))
    pre, post = memory.stdp.traces
    traces = STDPState(jnp.pad(pre, (0, 1)), jnp.pad(post, (0, rows[0].shape[1])))
    return Learning((rows[0], rows[1]), traces, memory.line.values[0])


def close(pathway: Pathway, learning: Learning) -> tuple[Array, Memory]:
    """Return the weights [s], and what the pathway remembers."""
    connectivity = pathway.projection.connectivity
    eligibility, weights = (fan_out.from_rows(connectivity, rows) for rows in learning.rows)
    pre, post = learning.traces
    traces = STDPState(pre[: connectivity.n_pre], post[: connectivity.n_post])
    line = DelayLine(learning.sent[None], jnp.zeros((), jnp.int32))
    return weights, Memory(line, DopamineSTDPState(traces, eligibility))


def begin(pathway: Pathway, learning: Learning, ahead: Ahead) -> Learning:
    """Return the pathway at the start of a stretch."""
    return learning._replace(elapsed=jnp.zeros(()))


def send(
    pathway: Pathway, learning: Learning, rows: tuple[Array, Array], targets: Array, neurons: Array, t: Array | int
) -> tuple[tuple[Array, Array], Array]:
    """Return the synapses as they are, and the weights [b, k] that the spikes of ``neurons`` [b] meet."""
    return rows, fan_out.read(rows[1], neurons)


def learn(pathway: Pathway, learning: Learning, step: Step, neurons: Array, count: Array, batch: int) -> Learning:
    """Return the pathway after a step in which the spikes of ``neurons`` arrived (``kernels/spike_list.py``)."""
    p, n = pathway.plasticity, pathway.projection.connectivity.n_pre
    assert p is not None
    assert step.dopamine is not None
    eligibility, weights = learning.rows
    width = eligibility.shape[1]
    elapsed = learning.elapsed + step.dt
    grown = jnp.exp(elapsed / p.tau_e)
    post = step.post[pathway.target]
    before = stdp.decay(p.stdp, learning.traces, step.dt)
    depression, potentiation = grown * p.stdp.a_minus * before.post, grown * p.stdp.a_plus * before.pre
    targets, incoming = jnp.asarray(fan_out.places(pathway.projection)), jnp.asarray(fan_out.incoming(pathway.projection))

    def depress(neurons: Array, eligibility: Array) -> Array:
        changed = fan_out.read(eligibility, neurons) - fan_out.at_targets(depression, fan_out.read(targets, neurons))
        return fan_out.write(eligibility, neurons, changed)

    def potentiate(neurons: Array, eligibility: Array) -> Array:
        synapses = fan_out.read(incoming, neurons)  # of a neuron that is none, those of the row that is no neuron's
        return fan_out.add_at(eligibility, synapses, potentiation[synapses // width])

    eligibility = each_batch(neurons, count, batch, depress, eligibility)
    fired = each_batch(*spike_list(post, batch), batch, potentiate, eligibility.reshape(-1))
    eligibility = fired.reshape(n + 1, width)
    change = p.learning_rate * p.receptor * step.rate * step.dopamine * step.dt / grown
    weights = pathway.of_sign(bounds.apply(p.bounds, weights, change * eligibility))
    traces = stdp.add(p.stdp, before, jnp.pad(step.pre, (0, 1)), jnp.pad(post, (0, width)))
    return Learning((eligibility, weights), traces, step.pre, elapsed)


def flush(pathway: Pathway, learning: Learning) -> Learning:
    """Return the pathway with its eligibility as it is."""
    assert pathway.plasticity is not None
    eligibility, weights = learning.rows
    return learning._replace(rows=(eligibility * jnp.exp(-learning.elapsed / pathway.plasticity.tau_e), weights), elapsed=0.0)


def longest(pathway: Pathway) -> float:
    """Return how long a stretch may be, ms: exp(5) is far from what a float can hold, and leaves its resolution as it is."""
    assert pathway.plasticity is not None
    return 5.0 * float(np.min(pathway.plasticity.tau_e))
