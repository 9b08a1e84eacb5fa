"""Inputs normalised by the mean and the variance of all that were met (Welford 1962)."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array


class Normal(NamedTuple):
    """Running moments of the inputs."""

    seen: Array  # []
    mean: Array  # [size]
    squares: Array  # [size], sum of squared distances from the mean


def init(size: int) -> Normal:
    """Return what is known before the first input."""
    return Normal(jnp.float32(0.0), jnp.zeros(size), jnp.zeros(size))


def update(normal: Normal, x: Array) -> Normal:
    """Take in one more input [size]."""
    count = normal.seen + 1.0
    mean = normal.mean + (x - normal.mean) / count
    return Normal(count, mean, normal.squares + (x - normal.mean) * (x - mean))


def normalised(normal: Normal, x: Array) -> Array:
    """Return an input [size] in standard deviations from the mean; the deviation is 1 while fewer than two were met."""
    variance = jnp.where(normal.seen < 2.0, 1.0, normal.squares / jnp.maximum(normal.seen - 1.0, 1.0))
    return (x - normal.mean) / jnp.sqrt(variance + 1e-8)
