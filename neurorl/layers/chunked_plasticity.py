r"""The rule of :mod:`neurorl.layers.dopamine_layer` in chunks of K steps, with the weights written once a chunk.

Between two flushes everything that the synapses do is linear in the spikes. Number the steps of a chunk 1 to K and let index 0
stand for what came before it: s_0 the presynaptic trace and q_0 the postsynaptic trace at its start. Then

    traces          x_k = sum_{j<k} P_jk s_j,   y_k = sum_{i<k} M_ik q_i,   P_jk = exp(-(k-j) dt/tau_plus), M alike
    eligibility     e_t = D^t e_0 + sum_{1<=k<=t} D^(t-k) (a_plus x_k (x) q_k - a_minus s_k (x) y_k),   D = exp(-dt/tau_e)
    weights         w_t = w_0 + G_0t e_0 + sum_{1<=k<=t} G_kt (a_plus x_k (x) q_k - a_minus s_k (x) y_k)
                    with G_kt = learning_rate sum_{k<=j<=t} DA_j D^(j-k), learning_rate a step and not a ms

so that the current needs only w_0, e_0 and K x K tables of inner products of spikes, and the flush adds a product of rank K + 1.
This is exact for any dopamine, except that weights are clipped at the flush alone: K is part of the rule. With K = 1 it is the
stepwise rule. With K = 50 ms, on 1,000 x 1,000 synapses after 2,000 steps, the mean weight differs from it by 6e-5, single ones
by 0.007 on average and by 0.4 at most (experiments/benchmarks/speed, W2).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.layers import spiking_rows
from neurorl.layers.dopamine_layer import DopamineLayerParameters, DopamineLayerState

STEPS_A_BLOCK = 10  # of a chunk, whose currents are known but for the block's own spikes
MAX_BLOCKS = 8  # they are compiled one by one


class Tables(NamedTuple):
    """What a chunk's currents and flush are made of, for K steps; rows and columns are numbered from 0, what came before."""

    gain: Array  # [K], weight of e_0 in the weights that step t meets
    recurrent: Array  # [K, K + 1], current at step t through the changes that the spikes q_i have made
    change: Array  # [2, K + 1, K + 1], weights and eligibility at the flush: sum_ji s_j (x) q_i times this
    kept: Array  # [2], weight of e_0 in the weights and in the eligibility at the flush


def tables(parameters: DopamineLayerParameters, spikes: Array, dopamine: Array, dt: float | Array = 1.0) -> Tables:
    """Return the tables of a chunk.

    Args:
        parameters: Constants of the layer.
        spikes: [K + 1, n], the presynaptic trace at the start and then the presynaptic spikes.
        dopamine: [K].
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

    plus, minus, eligible = (fading(p.tau_plus) * after, fading(p.tau_minus) * after, fading(p.tau_e))
    dopamine = jnp.concatenate([jnp.zeros_like(dopamine[:1]), dopamine])
    learned = p.learning_rate * jnp.cumsum(eligible * dopamine, axis=1)  # G_kt at [k, t]
    met = jnp.roll(learned, 1, axis=1).T * after.T  # G_k,t-1 at [t, k], 0 unless k < t
    overlap = spikes @ spikes.T  # s_t . s_k at [t, k]
    paired = met * in_chunk
    recurrent = p.a_plus * paired * (overlap @ plus) - p.a_minus * (paired * overlap) @ minus.T

    def change(weight: Array) -> Array:
        """Return the table at [j, i] of sum_k weight_k (a_plus x_k (x) q_k - a_minus s_k (x) y_k)."""
        weight = weight * in_chunk
        return p.a_plus * plus * weight - p.a_minus * weight[:, None] * minus.T

    final = (learned[:, -1], eligible[:, -1])
    return Tables(met[1:, 0], recurrent[1:], jnp.stack([change(f) for f in final]), jnp.stack([f[0] for f in final]))


def chunk(
    parameters: DopamineLayerParameters, state: DopamineLayerState, pre: Array, dopamine: Array, dt: float | Array = 1.0
) -> tuple[DopamineLayerState, Array]:
    """Advance a layer by K steps and write its weights once.

    Args:
        parameters: Constants of the layer.
        state: Its state.
        pre: [K, n], presynaptic spikes, 0.0 or 1.0.
        dopamine: [K], the phasic signal of each step.
        dt: Step, ms.

    Returns:
        The new state, and the spikes [K, m] as 0.0 or 1.0.
    """
    p = parameters
    spikes = jnp.concatenate([state.pre[None], pre])
    table = tables(p, spikes, dopamine, dt)
    drive = spiking_rows.currents(pre, state.weights, state.eligibility, table.gain)

    v, post = respond(p, state, drive, table.recurrent, dt)
    weights, eligibility = spiking_rows.flush(
        pre, state.pre, state.weights, state.eligibility, table.change @ post, table.kept, p.w_min, p.w_max
    )
    return DopamineLayerState(v, trace(spikes, p.tau_plus, dt), trace(post, p.tau_minus, dt), eligibility, weights), post[1:]


def respond(
    parameters: DopamineLayerParameters, state: DopamineLayerState, drive: Array, recurrent: Array, dt: float | Array = 1.0
) -> tuple[Array, Array]:
    """Let the neurons fire for K steps at currents that their own spikes change.

    Args:
        parameters: Constants of the layer.
        state: Its state at the start.
        drive: [K, m], currents through the weights of the start.
        recurrent: [K, K + 1], the current at each step for the trace at the start and each spike since.
        dt: Step, ms.

    Returns:
        The membrane potentials [m], and the trace at the start with the spikes [K + 1, m].
    """
    p, steps = parameters, len(drive)
    decay = jnp.exp(-dt / p.tau_m)
    block = max(STEPS_A_BLOCK, -(-steps // MAX_BLOCKS))
    v, post = state.v, jnp.zeros((steps + 1, *state.v.shape), state.v.dtype).at[0].set(state.post)
    # A matrix product for all steps of a block costs less than one a step, so that only its own spikes are left to the steps.
    for start in range(0, steps, block):
        end = min(start + block, steps)
        known = drive[start:end] + recurrent[start:end, : start + 1] @ post[: start + 1]
        own = recurrent[start:end, start + 1 : end + 1]

        def advance(t: Array, carry: tuple[Array, Array], known: Array = known, own: Array = own) -> tuple[Array, Array]:
            v, spikes = carry
            v = v * decay + p.g * (known[t] + own[t] @ spikes)
            spiked = (v >= 1).astype(v.dtype)
            return v * (1 - spiked), spikes.at[t].set(spiked)

        v, spikes = jax.lax.fori_loop(0, end - start, advance, (v, jnp.zeros((end - start, *v.shape), v.dtype)))
        post = jax.lax.dynamic_update_slice_in_dim(post, spikes, start + 1, 0)
    return v, post


def trace(spikes: Array, tau: float | Array, dt: float | Array) -> Array:
    """Return the trace [n] after the spikes [K + 1, n] of a chunk, whose first row is the trace before it."""
    age = jnp.arange(len(spikes))[::-1]
    return jnp.exp(-age * dt / tau).astype(spikes.dtype) @ spikes


def run_chunked(
    parameters: DopamineLayerParameters,
    state: DopamineLayerState,
    pre: Array,
    dopamine: Array,
    dt: float | Array = 1.0,
    steps: int = 50,
) -> tuple[DopamineLayerState, Array]:
    """Scan :func:`chunk` over ``pre`` [t, n] and ``dopamine`` [t], ``steps`` at a time.

    Returns:
        The last state, and the spikes [t, m].

    Raises:
        NeurorlError: The chunks do not fill the run.
    """
    if steps < 1 or len(pre) % steps:
        raise NeurorlError(f"'steps' is {steps}; it must be at least 1 and divide the {len(pre)} steps of the run")
    chunks = len(pre) // steps
    inputs = (pre.reshape(chunks, steps, pre.shape[1]), dopamine.reshape(chunks, steps))
    state, post = jax.lax.scan(lambda state, inputs: chunk(parameters, state, *inputs, dt), state, inputs)
    return state, post.reshape(len(pre), len(state.v))
