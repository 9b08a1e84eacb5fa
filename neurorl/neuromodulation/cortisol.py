r"""Cortisol as stress: readings that near their limits make losses weigh more, and choices more habitual.

    s = max_i clip((y_i - onset_i) / (limit_i - onset_i), 0, 1);   c <- max(s, keep c)

``y`` are readings in the observation, such as a machine's telemetry; a limit below its onset is neared from above.
The level rises at once and recedes slowly. It does two things, each with a strength of its own: the release of dopamine below
zero is ``1 + caution c`` times as large, since those whom punishment touches learn more from it under stress (Cavanagh, Frank and
Allen 2011), and the actor's drive is multiplied by ``1 + habit c``, because under stress what is habitual wins over what might be
tried (Schwabe and Wolf 2009). What follows the size of dopamine sees the larger release, and values become cautious: less than
the return to be expected. :mod:`neurorl.neuromodulation.telemetry` makes the same of a machine's telemetry, for networks.
"""

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float, Real, Shaped

from neurorl.errors import NeurorlError
from neurorl.neuromodulation.neuromodulator import Neuromodulator, Outcome
from neurorl.parameters import parameter


class Felt(NamedTuple):
    """Stress in an environment step."""

    loss: Float[Array, ""]  # where the last action led to: what its loss is felt at
    choice: Float[Array, ""]  # where the next action is chosen; an episode begins without it


@struct.dataclass
class Cortisol(Neuromodulator):
    """Stress and what it does."""

    enabled: bool = parameter(False, "whether readings near their limits stress the agent", static=True)
    readings: tuple[int, ...] = parameter(
        (), "dimensions of the flattened observation that tell of stress; one may stand twice", static=True
    )
    onset: tuple[float, ...] = parameter((), "value of each at which stress begins, in its own unit", static=True)
    limit: tuple[float, ...] = parameter((), "value of each at which stress is full, above or below its onset", static=True)
    keep: float = parameter(0.9, "share of the level left after an environment step without stress", low=0.0, high=1.0)
    caution: float = parameter(1.0, "what full stress adds to 1 in the factor of dopamine below zero", low=0.0)
    habit: float = parameter(0.0, "what full stress adds to 1 in the factor of the actor's drive", low=0.0)

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        super().__post_init__()
        if not len(self.readings) == len(self.onset) == len(self.limit):
            raise NeurorlError(
                f"'Cortisol.readings', 'onset' and 'limit' are {self.readings}, {self.onset} and {self.limit}; "
                "they must be of one length"
            )
        if any(not isinstance(reading, int) or isinstance(reading, bool) for reading in self.readings):
            raise NeurorlError(f"'Cortisol.readings' is {self.readings}; it must be a list of whole numbers, from 0 on")
        for name, ends in (("onset", self.onset), ("limit", self.limit)):
            if any(not isinstance(end, int | float) or isinstance(end, bool) or not math.isfinite(end) for end in ends):
                raise NeurorlError(f"'Cortisol.{name}' is {ends}; it must be a list of finite numbers")
        if self.enabled and not self.readings:
            raise NeurorlError("'Cortisol.readings' is (); name the dimensions of the observation that tell of stress")
        for onset, limit in zip(self.onset, self.limit, strict=True):
            if onset == limit:
                raise NeurorlError(f"'Cortisol.limit' is {limit} where the onset is {onset} too; they must differ")

    def init(self, levels: dict[str, Any]) -> Float[Array, ""]:
        """Return no stress, []."""
        return jnp.float32(0.0)

    def before(self, level: Float[Array, ""], timestep: Any, levels: dict[str, Any]) -> Felt:
        """Return the stress where the last action led to, and where the next one is chosen."""
        loss = update(self, level, timestep.final_observation)
        ended = timestep.terminated | timestep.truncated
        return Felt(loss, jnp.where(ended, update(self, jnp.float32(0.0), timestep.observation), loss))

    def drive(self, felt: Felt, drive: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """Return the drive sharpened by stress."""
        return commit(self, felt.choice, drive)

    def release(self, felt: Felt, dopamine: Float[Array, ""]) -> Float[Array, ""]:
        """Return dopamine with more weight on losses."""
        return caution(self, felt.loss, dopamine)

    def after(self, level: Float[Array, ""], felt: Felt, outcome: Outcome) -> Float[Array, ""]:
        """Return the stress that the next step begins with, []."""
        return felt.choice


def stress(parameters: Cortisol, observation: Shaped[Array, "..."]) -> Float[Array, ""]:
    """Return how near the worst reading of an observation, of any shape, is to its limit: [], in [0, 1].

    Raises:
        NeurorlError: A reading that the observation does not have.
    """
    readings = np.array(parameters.readings)
    if readings.max() >= observation.size or readings.min() < 0:
        raise NeurorlError(f"'Cortisol.readings' is {parameters.readings}; name dimensions from 0 to {observation.size - 1}")
    return nearness(observation.ravel()[readings], np.array(parameters.onset), np.array(parameters.limit))


def nearness(
    readings: Real[Array, " n"], onset: Real[Array | np.ndarray, " n"], limit: Real[Array | np.ndarray, " n"]
) -> Float[Array, ""]:
    """Return how near the worst of ``readings`` [n] is to its limit: [], 0 at ``onset`` [n] and 1 at ``limit`` [n].

    A reading that is NaN is missing, and adds none.
    """
    near = (readings - onset) / (limit - onset)
    return jnp.clip(jnp.nan_to_num(near), 0.0, 1.0).max()


def update(parameters: Cortisol, level: Float[Array, ""], observation: Shaped[Array, "..."]) -> Float[Array, ""]:
    """Return the level, [], at the next observation; where cortisol is off, as it was."""
    return jnp.maximum(stress(parameters, observation), parameters.keep * level) if parameters.enabled else level


def caution(parameters: Cortisol, level: Float[Array, ""], dopamine: Float[Array, ""]) -> Float[Array, ""]:
    """Return dopamine, [], with more weight on losses."""
    return jnp.where(dopamine < 0.0, 1.0 + parameters.caution * level, 1.0) * dopamine if parameters.enabled else dopamine


def commit(parameters: Cortisol, level: Float[Array, ""], drive: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Return the actor's drive, any shape, sharpened by stress."""
    return drive * (1.0 + parameters.habit * level) if parameters.enabled else drive
