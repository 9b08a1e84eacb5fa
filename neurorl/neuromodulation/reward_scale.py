r"""Reward scale: dopamine is told in units of the largest return that was met.

    G <- gamma G + r;   R <- max(R, |G|);   B <- max(B, G);   what learns sees r / R

Dopamine neurons of the midbrain tell a drop of juice from a large one when these are what there is to be had, and fire as much
for other sizes when the range is another (Tobler, Fiorillo and Schultz 2005). G is the discounted sum of what an episode has
brought so far, so that R is as large as values are, whatever the task pays: 1 where all is paid at the end, |r| / (1 - gamma)
where every step pays. B, the best that was met, tells how good what has not been tried may be.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from neurorl.typing import Scalar


class Returns(NamedTuple):
    """What rewards have added up to, in the unit of the reward."""

    running: Float[Array, ""]  # discounted sum since the episode began, G
    largest: Float[Array, ""]  # R
    best: Float[Array, ""]  # B, at least 0


def init(largest: Scalar = 0.0) -> Returns:
    """Return what is known before the first reward: nothing, or the ``largest`` return that there can be."""
    return Returns(jnp.float32(0.0), jnp.asarray(largest, jnp.float32), jnp.float32(0.0))


def update(returns: Returns, reward: Scalar, ended: Bool[Array, ""], gamma: Scalar) -> Returns:
    """Take in the reward [] of one environment step, and begin anew where the episode ended."""
    running = gamma * returns.running + reward
    largest, best = jnp.maximum(returns.largest, jnp.abs(running)), jnp.maximum(returns.best, running)
    return Returns(jnp.where(ended, 0.0, running), largest, best)


def scaled(returns: Returns, amount: Scalar) -> Float[Array, ""]:
    """Return an amount [] of reward in units of the largest return; 0 where there was none."""
    return jnp.where(returns.largest > 0.0, amount / jnp.where(returns.largest > 0.0, returns.largest, 1.0), 0.0)
