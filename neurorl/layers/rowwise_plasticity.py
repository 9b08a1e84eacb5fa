"""The rule of :mod:`neurorl.layers.dopamine_layer` step by step, arranged for one core.

The current gathers only the rows that spike, and the synapses are updated in blocks of rows, so that the new weights find the new
eligibility in cache. Same results as :func:`neurorl.layers.dopamine_layer.run` to rounding.
"""

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.layers import spiking_rows
from neurorl.layers.dopamine_layer import DopamineLayerParameters, DopamineLayerState, clip

BLOCK = 50  # rows; at 1,000 columns a block of weights and eligibility is 400 kB


def run(
    parameters: DopamineLayerParameters, state: DopamineLayerState, pre: Array, dopamine: Array, dt: float | Array = 1.0
) -> tuple[DopamineLayerState, Array]:
    """Advance a layer by ``pre`` [steps, n] and ``dopamine`` [steps]; return the last state, and the spikes [steps, m]."""
    p = parameters
    n = pre.shape[1]
    block = next(size for size in range(min(BLOCK, n), 0, -1) if n % size == 0)
    decay = [jnp.exp(-dt / tau) for tau in (p.tau_m, p.tau_plus, p.tau_minus, p.tau_e)]

    def step(state: DopamineLayerState, inputs: tuple[Array, Array, Array]) -> tuple[DopamineLayerState, Array]:
        pre, rows, dopamine = inputs
        v = state.v * decay[0] + p.g * spiking_rows.current(rows, state.weights)
        post = (v >= 1).astype(v.dtype)
        x, y = state.pre * decay[1], state.post * decay[2]

        def update(b: Array, synapses: tuple[Array, Array]) -> tuple[Array, Array]:
            def part(array: Array) -> Array:
                return jax.lax.dynamic_slice_in_dim(array, b * block, block)

            weights, eligibility = synapses
            paired = p.a_plus * part(x)[:, None] * post - p.a_minus * part(pre)[:, None] * y
            new = part(eligibility) * decay[3] + paired
            eligibility = jax.lax.dynamic_update_slice_in_dim(eligibility, new, b * block, 0)
            changed = part(weights) + p.learning_rate * dopamine * part(eligibility)
            changed = clip(changed, p.w_min, p.w_max)
            return jax.lax.dynamic_update_slice_in_dim(weights, changed, b * block, 0), eligibility

        weights, eligibility = jax.lax.fori_loop(0, n // block, update, (state.weights, state.eligibility))
        return DopamineLayerState(v * (1 - post), x + pre, y + post, eligibility, weights), post

    return jax.lax.scan(step, state, (pre, spiking_rows.following(pre.T).T, dopamine))
