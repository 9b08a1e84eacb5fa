r"""Acetylcholine as expected uncertainty: an actor that is no longer surprised learns slowly.

    d <- d + rate (|delta| - d);   m = clip(d / scale, floor, 1)

Yu and Dayan (2005). ``m`` multiplies the actor's learning rate. It starts open: begun at zero it would close the gate
before there was anything to expect. A switch of source, where the environment tells of it, opens it again.
"""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float

from neurorl.neuromodulation import reward
from neurorl.neuromodulation.neuromodulator import Neuromodulator, Outcome
from neurorl.parameters import parameter
from neurorl.typing import Scalar


@struct.dataclass
class Acetylcholine(Neuromodulator):
    """The surprise gate."""

    enabled: bool = parameter(True, "whether expected uncertainty gates the actor's learning", static=True)
    rate: float = parameter(1e-3, "share of an environment step in the running mean of |dopamine|", low=0.0, high=1.0)
    start: float = parameter(0.1, "expected |dopamine| before the first step", low=0.0)
    scale: float = parameter(0.02, "expected |dopamine| at which the gate is fully open", low=1e-9)
    floor: float = parameter(0.05, "smallest opening of the gate", low=0.0, high=1.0)
    switch: float = parameter(0.02, "expected |dopamine| right after a switch of source, at least", low=0.0)

    def init(self, levels: dict[str, Any]) -> Float[Array, ""]:
        """Return the expected |dopamine| before the first step, []."""
        return jnp.asarray(self.start, jnp.float32)

    def after(self, level: Float[Array, ""], felt: Any, outcome: Outcome) -> Float[Array, ""]:
        """Return the expected |dopamine| after a step, []."""
        level = update(self, level, outcome.dopamine, outcome.timestep.truncated)
        events = outcome.timestep.events  # their rewards are in the reward already; a switch of source is not one
        return startle(self, level, reward.switched(events)) if events else level

    def gate(self, level: Float[Array, ""], felt: Any, gate: Scalar) -> Scalar:
        """Return the gate of the actor's learning, closed where nothing surprises."""
        return gate * opening(self, level)


def update(
    parameters: Acetylcholine, uncertainty: Float[Array, ""], dopamine: Float[Array, ""], truncated: Bool[Array, ""]
) -> Float[Array, ""]:
    """Return the expected |dopamine|, [], after one transition; a truncated one says nothing about surprise."""
    updated = uncertainty + parameters.rate * (jnp.abs(dopamine) - uncertainty)
    return jnp.where(truncated, uncertainty, updated)


def startle(parameters: Acetylcholine, uncertainty: Float[Array, ""], switched: Bool[Array, ""]) -> Float[Array, ""]:
    """Return the expected |dopamine|, [], where a switch of source [] may have made what was learned worthless."""
    return jnp.where(switched, jnp.maximum(uncertainty, parameters.switch), uncertainty)


def opening(parameters: Acetylcholine, uncertainty: Float[Array, ""]) -> Float[Array, ""]:
    """Return the factor of the learning rate, [], in [floor, 1]; 1 where acetylcholine is off."""
    if not parameters.enabled:
        return jnp.ones_like(uncertainty)
    return jnp.clip(uncertainty / parameters.scale, parameters.floor, 1.0)
