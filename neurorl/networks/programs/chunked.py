r"""A complete plastic pathway in chunks of K steps, with the weights written once a chunk.

Between two flushes everything that the synapses do is linear in the spikes. Number the steps of a chunk 1 to K and let index 0
stand for what came before it: s_0 the presynaptic trace and q_0 the postsynaptic trace at its start. Then

    traces          x_k = sum_{j<k} P_jk s_j,   y_k = sum_{i<k} M_ik q_i,   P_jk = exp(-(k-j) dt/tau_plus), M alike
    eligibility     e_t = D^t e_0 + sum_{1<=k<=t} D^(t-k) (a_plus x_k (x) q_k - a_minus s_k (x) y_k),   D = exp(-dt/tau_e)
    weights         w_t = w_0 + G_0t e_0 + sum_{1<=k<=t} G_kt (a_plus x_k (x) q_k - a_minus s_k (x) y_k)
                    with G_kt = learning_rate dt sum_{k<=j<=t} DA_j D^(j-k)

so that the current needs only w_0, e_0 and K x K tables of inner products of spikes, and the flush adds a product of rank K + 1.
This is exact for any dopamine, except that weights are clipped at the flush alone: K is part of the rule. With K = 1 it is the
stepwise rule. With K = 50 ms, on 1,000 x 1,000 synapses after 2,000 steps, the mean weight differs from it by 6e-5, single ones
by 0.006 on average and by 0.45 at most (experiments/benchmarks/speed, W2).

The presynaptic spikes of the whole chunk must be known before it begins: the target may have no way back to the source.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.kernels import spiking_rows
from neurorl.networks.pathway import Memory, Pathway
from neurorl.networks.programs.program import Ahead, Circumstances, Step
from neurorl.networks.programs.rows import Rows
from neurorl.plasticity.dopamine_stdp import DopamineSTDP, DopamineSTDPState
from neurorl.plasticity.stdp import STDPState
from neurorl.synapses.delay_line import DelayLine
from neurorl.synapses.projection import ProjectionState


class Tables(NamedTuple):
    """What a chunk's currents and flush are made of, for K steps; rows and columns are numbered from 0, what came before."""

    gain: Array  # [K], weight of e_0 in the weights that step t meets
    recurrent: Array  # [K, K + 1], current at step t through the changes that the spikes q_i have made
    change: Array  # [2, K + 1, K + 1], weights and eligibility at the flush: sum_ji s_j (x) q_i times this
    kept: Array  # [2], weight of e_0 in the weights and in the eligibility at the flush


def tables(parameters: DopamineSTDP, spikes: Array, learned: Array, dt: float | Array = 1.0) -> Tables:
    """Return the tables of a chunk.

    Args:
        parameters: Constants of the rule.
        spikes: [K + 1, n], the presynaptic trace at the start and then the presynaptic spikes.
        learned: [K], change of a weight by a unit of eligibility in each step: learning rate times dopamine times dt.
        dt: Step, ms.
    """
    p = parameters
    index = jnp.arange(len(spikes))
    lag = index[None, :] - index[:, None]
    after = lag > 0
    in_chunk = index > 0

    def fading(tau: float | Array) -> Array:
        """Return exp(-(k - j) dt / tau) at [j, k], 0 where k < j."""
        return jnp.where(lag >= 0, jnp.exp(-jnp.maximum(lag, 0) * dt / tau), 0.0).astype(spikes.dtype)

    plus, minus, eligible = (fading(p.stdp.tau_plus) * after, fading(p.stdp.tau_minus) * after, fading(p.tau_e))
    gains = jnp.cumsum(eligible * jnp.concatenate([jnp.zeros_like(learned[:1]), learned]), axis=1)  # G_kt at [k, t]
    met = jnp.roll(gains, 1, axis=1).T * after.T  # G_k,t-1 at [t, k], 0 unless k < t
    overlap = spikes @ spikes.T  # s_t . s_k at [t, k]
    paired = met * in_chunk
    a_plus, a_minus = p.stdp.a_plus, p.stdp.a_minus
    recurrent = a_plus * paired * (overlap @ plus) - a_minus * (paired * overlap) @ minus.T

    def change(weight: Array) -> Array:
        """Return the table at [j, i] of sum_k weight_k (a_plus x_k (x) q_k - a_minus s_k (x) y_k)."""
        weight = weight * in_chunk
        return a_plus * plus * weight - a_minus * weight[:, None] * minus.T

    final = (gains[:, -1], eligible[:, -1])
    return Tables(met[1:, 0], recurrent[1:], jnp.stack([change(f) for f in final]), jnp.stack([f[0] for f in final]))


def trace(spikes: Array, tau: float | Array, dt: float | Array) -> Array:
    """Return the trace [n] after the spikes [K + 1, n] of a chunk, whose first row is the trace before it."""
    age = jnp.arange(len(spikes))[::-1]
    return jnp.exp(-age * dt / tau).astype(spikes.dtype) @ spikes


class Chunk(NamedTuple):
    """A pathway within a chunk of K steps, in a block of B of them."""

    state: Any  # at its start, weights and eligibility as matrices
    spikes: Array  # [K + 1, n], the presynaptic trace at its start, and what arrives at each step
    tables: Tables
    drive: Array  # [K, m], currents through the weights of the start; m is filled up as the rows are
    post: Array  # [K + 1, m], the postsynaptic trace at its start, and the spikes so far
    known: Array  # [B, m], currents of the block through all but the changes by the block's own spikes
    own: Array  # [B, B], those through the changes by each spike of the block
    block: Array  # [B, m], its spikes so far
    arriving: Array  # [m]
    synapse: Any
    dt: float | Array


class Chunked(Rows):
    """A pathway whose spikes are known for all steps of a chunk."""

    name = "chunked"
    needs_ahead = True

    @staticmethod
    def refuses(pathway: Pathway, given: Circumstances) -> str | None:
        """Return why a pathway cannot be run in chunks, or None."""
        p = pathway.plasticity
        if given.chunk == 1:
            return "every step is to be exact"
        if not given.ahead:
            return "its target leads back to its source"
        if (why_not := Rows.refuses(pathway, given)) is not None:
            return why_not
        if p is None:
            return "its weights hold still"
        if not given.gated:
            return "nothing gates its plasticity"
        for name, value, known in (
            ("rule", p.rule, ("pair-stdp",)),
            ("gating", p.gating, ("multiplicative",)),
            ("pairing", p.stdp.pairing, ("all-to-all",)),
            ("bounds", p.bounds.kind, ("hard", "none")),
        ):
            if value not in known:
                return f"its {name} is {value}"
        if pathway.projection.max_delay > 1:
            return "its delay is more than one step"
        return "it has short-term plasticity" if pathway.stp is not None else None

    @staticmethod
    def how(pathway: Pathway, given: Circumstances) -> str:
        """Return what running it so means."""
        return "every pair has a synapse; weights are written and clipped once a chunk"

    def begin(self, inner: Any, ahead: Ahead, sent: Array | None = None) -> Any:
        """Return the chunk with the currents that the spikes ``sent`` [K, n] make through the weights of its start."""
        assert sent is not None
        assert ahead.dopamine is not None
        p, memory = self.pathway.plasticity, inner.memory
        assert p is not None
        steps = len(sent)
        spikes = jnp.concatenate([memory.stdp.traces.pre[None], sent])
        learned = p.learning_rate * p.receptor * ahead.rate * ahead.dopamine * ahead.dt
        table = tables(p, spikes, learned, ahead.dt)
        drive = spiking_rows.currents(sent, inner.weights, memory.stdp.eligibility, table.gain)
        m = drive.shape[1]
        post = jnp.zeros((steps + 1, m)).at[0].set(self.padded(memory.stdp.traces.post))
        size = block(steps)
        nothing = jnp.zeros((size, m))
        return Chunk(
            state=inner,
            spikes=spikes,
            tables=table,
            drive=drive,
            post=post,
            known=nothing,
            own=jnp.zeros((size, size)),
            block=nothing,
            arriving=jnp.zeros(self._shape[1]),
            synapse=inner.synapse,
            dt=ahead.dt,
        )

    def begin_block(self, inner: Chunk, start: Array) -> Chunk:
        """Return the chunk at step ``start``: a matrix product for all steps of a block costs less than one a step."""
        recurrent = jax.lax.dynamic_slice_in_dim(inner.tables.recurrent, start, len(inner.own))
        known = jax.lax.dynamic_slice_in_dim(inner.drive, start, len(inner.own)) + recurrent @ inner.post
        own = jax.lax.dynamic_slice_in_dim(recurrent, start + 1, len(inner.own), axis=1)
        return inner._replace(known=known, own=own, block=jnp.zeros_like(inner.block))

    def end_block(self, inner: Chunk, start: Array) -> Chunk:
        """Return the chunk with the spikes of the block among those so far."""
        return inner._replace(post=jax.lax.dynamic_update_slice_in_dim(inner.post, inner.block, start + 1, 0))

    def arrive(self, inner: Any, spikes: Array, t: Array | int, dt: float, factor: Array | float) -> Any:
        """Let what was sent arrive; ``t`` is the step's number within the block."""
        arriving = (inner.known[t] + inner.own[t] @ inner.block)[: self._shape[1]]
        return inner._replace(arriving=arriving, synapse=self.pathway.synapse.step(inner.synapse, arriving * factor, dt))

    def learn(self, inner: Any, step: Step) -> Any:
        """Take down who fired."""
        return inner._replace(block=inner.block.at[step.t].set(self.padded(step.post[self.pathway.target])))

    def flush(self, inner: Any) -> Any:
        """Return the pathway with its weights and eligibility up to date."""
        p, state = self.pathway.plasticity, inner.state
        assert p is not None
        low, high = (p.bounds.w_min, p.bounds.w_max) if p.bounds.kind == "hard" else (-jnp.inf, jnp.inf)
        if self.pathway.projection.sign != "mixed":
            excitatory = self.pathway.projection.sign == "excitatory"
            low, high = (jnp.maximum(low, 0.0), high) if excitatory else (low, jnp.minimum(high, 0.0))
        before, change = state.memory.stdp, inner.tables.change @ inner.post
        weights, eligibility = spiking_rows.flush(
            inner.spikes[1:], before.traces.pre, state.weights, before.eligibility, change, inner.tables.kept, low, high
        )
        traces = STDPState(
            trace(inner.spikes, p.stdp.tau_plus, inner.dt), trace(inner.post, p.stdp.tau_minus, inner.dt)[: self._shape[1]]
        )
        line = DelayLine(inner.spikes[-1:], jnp.zeros_like(state.memory.line.cursor))
        return state._replace(
            weights=weights,
            in_flight=ProjectionState(inner.arriving[None], state.in_flight.cursor),
            synapse=inner.synapse,
            memory=Memory(line, DopamineSTDPState(traces, eligibility)),
        )


def block(steps: int) -> int:
    """Return the steps of a block: a tenth of a second-level cache of currents, as a divisor of the chunk's."""
    return max(size for size in range(1, 13) if steps % size == 0)
