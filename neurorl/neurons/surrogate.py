r"""A spike with a surrogate gradient, for networks that are trained by backpropagation.

    s = 1 if u >= 0 else 0,   ds/du := 1 / (1 + slope |u|)^2

The derivative of the step is 0 wherever it exists; in its place stands that of a fast sigmoid (Zenke and Ganguli 2018,
SuperSpike; Neftci, Mostafa and Zenke 2019). Nothing that learns by dopamine uses this.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from neurorl.typing import Numbers


@jax.custom_jvp
def spike(u: Real[Array, "*shape"], slope: Numbers = 5.0) -> Float[Array, "*shape"]:
    """Return 1.0 where the potential ``u``, in thresholds above the threshold, fires, and 0.0 elsewhere; any shape.

    Args:
        u: Potential above the threshold, in thresholds.
        slope: How narrow the surrogate derivative is, per threshold.
    """
    return (u >= 0.0).astype(jnp.result_type(u, float))


@spike.defjvp
def _spike_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    u, slope = primals
    return spike(u, slope), tangents[0] / (1.0 + slope * jnp.abs(u)) ** 2
