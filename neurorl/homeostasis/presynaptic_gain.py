r"""Presynaptic gain: the synapses of an input that fires rarely release more at each of its spikes.

    s <- s + x,   p = s / (t + 1);      x^ = x / sqrt(max(p, floor))

p is the mean of the input, over its life of t environment steps. A spike that hardly ever comes tells much, and of a step that
is bounded for all synapses together it would get the least; scaled, all inputs transmit about the same power, whatever their
rate. Only the presynaptic cell needs to know (presynaptic homeostasis: Davis and Müller 2015).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neurorl.typing import Scalar


class Rates(NamedTuple):
    """What C inputs have done so far."""

    total: Float[Array, " C"]  # of the rates in spikes per substep, s
    steps: Float[Array, ""]  # environment steps, t


def init(inputs: int) -> Rates:
    """Return inputs that have not been seen."""
    return Rates(jnp.zeros(inputs), jnp.float32(0.0))


def update(rates: Rates, x: Float[Array, " k"], index: Int[Array, " k"] | None = None) -> Rates:
    """Take in one environment step's activity [k] of the inputs ``index`` [k], the others being silent; None: of all."""
    total = rates.total + x if index is None else rates.total.at[index].add(x, mode="promise_in_bounds")
    return Rates(total, rates.steps + 1.0)


def scaled(
    rates: Rates, x: Float[Array, " k"], index: Int[Array, " k"] | None = None, floor: Scalar = 0.001
) -> Float[Array, " k"]:
    """Return what the inputs ``index`` [k] transmit (None: all); ``floor`` is the lowest rate that is told from silence."""
    total = rates.total if index is None else rates.total.at[index].get(mode="promise_in_bounds")
    return x / jnp.sqrt(jnp.maximum(total / (rates.steps + 1.0), floor))
