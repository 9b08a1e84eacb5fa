r"""Dopamine as the reward-prediction error.

    delta = (1 - gamma) r + gamma V(s') - V(s),   V(s') = 0 after termination,   delta = 0 after truncation

Schultz, Dayan and Montague (1997). With (1 - gamma) r the value of a constant reward is that reward, whatever gamma is,
so that a population with bounded rates can hold it. A truncated episode ended for a reason outside the task: it teaches
nothing.
"""

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float

from neurorl.parameters import Checked, parameter
from neurorl.typing import Scalar


@struct.dataclass
class Dopamine(Checked):
    """The phasic dopamine signal."""

    gain: float = parameter(1.0, "dopamine for a unit of prediction error; 0 freezes every weight", low=0.0)
    clip: float = parameter(10.0, "largest prediction error that is released, in units of reward", low=0.0)
    signal: str = parameter(
        "prediction-error", "what is released; raw reward is an ablation", choices=("prediction-error", "reward"), static=True
    )


def prediction_error(
    reward: Scalar,
    value_tm1: Float[Array, ""],
    value_t: Float[Array, ""],
    terminated: Bool[Array, ""],
    truncated: Bool[Array, ""],
    gamma: Scalar,
) -> Float[Array, ""]:
    """Return the temporal-difference error of one transition, a scalar.

    Args:
        reward: [], reward of the transition.
        value_tm1: [], value of the observation it left.
        value_t: [], value of the observation it reached.
        terminated: [], whether it ended the episode within the task.
        truncated: [], whether it was cut short from outside.
        gamma: Discount an environment step.
    """
    delta = (1.0 - gamma) * reward + gamma * jnp.where(terminated, 0.0, value_t) - value_tm1
    return jnp.where(truncated, 0.0, delta)


def release(
    dopamine: Dopamine,
    reward: Scalar,
    value_tm1: Float[Array, ""],
    value_t: Float[Array, ""],
    terminated: Bool[Array, ""],
    truncated: Bool[Array, ""],
    gamma: Scalar,
) -> Float[Array, ""]:
    """Return the dopamine of one transition, []; arguments as in :func:`prediction_error`."""
    if dopamine.signal == "reward":
        signal = jnp.where(truncated, 0.0, (1.0 - gamma) * reward)
    else:
        signal = prediction_error(reward, value_tm1, value_t, terminated, truncated, gamma)
    return dopamine.gain * jnp.clip(signal, -dopamine.clip, dopamine.clip)
