"""The rule of :mod:`neurorl.networks.dopamine_layer` for many independent copies of a small layer, arranged for one core.

Groups of copies stay in the second-level cache while they advance, with the inputs the minor axis of the weights. A step begins
with the plasticity that the last spikes call for, so that the matrix product stands between it and the next spikes: XLA computes
whatever it can fuse once more in every consumer. Same results as :func:`neurorl.networks.dopamine_layer.run` to rounding.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.networks.dopamine_layer import DopamineLayerParameters, DopamineLayerState, clip

BLOCK = 10  # steps whose input is drawn at once
Carry = tuple[Array, ...]


def run(
    parameters: DopamineLayerParameters,
    states: DopamineLayerState,
    spikes: Callable[[Array, Array], Array],
    dopamine: Callable[[Array], Array],
    start: int | Array,
    steps: int,
    dt: float | Array = 1.0,
    group: int = 32,
) -> tuple[DopamineLayerState, Array]:
    """Advance c copies of a layer.

    Args:
        parameters: Constants, the same for all copies.
        states: :class:`DopamineLayerState` with a leading axis c.
        spikes: Returns the input of some copies, (index [b], step [k]) -> [k, b, n] of 0.0 or 1.0.
        dopamine: Returns the phasic signal, (step [k]) -> [k].
        start: [], number of the first step.
        steps: How many.
        dt: Step, ms.
        group: Copies that advance together; best what fits in the second-level cache, weights and eligibility.

    Returns:
        The new states, and how often each neuron spiked, [c, m].

    Raises:
        NeurorlError: ``steps`` is no multiple of 10, or ``group`` does not divide the copies.
    """
    p = parameters
    copies = len(states.v)
    if steps % BLOCK:
        raise NeurorlError(f"'steps' is {steps}; it must be a multiple of {BLOCK}")
    if copies % group:
        raise NeurorlError(f"'group' is {group}; it must divide the {copies} copies")
    decay_v, decay_x, decay_y, decay_e = (jnp.exp(-dt / tau) for tau in (p.tau_m, p.tau_plus, p.tau_minus, p.tau_e))

    def plasticity(carry: Carry, dopamine: Array) -> Carry:
        """Change the weights by the spikes of a step."""
        v, post, x, y, pre, eligibility, weights, count = carry
        x, y = x * decay_x, y * decay_y
        paired = (p.a_plus * x)[:, None, :] * post[:, :, None] - (p.a_minus * pre)[:, None, :] * y[:, :, None]
        eligibility = eligibility * decay_e + paired
        weights = clip(weights + p.learning_rate * dopamine * eligibility, p.w_min, p.w_max)
        return v, post, x + pre, y + post, pre, eligibility, weights, count + post

    def step(carry: Carry, inputs: tuple[Array, Array]) -> tuple[Carry, None]:
        """Close the last step, and let the next input drive the membrane."""
        dopamine, pre = inputs
        v, _, x, y, _, eligibility, weights, count = plasticity(carry, dopamine)
        v = v * decay_v + p.g * jnp.einsum("cn,cmn->cm", pre, weights)
        post = (v >= 1).astype(v.dtype)
        return (v * (1 - post), post, x, y, pre, eligibility, weights, count), None

    def advance(inputs: tuple[Array, DopamineLayerState]) -> tuple[DopamineLayerState, Array]:
        """Advance one group."""
        index, state = inputs
        eligibility, weights = (jnp.swapaxes(synapses, 1, 2) for synapses in (state.eligibility, state.weights))
        silent, none = jnp.zeros_like(state.v), jnp.zeros_like(state.pre)
        # Nothing is left to close before the first step: the traces and the eligibility are undone by the decay that comes.
        before = (state.v, silent, state.pre / decay_x, state.post / decay_y, none, eligibility / decay_e, weights, silent)

        def block(b: Array, carry: Carry) -> Carry:
            t = start + b * BLOCK + jnp.arange(BLOCK)
            closing = jnp.where(t == start, 0.0, dopamine(t - 1))
            return jax.lax.scan(step, carry, (closing, spikes(index, t)), unroll=2)[0]

        carry = jax.lax.fori_loop(0, steps // BLOCK, block, before)
        last = dopamine(jnp.asarray(start)[None] + steps - 1)[0]
        v, _, x, y, _, eligibility, weights, count = plasticity(carry, last)
        eligibility, weights = (jnp.swapaxes(synapses, 1, 2) for synapses in (eligibility, weights))
        return DopamineLayerState(v, x, y, eligibility, weights), count

    def split(array: Array) -> Array:
        return array.reshape(-1, group, *array.shape[1:])

    result = jax.lax.map(advance, (split(jnp.arange(copies)), jax.tree.map(split, states)))
    return jax.tree.map(lambda array: array.reshape(copies, *array.shape[2:]), result)
