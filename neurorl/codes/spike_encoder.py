"""From rates to spikes: integrate-and-fire neurons, or Poisson."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class EncoderState(NamedTuple):
    """State of an input population of C neurons, carried over from step to step."""

    potential: Float[Array, " C"]  # in thresholds, [0, 1)
    trace: Float[Array, " C"]  # spike trace after the last substep
    code: Any = ()  # what the code has learned of its input
    memory: Any = ()  # what working memory holds


def init(key: Array, size: int, code: Any = ()) -> EncoderState:
    """Return a population whose potentials are uniform, so that its neurons do not fire together."""
    return EncoderState(jax.random.uniform(key, (size,)), jnp.zeros(size), code)


def integrate(
    potential: Float[Array, " C"], rates: Float[Array, " C"], substeps: int
) -> tuple[Float[Array, " C"], Float[Array, "S C"]]:
    """Encode rates without noise: each neuron integrates its rate and fires whenever it has gathered one spike.

    The rates hold still, so the scan of ``integrate_and_fire.step`` has the closed form floor(potential + k rate).

    Args:
        potential: [C].
        rates: [C], spikes a substep.
        substeps: S.

    Returns:
        The potential after the last substep [C], and the spikes [S, C].
    """
    k = jnp.arange(1, substeps + 1)[:, None]
    before = jnp.floor(potential + (k - 1) * rates)
    after = jnp.floor(potential + k * rates)
    return potential + substeps * rates - after[-1], after - before


def poisson(key: Array, rates: Float[Array, " C"], substeps: int) -> Float[Array, "S C"]:
    """Encode rates as Bernoulli draws, the Poisson process of small steps; return the spikes [S, C]."""
    return (jax.random.uniform(key, (substeps, rates.shape[-1])) < rates).astype(jnp.float32)
