r"""Return spread: dopamine is told in units of how much returns differ.

    G <- gamma G + r, anew in every episode;   n, m, M: steps, mean and sum of squares of G so far;   r^ = r / sqrt(M / (n - 1))

So that one bound on a step serves whatever a task pays (Engstrom et al. 2020; Elsayed, Vasan and Mahmood 2024). No mean is
taken off: whether a reward is a gain or a loss stays. Where every return is alike the spread is nothing. (``reward_scale`` has
units of the largest return, which is as large as values are then too, and stands still once it was met.)
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from neurorl.typing import Scalar


class Spread(NamedTuple):
    """What is known of returns, in the unit of the reward."""

    running: Float[Array, ""]  # discounted sum since the episode began, G
    steps: Float[Array, ""]
    mean: Float[Array, ""]
    squares: Float[Array, ""]  # sum of squared distances from the mean, M


def init() -> Spread:
    """Return what is known before the first reward."""
    return Spread(*jnp.zeros(4))


def update(spread: Spread, reward: Scalar, ended: Bool[Array, ""], gamma: Scalar) -> Spread:
    """Take in the reward [] of one environment step, and begin anew where the episode ended."""
    running, count = gamma * spread.running + reward, spread.steps + 1.0
    mean = spread.mean + (running - spread.mean) / count
    squares = spread.squares + (running - spread.mean) * (running - mean)
    return Spread(jnp.where(ended, 0.0, running), count, mean, squares)


def size(spread: Spread) -> Float[Array, ""]:
    """Return the standard deviation of returns []; 1 while fewer than two were met."""
    variance = jnp.where(spread.steps < 2.0, 1.0, spread.squares / jnp.maximum(spread.steps - 1.0, 1.0))
    return jnp.sqrt(variance + 1e-8)
