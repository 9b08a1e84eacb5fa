r"""Pair-based spike-timing-dependent plasticity, as a window and as the online traces that agree with it.

    dw = A+ exp(-dt / tau+)  for dt = t_post - t_pre > 0,     dw = -A- exp(dt / tau-)  for dt < 0

Song, Miller and Abbott (2000); online form after Morrison, Diesmann and Gerstner (2008). A pre- and a postsynaptic spike
of the same step make no pair.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array


class STDPParameters(NamedTuple):
    """Constants of the window."""

    a_plus: float | Array = 0.01  # weight change of a pair at dt -> 0+
    a_minus: float | Array = 0.012  # weight change of a pair at dt -> 0-, taken negative
    tau_plus: float | Array = 20.0  # ms
    tau_minus: float | Array = 20.0  # ms


class STDPState(NamedTuple):
    """Traces of n presynaptic and m postsynaptic neurons."""

    pre: Array  # [n]
    post: Array  # [m]


def window(parameters: STDPParameters, dt: Array) -> Array:
    """Return the weight change of one pair of spikes ``dt = t_post - t_pre`` ms apart."""
    p = parameters
    potentiation = p.a_plus * jnp.exp(-jnp.abs(dt) / p.tau_plus)
    depression = -p.a_minus * jnp.exp(-jnp.abs(dt) / p.tau_minus)
    return jnp.where(dt > 0, potentiation, jnp.where(dt < 0, depression, 0.0))


def init(n_pre: int, n_post: int) -> STDPState:
    """Return traces of neurons that have not fired."""
    return STDPState(jnp.zeros(n_pre), jnp.zeros(n_post))


def step(
    parameters: STDPParameters, state: STDPState, pre: Array, post: Array, dt: float | Array = 1.0
) -> tuple[STDPState, Array]:
    """Advance the traces by one step and return the weight change of its spikes.

    Args:
        parameters: Constants of the window.
        state: Traces before the step.
        pre: [n], presynaptic spikes.
        post: [m], postsynaptic spikes.
        dt: Step, ms.

    Returns:
        The new traces, and the weight change [m, n]. Summed over steps it is the window summed over all pairs.
    """
    p = parameters
    x = state.pre * jnp.exp(-dt / p.tau_plus)
    y = state.post * jnp.exp(-dt / p.tau_minus)
    change = p.a_plus * post[:, None] * x[None, :] - p.a_minus * y[:, None] * pre[None, :]
    return STDPState(x + pre, y + post), change
