"""A governor that is not told something: a group of readings is replaced by one typical value for ever."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.governors.governor import Governor
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import GROUPS, OBSERVATION, FpgaState

TYPICAL = {
    "temperature": 60.0,
    "sensor_valid": 1.0,
    "canary_slack": 0.5,
    "price": 1.0,
    "urgent": 0.5,
    "batch": 4.0,
    "batch_due": 0.0,
}


def mask_of(group: str | None) -> Array:
    """Return which readings a group hides, bool [15]; none for None."""
    hidden = GROUPS[group] if group else ()
    return jnp.array([reading.name in hidden for reading in OBSERVATION])


def masked(governor: Governor, mask: Array) -> Governor:
    """Return the governor without what ``mask`` hides."""
    typical = jnp.array([TYPICAL.get(reading.name, 0.0) for reading in OBSERVATION], jnp.float32)

    def act(p: FpgaParameters, memory: Any, observation: Array, state: FpgaState) -> tuple[Any, Array]:
        told = observation.at[: len(OBSERVATION)].set(jnp.where(mask, typical, observation[: len(OBSERVATION)]))
        return governor.act(p, memory, told, state)

    return governor._replace(act=act)
