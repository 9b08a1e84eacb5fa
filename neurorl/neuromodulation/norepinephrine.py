r"""Norepinephrine as unexpected uncertainty: errors beyond those to be expected reopen learning and exploration.

    f <- f + rate (|delta| - f);   n = clip((f / d - onset) / span, 0, 1)

``f`` follows |dopamine| fast, ``d`` (acetylcholine's expected uncertainty) follows it slowly. Where the world changes, ``f``
leaves ``d`` behind and ``n`` rises; once such errors have become expected it falls again (Yu and Dayan 2005; Bouret and Sara 2005
for the reset). It does two things, each with a strength of its own: it opens the gate of the actor's learning that acetylcholine
had closed, and it divides the actor's drive, so that the choice between actions is more random (Aston-Jones and Cohen 2005).
"""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float

from neurorl.neuromodulation.neuromodulator import Neuromodulator, Outcome
from neurorl.parameters import parameter
from neurorl.typing import Scalar


@struct.dataclass
class Norepinephrine(Neuromodulator):
    """Unexpected uncertainty and what it does."""

    enabled: bool = parameter(False, "whether unexpected uncertainty opens learning and exploration", static=True)
    rate: float = parameter(0.02, "share of an environment step in the fast mean of |dopamine|", low=0.0, high=1.0)
    onset: float = parameter(2.0, "fast mean, in expected |dopamine|, above which errors are unexpected", low=0.0)
    span: float = parameter(2.0, "from there to full arousal, in expected |dopamine|", above=0.0)
    learning: float = parameter(1.0, "share of the closed part of the gate that full arousal opens", low=0.0, high=1.0)
    exploration: float = parameter(1.0, "what full arousal adds to 1 in the divisor of the actor's drive", low=0.0)

    def init(self, levels: dict[str, Any]) -> Float[Array, ""]:
        """Return the fast mean of |dopamine| before the first step, []: what acetylcholine expects."""
        return levels["acetylcholine"]

    def before(self, level: Float[Array, ""], timestep: Any, levels: dict[str, Any]) -> Float[Array, ""]:
        """Return the arousal, [], by what acetylcholine expects."""
        return arousal(self, level, levels["acetylcholine"])

    def drive(self, felt: Float[Array, ""], drive: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """Return the drive flattened by arousal."""
        return explore(self, felt, drive)

    def after(self, level: Float[Array, ""], felt: Float[Array, ""], outcome: Outcome) -> Float[Array, ""]:
        """Return the fast mean of |dopamine| after a step, []."""
        return update(self, level, outcome.dopamine, outcome.timestep.truncated)

    def gate(self, level: Float[Array, ""], felt: Float[Array, ""], gate: Scalar) -> Scalar:
        """Return acetylcholine's gate, opened further by arousal."""
        return open_gate(self, felt, jnp.asarray(gate))


def update(
    parameters: Norepinephrine, recent: Float[Array, ""], dopamine: Float[Array, ""], truncated: Bool[Array, ""]
) -> Float[Array, ""]:
    """Return the fast mean of |dopamine|, [], after one transition; a truncated one says nothing."""
    if not parameters.enabled:
        return recent
    return jnp.where(truncated, recent, recent + parameters.rate * (jnp.abs(dopamine) - recent))


def arousal(parameters: Norepinephrine, recent: Float[Array, ""], expected: Float[Array, ""]) -> Float[Array, ""]:
    """Return the level, [], in [0, 1].

    Args:
        parameters: Where it begins and how fast it rises.
        recent: [], fast mean of |dopamine|.
        expected: [], acetylcholine's expected |dopamine|.
    """
    if not parameters.enabled:
        return jnp.zeros_like(recent)
    ratio = recent / jnp.maximum(expected, 1e-9)
    return jnp.clip((ratio - parameters.onset) / parameters.span, 0.0, 1.0)


def open_gate(parameters: Norepinephrine, level: Float[Array, ""], gate: Float[Array, ""]) -> Float[Array, ""]:
    """Return acetylcholine's gate, [], opened further by arousal."""
    return gate + parameters.learning * level * (1.0 - gate) if parameters.enabled else gate


def explore(parameters: Norepinephrine, level: Float[Array, ""], drive: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Return the actor's drive, any shape, flattened by arousal."""
    return drive / (1.0 + parameters.exploration * level) if parameters.enabled else drive
