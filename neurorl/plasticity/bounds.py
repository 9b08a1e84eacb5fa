r"""Weight bounds: where a weight stops (hard), or slows down before it stops (soft).

    dw -> dw ((w_max - w) / (w_max - w_min))^mu+  for dw > 0,    dw -> dw ((w - w_min) / (w_max - w_min))^mu-  for dw < 0

Gütig, Aharonov, Rotter and Sompolinsky (2003). Equal exponents between 0 and 1 are their rule; (0, 0) is the additive rule, as
with hard bounds, (1, 1) the multiplicative one of Rubin, Lee and Sompolinsky (2001), and (0, 1) that of van Rossum, Bi and
Turrigiano (2000). The distance to a bound is a share of the range, so that an exponent does not change the unit of a change.
"""

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float, Real

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, is_written, parameter
from neurorl.typing import Numbers


@struct.dataclass
class WeightBounds(Checked):
    """Range of plastic weights, and how they approach its ends."""

    w_min: Numbers = parameter(0.0, "smallest weight")
    w_max: Numbers = parameter(1.0, "largest weight")
    kind: str = parameter("hard", "clipped, slowed down, or not bounded", choices=("hard", "soft", "none"), static=True)
    mu_plus: Numbers = parameter(1.0, "soft bounds: exponent of potentiation; 0 is additive", low=0.0)
    mu_minus: Numbers = parameter(1.0, "soft bounds: exponent of depression; 0 is additive", low=0.0)

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        super().__post_init__()
        if is_written(self.w_min, self.w_max) and np.any(np.asarray(self.w_min) > np.asarray(self.w_max)):
            raise NeurorlError(f"'WeightBounds.w_min' is {self.w_min}, above w_max {self.w_max}; it must not exceed it")


def scale(bounds: WeightBounds, weights: Float[Array, "*s"], change: Real[Array, "..."]) -> Float[Array, "*s"]:
    """Return ``change`` as soft bounds let it through; one that leads out of the range from its end is zero."""
    span = jnp.maximum(bounds.w_max - bounds.w_min, jnp.finfo(weights.dtype).tiny)  # a range of one point is frozen, not NaN
    above = jnp.maximum(bounds.w_max - weights, 0.0) / span
    below = jnp.maximum(weights - bounds.w_min, 0.0) / span
    return change * jnp.where(change > 0, above**bounds.mu_plus, below**bounds.mu_minus)


def apply(bounds: WeightBounds, weights: Float[Array, "*s"], *changes: Real[Array, "..."]) -> Float[Array, "*s"]:
    """Return the weights after ``changes``, within their bounds.

    Args:
        bounds: The range.
        weights: Any shape, within the range.
        changes: Each in the shape of the weights. Soft bounds scale each by itself: pass potentiation and depression apart, for
            where both strike a synapse in one step their sum hides both.

    Returns:
        The weights. Where the changes sum to zero a weight within its range is the same to the bit.
    """
    if bounds.kind == "soft":
        changes = tuple(scale(bounds, weights, change) for change in changes)
    total = sum(changes, start=jnp.zeros((), weights.dtype))
    changed = weights + total
    if bounds.kind != "none":
        changed = clip(changed, bounds.w_min, bounds.w_max)
    return changed


def clip(weights: Float[Array, "*s"], low: Numbers, high: Numbers) -> Float[Array, "*s"]:
    """Return weights within bounds: :func:`jax.numpy.clip` from comparisons, which XLA compiles to faster code on a CPU."""
    return jnp.where(weights < low, low, jnp.where(weights > high, high, weights))
