r"""Demand-driven voltage scaling: the voltage follows the work that waits, the clock follows the voltage by a fixed table.

    voltage = low + span (1 - exp(-urgent / scale)),    clock = at_low exp(slope (voltage - low))

It is the classic of processors (Weiser et al. 1994), for which a table suffices because its margin covers every part.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.governors.governor import Governor, move_towards
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import INDEX, FpgaState


class Knobs(NamedTuple):
    """Its constants."""

    low: float = 0.75  # V
    span: float = 0.2  # V
    scale: float = 3.0  # ticks of urgent work
    at_low: float = 120.0  # MHz
    slope: float = 2.0  # logarithm of clock a volt
    fan: float = 0.5


SCALE = Knobs(low=0.03, span=0.08, scale=1.5, at_low=12.0, slope=0.6, fan=0.15)


def governor(k: Knobs) -> Governor:
    """Return the governor with these knobs."""

    def act(p: FpgaParameters, memory: tuple[()], observation: Array, state: FpgaState) -> tuple[tuple[()], Array]:
        urgent = observation[INDEX["urgent"]]
        voltage = k.low + k.span * -jnp.expm1(-urgent / jnp.maximum(k.scale, 0.1))
        clock = k.at_low * jnp.exp(k.slope * (observation[INDEX["voltage"]] - k.low))
        return memory, move_towards(observation, clock, voltage, jnp.asarray(k.fan))

    return Governor(tuple, act)
