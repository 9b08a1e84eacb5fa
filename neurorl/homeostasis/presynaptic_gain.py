r"""Presynaptic gain: the synapses of an input that fires rarely release more at each of its spikes.

    p <- p + (x - p) / (t + 1);      x^ = x / sqrt(max(p, floor))

p is the running mean of the input, over its life. A spike that hardly ever comes tells much, and of a step that is bounded for
all synapses together it would get the least; scaled, all inputs transmit about the same power, whatever their rate. Only the
presynaptic cell needs to know (presynaptic homeostasis: Davis and Müller 2015).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from neurorl.typing import Scalar


class Rates(NamedTuple):
    """What C inputs have done so far."""

    mean: Float[Array, " C"]  # spikes a substep, p
    steps: Float[Array, ""]  # environment steps, t


def init(inputs: int) -> Rates:
    """Return inputs that have not been seen."""
    return Rates(jnp.zeros(inputs), jnp.float32(0.0))


def update(rates: Rates, x: Float[Array, " C"]) -> Rates:
    """Take in one environment step's activity [C]."""
    steps = rates.steps + 1.0
    return Rates(rates.mean + (x - rates.mean) / (steps + 1.0), steps)


def scaled(rates: Rates, x: Float[Array, " C"], floor: Scalar = 0.001) -> Float[Array, " C"]:
    """Return what the inputs [C] transmit; ``floor`` is the lowest rate that is told from silence."""
    return x / jnp.sqrt(jnp.maximum(rates.mean, floor))
