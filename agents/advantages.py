r"""Generalised advantage estimation (Schulman et al. 2016), over a stretch of transitions that may span episodes.

    delta_t = r_t + gamma V(s_{t+1}) - V(s_t),   A_t = delta_t + gamma lambda A_{t+1}

V(s') = 0 after termination. A truncated transition teaches nothing: its delta is 0, and so is the sum that reaches across any
episode's end.
"""

import jax
import jax.numpy as jnp
from jax import Array


def estimate(
    reward: Array,
    value: Array,
    next_value: Array,
    terminated: Array,
    truncated: Array,
    gamma: float | Array,
    lambda_: float | Array,
) -> Array:
    """Return the advantage of every action, [T].

    Args:
        reward: [T], that followed the action.
        value: [T], of the observation that it answered.
        next_value: [T], of the one that it led to.
        terminated, truncated: [T], whether the episode ended with it, and why.
        gamma: Discount an environment step.
        lambda_: Decay of the sum an environment step, beside gamma.
    """
    delta = jnp.where(truncated, 0.0, reward + gamma * jnp.where(terminated, 0.0, next_value) - value)
    kept = gamma * lambda_ * (1.0 - (terminated | truncated))

    def back(later: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
        advantage = now[0] + now[1] * later
        return advantage, advantage

    return jax.lax.scan(back, jnp.float32(0.0), (delta, kept), reverse=True)[1]
