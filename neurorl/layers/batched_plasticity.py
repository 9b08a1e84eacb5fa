"""The rule of :mod:`neurorl.layers.dopamine_layer` for many independent copies of a small layer, arranged for one core.

Groups of copies stay in the second-level cache while they advance, with the inputs the minor axis of the weights. A step has few
and long loops: small arrays are flat, because XLA vectorises a short minor axis badly, and the input is drawn once, in a loop of
its own, because XLA computes whatever it can fuse once more in every consumer. Same results as
:func:`neurorl.layers.dopamine_layer.run` to rounding.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.layers.dopamine_layer import DopamineLayerParameters, DopamineLayerState, clip

Carry = tuple[Array, ...]


def run(
    parameters: DopamineLayerParameters,
    states: DopamineLayerState,
    spikes: Callable[[Array, Array], Array],
    dopamine: Callable[[Array], Array],
    start: int | Array,
    steps: int,
    dt: float | Array = 1.0,
    group: int = 64,
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
        group: Copies that advance together; best what half fills the second-level cache, weights and eligibility.

    Returns:
        The new states, and how often each neuron spiked, [c, m].

    Raises:
        NeurorlError: ``group`` does not divide the copies.
    """
    copies = len(states.weights)
    if copies % group:
        raise NeurorlError(f"'group' is {group}; it must divide the {copies} copies")

    def advance_in_place(g: Array, results: tuple[DopamineLayerState, Array]) -> tuple[DopamineLayerState, Array]:
        first = g * group
        state = jax.tree.map(lambda array: jax.lax.dynamic_slice_in_dim(array, first, group), results[0])
        index = first + jnp.arange(group)
        result = _advance(parameters, state, lambda step: spikes(index, step), dopamine, start, start + steps, dt)
        return jax.tree.map(lambda array, part: jax.lax.dynamic_update_slice_in_dim(array, part, first, 0), results, result)

    return jax.lax.fori_loop(0, copies // group, advance_in_place, (states, jnp.zeros_like(states.v)))


def _advance(
    p: DopamineLayerParameters,
    state: DopamineLayerState,
    spikes: Callable[[Array], Array],
    dopamine: Callable[[Array], Array],
    start: int | Array,
    end: int | Array,
    dt: float | Array,
) -> tuple[DopamineLayerState, Array]:
    """Advance one group of copies from step ``start`` to before ``end``; return its state, and how often each neuron spiked."""
    group, n, m = state.weights.shape
    decay_v, decay_x, decay_y, decay_e = (jnp.exp(-dt / tau) for tau in (p.tau_m, p.tau_plus, p.tau_minus, p.tau_e))

    def rows(array: Array) -> Array:
        return array.reshape(group, 1, n)

    def columns(array: Array) -> Array:
        return array.reshape(group, m, 1)

    def step(t: Array, carry: Carry) -> Carry:
        v, x, y, eligibility, weights, count, pre = carry
        pre = jax.lax.fori_loop(t, t + 1, lambda t, _: spikes(t[None])[0], pre)
        v = v * decay_v + p.g * jnp.einsum("cn,cmn->cm", pre, weights).reshape(-1)
        post = (v >= 1).astype(v.dtype)
        x, y = x * decay_x, y * decay_y
        paired = rows(x) * columns(p.a_plus * post) - rows(pre) * columns(p.a_minus * y)
        eligibility = eligibility * decay_e + paired
        weights = clip(weights + p.learning_rate * dopamine(t[None])[0] * eligibility, p.w_min, p.w_max)
        return v * (1 - post), x + pre.reshape(-1), y + post, eligibility, weights, count + post, pre

    v, x, y = (array.reshape(-1) for array in state[:3])
    eligibility, weights = (jnp.swapaxes(synapses, 1, 2) for synapses in state[3:])
    carry = (v, x, y, eligibility, weights, jnp.zeros_like(v), jnp.zeros_like(state.pre))
    v, x, y, eligibility, weights, count, _ = jax.lax.fori_loop(start, end, step, carry)
    v, y, count = (array.reshape(group, m) for array in (v, y, count))
    eligibility, weights = (jnp.swapaxes(synapses, 1, 2) for synapses in (eligibility, weights))
    return DopamineLayerState(v, x.reshape(group, n), y, eligibility, weights), count
