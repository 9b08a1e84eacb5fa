"""A complete pathway row by row: every step exact, and each synapse read and written once.

A spike reads the one row of weights that it sends. Learning walks through blocks of rows, so that the new weights find the new
eligibility in the cache. The rule, its bounds and its gating are any: they are elementwise.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.kernels.alignment import aligned
from neurorl.kernels.spike_list import each_batch, spike_list
from neurorl.networks.pathway import Memory, Pathway, PathwayState
from neurorl.networks.programs.program import Circumstances, Reference, Step
from neurorl.plasticity import dopamine_stdp, rules, stdp
from neurorl.plasticity.dopamine_stdp import DopamineSTDPState
from neurorl.synapses import short_term_plasticity

SENT = 8  # rows that are added at a time
BLOCK = 50  # rows that learn at a time; at 1,000 columns a block of weights and eligibility is 400 kB
SMALLEST = 64 * 64  # synapses: below, one matrix product costs less than a loop


class Rows(Reference):
    """A pathway of which every pair has a synapse, all of one delay."""

    name = "rows"
    walks = True

    @staticmethod
    def refuses(pathway: Pathway, given: Circumstances) -> str | None:
        """Return why a pathway cannot be run row by row, or None."""
        if not given.on_cpu:
            return "rows are for CPUs"
        if (why_not := complete(pathway)) is not None:
            return why_not
        return f"it has fewer than {SMALLEST} synapses" if len(pathway.projection.connectivity) < SMALLEST else None

    @staticmethod
    def how(pathway: Pathway, given: Circumstances) -> str:
        """Return what running it so means."""
        return "every pair has a synapse; every step is exact"

    def open(self, states: Any) -> Any:
        """Return the state with weights and eligibility as matrices [n, m], m filled up so that rows begin where vectors do."""
        return self._each(states[0], lambda listed: self.padded(listed.reshape(self._shape)))

    def close(self, inner: Any) -> list[PathwayState]:
        """Return the state with weights and eligibility as lists [s]."""
        return [self._each(inner, lambda matrix: matrix[:, : self._shape[1]].ravel())]

    def padded(self, post: Array) -> Array:
        """Return what is told of postsynaptic neurons, [..., m], with as many zeros as fill up a row."""
        return jnp.pad(post, [(0, 0)] * (post.ndim - 1) + [(0, aligned(self._shape[1]) - self._shape[1])])

    @property
    def _shape(self) -> tuple[int, int]:
        return self.pathway.projection.connectivity.n_pre, self.pathway.projection.connectivity.n_post

    def _each(self, state: PathwayState, change: Callable[[Array], Array]) -> PathwayState:
        memory = state.memory
        if memory is not None:
            memory = memory._replace(stdp=memory.stdp._replace(eligibility=change(memory.stdp.eligibility)))
        return state._replace(weights=change(state.weights), memory=memory)

    def arrive(self, inner: Any, spikes: Array, t: Array | int, dt: float, factor: Array | float) -> Any:
        """Send the spikes of the last step, and let what arrives act."""
        pathway, sent, tired = self.pathway, spikes, inner.stp
        if pathway.stp is not None:
            tired, sent = short_term_plasticity.step(pathway.stp, tired, spikes, dt)
        in_flight, arriving = pathway.projection.send(inner.in_flight, self._sent(inner.weights, spikes, sent))
        return inner._replace(in_flight=in_flight, stp=tired, synapse=pathway.synapse.step(inner.synapse, arriving * factor, dt))

    def _sent(self, weights: Array, spikes: Array, sent: Array) -> Array:
        """Return the currents [m] of ``sent`` [n], which is 0 but for ``spikes``: the sum of the rows that spike."""
        padded = jnp.pad(sent, (0, 1))  # the neurons that fill up a list send nothing

        def add(neurons: Array, total: Array) -> Array:
            for k in range(SENT):
                row = jax.lax.dynamic_slice_in_dim(weights, jnp.minimum(neurons[k], len(spikes) - 1), 1)[0]
                total = total + padded[neurons[k]] * row
            return total

        return each_batch(*spike_list(spikes, SENT), SENT, add, self.padded(jnp.zeros(self._shape[1])))[: self._shape[1]]

    def learn(self, inner: Any, step: Step) -> Any:
        """Change the weights, a block of rows at a time."""
        pathway = self.pathway
        if pathway.plasticity is None or inner.memory is None:
            return inner
        line, arrived = pathway.arrived(inner.memory.line, step.pre)
        p, third = pathway.gated(step.dopamine)
        before = stdp.decay(p.stdp, inner.memory.stdp.traces, step.dt)
        post, y = self.padded(step.post[pathway.target]), self.padded(before.post)
        hazard = self.padded(step.hazard[pathway.target]) if pathway.target in step.hazard else post
        rows = self._shape[0]
        rule = rules.find(p.rule)
        block = next(size for size in range(min(BLOCK, rows), 0, -1) if rows % size == 0)

        def update(b: Array, synapses: tuple[Array, Array]) -> tuple[Array, Array]:
            def part(array: Array) -> Array:
                return jax.lax.dynamic_slice_in_dim(array, b * block, block)

            weights, eligibility = synapses
            seen = (part(before.pre)[:, None], y[None], part(arrived)[:, None], post[None], hazard[None])
            increment = rule(p.stdp, *seen)
            new = part(eligibility) * jnp.exp(-step.dt / p.tau_e) + increment
            # Read again from where it was written: XLA would copy an array of which it reads the old values after that.
            eligibility = jax.lax.dynamic_update_slice_in_dim(eligibility, new, b * block, 0)
            new = dopamine_stdp.learned(p, part(weights), part(eligibility), increment, third, step.dt, step.rate)
            new = pathway.of_sign(new)
            return jax.lax.dynamic_update_slice_in_dim(weights, new, b * block, 0), eligibility

        weights, eligibility = jax.lax.fori_loop(0, rows // block, update, (inner.weights, inner.memory.stdp.eligibility))
        traces = stdp.add(p.stdp, before, arrived, step.post[pathway.target])
        return inner._replace(weights=weights, memory=Memory(line, DopamineSTDPState(traces, eligibility)))


def complete(pathway: Pathway) -> str | None:
    """Return why a pathway is no matrix whose rows can learn one by one, or None."""
    if not pathway.projection.complete:
        return "not every pair has a synapse of one delay"
    if pathway.scaling != "none" and pathway.plasticity is not None:
        return "synaptic scaling reads all weights of a neuron"
    return None
