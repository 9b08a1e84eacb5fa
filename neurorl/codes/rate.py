r"""Rate code without noise: each neuron fires at equal intervals of 1 / rate.

    spikes up to the end of step k = floor(phase + k rate dt)

It is the perfect integrate-and-fire neuron under a constant current (neurons/integrate_and_fire.py), so its count is off
by less than one spike, and by half of one with the phase in the middle; a Poisson count is off by its square root.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from neurorl.codes.checks import finite
from neurorl.typing import Scalar, Values


def of_intensity(intensity: Values, maximum: Values) -> Float[Array, "..."]:
    """Return the rate of an intensity, Hz.

    Args:
        intensity: Any shape, 0 for silence to 1 for the maximum; values outside are taken at the edge.
        maximum: Rate of intensity 1, Hz.

    Raises:
        NeurorlError: A NaN or infinite intensity, or a negative maximum.
    """
    return jnp.clip(finite("intensity", intensity), 0.0, 1.0) * finite("maximum", maximum, low=0.0)


def to_intensity(rate: Values, maximum: Values) -> Float[Array, "..."]:
    """Return the intensity in [0, 1] that has the rate (Hz), the inverse of :func:`of_intensity`."""
    return jnp.clip(finite("rate", rate) / finite("maximum", maximum, above=0.0), 0.0, 1.0)


def train(rate: Values, steps: int, dt: Scalar, phase: Values = 0.5) -> Float[Array, "steps n"]:
    """Return the regular spike train of each neuron, [steps, n], 0.0 or 1.0.

    Args:
        rate: [n], Hz, at most one spike a step (1000 / dt); a rate above it is clipped where it cannot be seen (in jit).
        steps: Number of steps.
        dt: Step, ms.
        phase: [] or [n], the fraction of an interval that has passed at the start, in [0, 1]. In float32 a spike may be
            moved by a step where ``phase + k rate dt`` is within rounding of a whole number.

    Raises:
        NeurorlError: A rate that is NaN, negative or above 1000 / dt, a step or a phase out of range.
    """
    dt = finite("dt", dt, above=0.0)
    rate = finite("rate", rate, low=0.0) * dt / 1000.0
    rate = jnp.clip(finite("rate dt, spikes a step", rate, high=1.0 + 1e-6), 0.0, 1.0)
    k = jnp.arange(steps + 1.0)[:, None]
    count = jnp.floor(finite("phase", phase, low=0.0, high=1.0) + k * rate)
    count = k + jax.lax.cummin(count - k)  # a second spike of a step, put there by rounding, waits for the next
    return jnp.diff(count, axis=0)


def decode(spikes: Shaped[Array | np.ndarray, "steps ..."], dt: Scalar) -> Float[Array, "..."]:
    """Return the rate of each neuron, Hz: its spikes over the time.

    Args:
        spikes: [steps, ...].
        dt: Step, ms.

    Returns:
        [...]. A train of :func:`train` gives its rate back to within ``max(phase, 1 - phase)`` spikes over the time.
    """
    return spikes.mean(0) * (1000.0 / finite("dt", dt, above=0.0))
