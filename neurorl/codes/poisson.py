r"""Poisson code: spikes at random times, independent of each other, at a rate.

    P(spike in a step) = 1 - exp(-rate dt)

This is the probability that a Poisson process has at least one spike in the step, so neither a large rate nor a large
step makes it exceed 1; the train holds fewer spikes than the process by those that share a step. Its intervals are
geometric: their coefficient of variation is sqrt(1 - P), 1 in the limit of small steps (Dayan and Abbott 2001, section
1.4). For intensities instead of rates: ``train(key, rate.of_intensity(intensity, maximum), steps, dt)``.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from neurorl.codes.checks import finite
from neurorl.typing import Scalar, Values


def probability(rate: Values, dt: Values) -> Float[Array, "..."]:
    """Return the probability of a spike within a step of dt (ms) at a rate (Hz), of any shape.

    Raises:
        NeurorlError: A rate that is NaN, infinite or negative, or a step that is not positive.
    """
    return -jnp.expm1(-finite("rate", rate, low=0.0) * finite("dt", dt, above=0.0) / 1000.0)


def step(key: Array, rate: Values, dt: Scalar) -> Float[Array, "..."]:
    """Return the spikes of one step.

    Args:
        key: A JAX key.
        rate: Hz, of any shape: [n] for a step of n neurons, [steps, n] for a train whose rates vary.
        dt: Step, ms.

    Returns:
        0.0 or 1.0, in the shape of ``rate``.
    """
    return train(key, rate, 1, dt)[0]


def train(key: Array, rate: Values, steps: int, dt: Scalar) -> Float[Array, "steps ..."]:
    """Return a train of constant rates, [steps, *shape of rate], 0.0 or 1.0.

    Args:
        key: A JAX key.
        rate: Hz, of any shape.
        steps: Number of steps.
        dt: Step, ms.
    """
    p = probability(rate, dt)
    return jax.random.bernoulli(key, p, (steps, *p.shape)).astype(p.dtype)


def decode(spikes: Shaped[Array | np.ndarray, "steps ..."], dt: Scalar) -> Float[Array, "..."]:
    """Return the maximum-likelihood estimate of each rate, Hz.

    Args:
        spikes: [steps, ...].
        dt: Step, ms.

    Returns:
        [...], -ln(1 - fraction of steps with a spike) / dt. Its standard error is ``sqrt(P / (1 - P) / steps) / dt``.
        Infinite for a neuron that fired in every step: such a train bounds its rate from below only.
    """
    return -jnp.log1p(-spikes.mean(0)) * (1000.0 / finite("dt", dt, above=0.0))
