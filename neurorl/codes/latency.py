r"""Latency (temporal) code: the stronger the value, the earlier the neuron's one spike.

    linear        t = latest (1 - x) / (1 - weakest)        equal differences are equal times
    logarithmic   t = latest ln(x) / ln(weakest)            equal ratios are equal times

A value of 1 fires at 0, the weakest at ``latest``, and weaker ones not at all. The linear scale is the first-spike code
of Thorpe (1990). On the logarithmic one (Hopfield 1995) a stronger contrast shifts all spikes alike, so the pattern of
their differences does not change.
"""

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float, Real, Shaped

from neurorl import steps as step_rule
from neurorl.codes.checks import finite
from neurorl.parameters import Checked, parameter
from neurorl.typing import Scalar, Values


@struct.dataclass
class LatencyCode(Checked):
    """The scale between values in [0, 1] and the times of their spikes."""

    scale: str = parameter("linear", "equal differences, or equal ratios", choices=("linear", "logarithmic"), static=True)
    latest: Values = parameter(20.0, "time of the weakest value's spike, ms", above=0.0)
    weakest: Values = parameter(0.01, "value below which a neuron stays silent", above=0.0, high=0.99)

    def times(self, values: Values) -> Float[Array, "..."]:
        """Return the time of each spike, ms, infinite for none.

        Args:
            values: Any shape, taken at the edge of [0, 1] where outside.

        Raises:
            NeurorlError: A value is NaN or infinite.
        """
        x = jnp.clip(finite("values", values), self.weakest, 1.0)
        late = jnp.log(x) / jnp.log(self.weakest) if self.scale == "logarithmic" else (1.0 - x) / (1.0 - self.weakest)
        return jnp.where(jnp.asarray(values) < self.weakest, jnp.inf, self.latest * late)

    def decode(self, times: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return the value of each time (ms), 0 for an infinite one; the inverse of :meth:`times`.

        A time that lost up to dt in :func:`train` gives a value too large by at most ``(1 - weakest) dt / latest``
        (linear), or by at most the factor ``weakest ** (-dt / latest)`` (logarithmic).
        """
        late = jnp.minimum(times, self.latest) / self.latest
        x = self.weakest**late if self.scale == "logarithmic" else 1.0 - late * (1.0 - self.weakest)
        return jnp.where(jnp.isinf(times), 0.0, x)


def train(times: Real[Array | np.ndarray, " n"], steps: int, dt: Scalar) -> Float[Array, "steps n"]:
    """Return the spikes of n neurons that fire once each.

    Args:
        times: [n], ms, infinite for a neuron that stays silent.
        steps: Number of steps; ``latest / dt + 1``, rounded down, hold every spike of a code.
        dt: Step, ms.

    Returns:
        [steps, n], 0.0 or 1.0; row k is the step that begins at k dt and holds the times from then on.

    Raises:
        NeurorlError: A time that is NaN, negative or after the last step; inside jit its spike is left out.
    """
    row = step_rule.traced_step_of(jnp.asarray(times), finite("dt", dt, above=0.0))
    finite("times / dt, rounded down", jnp.where(row == jnp.inf, 0.0, row), low=0, high=steps - 1)
    return (jnp.arange(steps)[:, None] == row).astype(row.dtype)


def first_spikes(spikes: Shaped[Array | np.ndarray, "steps ..."], dt: Scalar) -> Float[Array, "..."]:
    """Return the time at which the step of each neuron's first spike begins, ms; infinite for none.

    Args:
        spikes: [steps, ...].
        dt: Step, ms.
    """
    return jnp.where(spikes.any(0), jnp.argmax(spikes > 0, axis=0) * finite("dt", dt, above=0.0), jnp.inf)
