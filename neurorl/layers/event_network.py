"""The network of :mod:`neurorl.layers.sparse_network`, with work for the neurons that spike and not for all synapses.

A step updates the neurons as arrays, lists those that spike, and walks through the rows of their synapses in batches until the
list is empty; plastic rows are brought up to date when their neuron spikes (:mod:`neurorl.layers.cumulative_traces`). Chunks
of K steps end with all weights and eligibilities up to date.

The result is that of the stepwise form while no weight clips: weights are clipped at presynaptic spikes and at the ends of
chunks, so that K is part of the rule. With K = 100 ms and a tenth of the weights at their bounds, weights differ from those
clipped at every step by 1e-4 of the range in the mean and 6e-3 at most after 4 s, and their mean by 1e-6.

Under ``vmap`` every copy walks as often as the busiest one, and updates in place become copies: map over seeds with ``lax.map``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.layers import cumulative_traces, fan_out
from neurorl.layers.cumulative_traces import Clock, Sums
from neurorl.layers.settled import settled
from neurorl.layers.sparse_network import SparseNetworkParameters, SparseNetworkState, Wiring
from neurorl.layers.spike_list import each_batch, spike_list
from neurorl.neurons import lif
from neurorl.neurons.lif import LIFState
from neurorl.parameters import is_written
from neurorl.plasticity import stdp
from neurorl.plasticity.dopamine_stdp import DopamineSTDPState
from neurorl.plasticity.stdp import STDPState

BATCH = 40  # one batch is a neuron in so many: all spikes of a millisecond at 20 Hz in nearly every step


class Rows(NamedTuple):
    """The synapses as rows (:mod:`neurorl.layers.fan_out`); rows of one pathway are of one length."""

    plastic: Array  # [n_e + 1, k], targets
    excitatory: tuple[Array, Array]  # [n_e + 1, k'], targets, and [n_e + 1, k'] weights or the weight of all
    inhibitory: tuple[Array, Array]  # [n_i + 1, k''], alike


class EventNetworkState(NamedTuple):
    """State between two chunks. Beyond n lie the neurons that fill up the rows of synapses, which never spike."""

    neurons: LIFState  # [n]
    arriving: Array  # [n + longest row]
    traces: STDPState  # [n_e] and [n + longest row]
    eligibility: Array  # [n_e + 1, k]
    weights: Array  # [n_e + 1, k]


def rows(parameters: SparseNetworkParameters, wiring: Wiring) -> Rows:
    """Return the synapses of a network as rows."""

    def fixed(name: str) -> tuple[Array, Array]:
        synapses, weights = getattr(wiring, name), jnp.asarray(getattr(parameters, f"w_{name}"), float)
        return fan_out.targets(synapses), weights if weights.ndim == 0 else fan_out.to_rows(synapses, weights)

    return Rows(fan_out.targets(wiring.plastic), fixed("excitatory"), fixed("inhibitory"))


def from_stepwise(wiring: Wiring, state: SparseNetworkState) -> EventNetworkState:
    """Return the state of a stepwise network as one that events advance."""
    longest = max(fan_out.targets(synapses).shape[1] for synapses in wiring)
    traces = state.synapses.traces
    return EventNetworkState(
        neurons=state.neurons,
        arriving=jnp.pad(state.arriving, (0, longest)),
        traces=traces._replace(post=jnp.pad(traces.post, (0, longest))),
        eligibility=fan_out.to_rows(wiring.plastic, state.synapses.eligibility),
        weights=fan_out.to_rows(wiring.plastic, state.weights),
    )


def to_stepwise(wiring: Wiring, state: EventNetworkState) -> SparseNetworkState:
    """Return the state at the end of a chunk as that of a stepwise network."""
    n = wiring.plastic.n_post
    traces = state.traces._replace(post=state.traces.post[:n])
    return SparseNetworkState(
        neurons=state.neurons,
        arriving=state.arriving[:n],
        weights=fan_out.from_rows(wiring.plastic, state.weights),
        synapses=DopamineSTDPState(traces, fan_out.from_rows(wiring.plastic, state.eligibility)),
    )


def chunk(
    parameters: SparseNetworkParameters,
    rows: Rows,
    state: EventNetworkState,
    inputs: Any,
    dopamine: Array,
    dt: float | Array = 1.0,
    *,
    current: Callable[[Any], Array] = lambda inputs: inputs,
    observe: Callable[[Array], Any] = lambda spikes: spikes,
) -> tuple[EventNetworkState, Any]:
    """Advance the network by a chunk of K steps.

    Args:
        parameters: Constants of the network.
        rows: Its synapses.
        state: Its state.
        inputs: What ``current`` makes the input of each step from, with leading axis K.
        dopamine: [K], phasic signal of each step.
        dt: Step, ms.
        current: From the inputs of a step to its current [n]; by default the inputs are the currents [K, n].
        observe: From the spikes [n] of a step to what is kept of them.

    Returns:
        The new state, and what was observed, with leading axis K. Where ``dt`` or a time constant is a JAX array, a chunk too
        long for them cannot be refused: all its weights and eligibilities come out as NaN, and what was observed means nothing.

    Raises:
        NeurorlError: No steps, a chunk too long for the time constants, or a plasticity that has no event-driven form.
    """
    n = len(state.neurons.v)
    fits = _fits(parameters, dopamine, dt)
    powers = cumulative_traces.clock(parameters.plasticity, dopamine, dt)

    def one(carry: tuple, at: tuple[Any, Clock, Array]) -> tuple[tuple, Any]:
        neurons, arriving, traces, sums, plastic = carry
        anchor = at[2]
        incoming = settled(current(at[0]), anchor) + arriving[:n]
        neurons, spikes = lif.step(parameters.neuron, neurons, incoming, dt)
        spikes = settled(jnp.pad(spikes, (0, len(arriving) - n)), anchor)
        walked = _walk(parameters, rows, at[1], spikes, jnp.zeros_like(arriving), traces, sums, plastic, dt)
        return (neurons, *walked), observe(spikes[:n])

    begun = (state.traces, cumulative_traces.begin(len(state.arriving)), (state.eligibility, state.weights))
    carry, observed = jax.lax.scan(one, (state.neurons, state.arriving, *begun), (inputs, powers, jnp.arange(len(dopamine))))
    neurons, arriving, traces, sums, plastic = carry
    last = jax.tree.map(lambda power: power[-1], powers)
    last = last._replace(potentiation=jnp.where(fits, last.potentiation, jnp.nan))  # a factor of all weights and eligibilities
    x = jnp.pad(traces.pre, (0, 1))
    changed = cumulative_traces.refresh(parameters.plasticity, sums, last, plastic, rows.plastic, x, dt * len(dopamine))
    return EventNetworkState(neurons, arriving, traces, *changed), observed


def _walk(
    parameters: SparseNetworkParameters,
    rows: Rows,
    at: Clock,
    spikes: Array,
    arriving: Array,
    traces: STDPState,
    sums: Sums,
    plastic: tuple[Array, Array],
    dt: float | Array,
) -> tuple[Array, STDPState, Sums, tuple[Array, Array]]:
    """Return what the spikes [n + longest row] of a step send and change."""
    p, n_e, n_i = parameters.plasticity, len(rows.plastic) - 1, len(rows.inhibitory[0]) - 1
    excitatory, inhibitory = spikes[:n_e], spikes[n_e : n_e + n_i]
    before = stdp.decay(p.stdp, traces, dt)
    traces = stdp.add(p.stdp, before, excitatory, spikes)
    sums = cumulative_traces.add(sums, at, spikes)
    x = jnp.pad(traces.pre, (0, 1))

    def send(neurons: Array, carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        arriving, *plastic = carry
        targets = fan_out.read(rows.plastic, neurons)
        touched = fan_out.read(plastic[0], neurons), fan_out.read(plastic[1], neurons)
        touched, weights = cumulative_traces.touch(p, sums, at, touched, targets, x[neurons], before.post)
        arriving = fan_out.deliver(*rows.excitatory, neurons, fan_out.add_at(arriving, targets, weights))
        return arriving, fan_out.write(plastic[0], neurons, touched[0]), fan_out.write(plastic[1], neurons, touched[1])

    arriving = _fold(inhibitory, partial(fan_out.deliver, *rows.inhibitory), arriving)
    arriving, *plastic = _fold(excitatory, send, (arriving, *plastic))
    return arriving, traces, sums, (plastic[0], plastic[1])


def _fold(spikes: Array, body: Callable[[Array, Any], Any], carry: Any) -> Any:
    """Fold ``body(neurons, carry)`` over batches of the neurons that spike."""
    batch = max(24, -(-len(spikes) // BATCH))
    return each_batch(*spike_list(spikes, batch), batch, body, carry)


def _fits(parameters: SparseNetworkParameters, dopamine: Array, dt: float | Array) -> bool | Array:
    """Return whether a chunk is short enough for its powers of exp(dt / tau), []; raise a NeurorlError if known not to be."""
    steps, constants = len(dopamine), (parameters.plasticity.stdp.tau_plus, parameters.plasticity.tau_e)
    if not steps:
        raise NeurorlError("'dopamine' has 0 steps; a chunk must have at least 1")
    longest = cumulative_traces.LONGEST * (1 + 1e-6)  # so that rounding refuses no chunk of just that length
    if not is_written(dt, *constants):
        return jnp.all(steps * dt <= longest * jnp.minimum(*constants))
    shortest = min(np.min(constant) for constant in constants)
    if steps * dt > longest * shortest:
        raise NeurorlError(
            f"'dopamine' has {steps} steps of {dt} ms; a chunk must not be longer than "
            f"{cumulative_traces.LONGEST:g} times the shortest time constant, {shortest} ms"
        )
    return True
