"""Normal random numbers from the counter-based generator, for membrane noise at a nanosecond a draw.

The sum of the four bytes of a hash is nearly normal, and an odd polynomial of it closer still (Teichroew, 1953; Knuth, The Art of
Computer Programming, 2, section 3.4.1): the coefficients are the weighted least squares fit to the normal quantiles, scaled to
unit variance. There are 1021 values, of at most 4.85; the mean is 0, the kurtosis 2.9995, the sixth moment 14.97 and the largest
error of the distribution function 0.0005 (0.003 between two values, the resolution). It is noise for simulations, not for
the statistics of rare events: beyond 4 standard deviations a fifth of the draws is missing.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl import counter_random

DEVIATION = (4 * (256**2 - 1) / 12) ** 0.5  # of the sum of four bytes
QUANTILE = (9.58845204e-01, 1.66711925e-02, -2.03201070e-03, 3.17702513e-04)  # of t, t^3, t^5 and t^7


def normal(streams: Array, step: int | Array) -> Array:
    """Return float32 numbers of mean 0 and variance 1, of every stream (:func:`counter_random.streams`) at ``step``."""
    return of_bits(counter_random.bits(streams, step))


def of_bits(bits: Array) -> Array:
    """Return a float32 number of mean 0 and variance 1 of each 32 random bits."""
    pairs = (bits & np.uint32(0x00FF00FF)) + ((bits >> 8) & np.uint32(0x00FF00FF))
    total = ((pairs & np.uint32(0xFFFF)) + (pairs >> 16)).astype(jnp.int32)  # XLA converts signed integers faster
    t = (total - 510).astype(jnp.float32) * np.float32(1 / DEVIATION)
    square = t * t
    polynomial = jnp.zeros_like(t)
    for coefficient in reversed(QUANTILE):
        polynomial = polynomial * square + np.float32(coefficient)
    return polynomial * t
