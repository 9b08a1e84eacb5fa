r"""A governor that keeps the slack of the canary path at a margin, at one voltage: online slack measurement (Levine et al. 2012).

clock = 1000 / (1000 / clock - slack + margin)
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.governors.governor import Governor, move_towards
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import INDEX, FpgaState


class Knobs(NamedTuple):
    """Its constants."""

    margin: float = 0.9  # ns
    voltage: float = 0.80  # V
    fan: float = 0.5


SCALE = Knobs(margin=0.2, voltage=0.04, fan=0.15)


def governor(k: Knobs) -> Governor:
    """Return the governor with these knobs."""

    def act(p: FpgaParameters, memory: tuple[()], observation: Array, state: FpgaState) -> tuple[tuple[()], Array]:
        path = 1000.0 / observation[INDEX["clock"]] - observation[INDEX["canary_slack"]]
        clock = 1000.0 / jnp.maximum(path + k.margin, 1.0)
        return memory, move_towards(observation, clock, jnp.asarray(k.voltage), jnp.asarray(k.fan))

    return Governor(tuple, act)
