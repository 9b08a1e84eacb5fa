r"""Serotonin as patience: where reward is to be expected, the horizon of prediction grows.

    s <- s + rate (max(V, 0) - s);   1 - gamma' = (1 - gamma) / (1 + patience s)

Doya (2002) for serotonin as the time scale of prediction; Miyazaki, Miyazaki and Doya (2011) for its rise while a reward is
waited for. The value is an average reward, whatever gamma is (``dopamine``), so that it stays in range while gamma moves.
"""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.neuromodulation.neuromodulator import Neuromodulator, Outcome
from neurorl.parameters import parameter
from neurorl.typing import Scalar


@struct.dataclass
class Serotonin(Neuromodulator):
    """Patience and what it does."""

    enabled: bool = parameter(False, "whether expected reward lengthens the horizon", static=True)
    rate: float = parameter(1e-3, "share of an environment step in the running mean of the value", low=0.0, high=1.0)
    patience: float = parameter(4.0, "what a unit of expected reward adds to the horizon, in horizons of gamma", low=0.0)

    def init(self, levels: dict[str, Any]) -> Float[Array, ""]:
        """Return the running mean of the value before the first step, []."""
        return jnp.float32(0.0)

    def discount(self, felt: Float[Array, ""], gamma: Scalar) -> Scalar:
        """Return the discount per environment step at the level."""
        return discount(self, felt, gamma)

    def after(self, level: Float[Array, ""], felt: Any, outcome: Outcome) -> Float[Array, ""]:
        """Return the running mean of the value after a step, []."""
        return update(self, level, outcome.value)


def update(parameters: Serotonin, level: Float[Array, ""], value: Float[Array, ""]) -> Float[Array, ""]:
    """Return the level, [], after one environment step: the running mean of what is expected, never below zero."""
    return level + parameters.rate * (jnp.maximum(value, 0.0) - level) if parameters.enabled else level


def discount(parameters: Serotonin, level: Float[Array, ""], gamma: Scalar) -> Scalar:
    """Return the discount an environment step at a level; gamma itself where serotonin is off."""
    return 1.0 - (1.0 - gamma) / (1.0 + parameters.patience * level) if parameters.enabled else gamma
