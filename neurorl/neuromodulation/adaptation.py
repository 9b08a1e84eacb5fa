r"""Adaptation of dopamine neurons: what teaches the actor is the error in units of how large errors are.

    m <- m + max(1 / n, rate) (delta^2 - m);   gate = 1 / sqrt(m)

Dopamine neurons fire as much for a small surprise where small ones are what there is as for a large one where these are (Tobler,
Fiorillo and Schultz 2005). With a gate of one over the root of the mean square an actor takes steps of one size on any task, and
goes on learning when crashes have ceased and only small errors are left. Acetylcholine's gate does the opposite, and is to be off
beside it. The critic, whose step is a share of the error, needs no unit.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.neuromodulation.neuromodulator import Neuromodulator, Outcome
from neurorl.parameters import parameter
from neurorl.typing import Scalar


class Errors(NamedTuple):
    """What is known of prediction errors."""

    seen: Float[Array, ""]  # how many
    square: Float[Array, ""]  # running mean of their squares


@struct.dataclass
class Adaptation(Neuromodulator):
    """The unit of dopamine for the actor; off by default."""

    enabled: bool = parameter(False, "whether the actor's dopamine is told in units of its running rms", static=True)
    rate: float = parameter(1e-3, "share of an environment step in the running mean square, when many have been seen", above=0.0)

    def init(self, levels: dict[str, Any]) -> Errors:
        """Return what is known before the first error."""
        return Errors(jnp.float32(0.0), jnp.float32(0.0))

    def after(self, level: Errors, felt: Any, outcome: Outcome) -> Errors:
        """Return what is known after an error; a truncated transition has none."""
        seen = level.seen + 1.0
        share = jnp.maximum(1.0 / seen, self.rate)
        known = Errors(seen, level.square + share * (outcome.dopamine**2 - level.square))
        return Errors(*(jnp.where(outcome.timestep.truncated, a, b) for a, b in zip(level, known, strict=True)))

    def gate(self, level: Errors, felt: Any, gate: Scalar) -> Scalar:
        """Return the gate of the actor's learning over the rms of dopamine; nothing while there was none."""
        return jnp.where(level.square > 0.0, gate / jnp.sqrt(jnp.where(level.square > 0.0, level.square, 1.0)), 0.0)
