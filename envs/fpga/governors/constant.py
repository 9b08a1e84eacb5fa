"""Constant settings: the nominal one, and the best for all boards, found by trying them."""

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.governors.governor import Governor, move_towards
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import FpgaState


def governor(clock: Array | float, voltage: Array | float, fan: Array | float) -> Governor:
    """Return the governor that goes to a setting and keeps it.

    Args:
        clock: MHz.
        voltage: V, as set.
        fan: Share of full speed.
    """

    def act(p: FpgaParameters, memory: tuple[()], observation: Array, state: FpgaState) -> tuple[tuple[()], Array]:
        at = observation.at[1].set(state.voltage)  # it follows its own setting, which who sets it knows
        return memory, move_towards(at, jnp.asarray(clock), jnp.asarray(voltage), jnp.asarray(fan))

    return Governor(tuple, act)
