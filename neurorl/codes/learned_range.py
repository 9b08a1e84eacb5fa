r"""Ranges learned while running: a neuron scales its response to the mean and the spread of what it has seen.

    m <- m + r (y - m),   v <- v + r ((y - m_before) (y - m) - v),   r = max(1 / n, slowest)
    place in the range = 1/2 + (y - m) / (2 span sqrt(v)),   taken at the edge of [0, 1]

Neurons that see motion do this within seconds (Brenner, Bialek and de Ruyter van Steveninck 2000). The first observations
move the range much and later ones ever less, so that what was learned about a place keeps its meaning.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

SLOWEST = 1e-5  # share of an environment step in the range, when many have been seen
SPAN = 2.5  # standard deviations from the middle of the range to its ends
WIDEST = 1e3  # a range declared wider than this says nothing about where observations lie


class Seen(NamedTuple):
    """What has been seen of d dimensions."""

    observations: Float[Array, ""]
    mean: Float[Array, " d"]
    variance: Float[Array, " d"]


def init(dimensions: int) -> Seen:
    """Return what is known before the first observation."""
    return Seen(jnp.float32(0.0), jnp.zeros(dimensions), jnp.zeros(dimensions))


def adapt(seen: Seen, y: Real[Array, " d"]) -> Seen:
    """Take in an observation y [d]."""
    count = seen.observations + 1.0
    rate = jnp.maximum(1.0 / count, SLOWEST)
    mean = seen.mean + rate * (y - seen.mean)
    variance = seen.variance + rate * ((y - seen.mean) * (y - mean) - seen.variance)
    return Seen(count, mean, variance)


def place(seen: Seen, y: Real[Array, " d"]) -> Float[Array, " d"]:
    """Return where in the range an observation y [d] lies, [d] in [0, 1]; in the middle while all were alike."""
    spread = 2.0 * SPAN * jnp.sqrt(seen.variance)
    away = (y - seen.mean) / jnp.where(spread > 0.0, spread, jnp.inf)
    return jnp.clip(0.5 + away, 0.0, 1.0)


def is_open(low: float, high: float) -> bool:
    """Return whether the ends that a space declares leave the range to be learned."""
    return not (low > -WIDEST and high < WIDEST)
