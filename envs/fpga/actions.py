"""What an action asks of the board: a joint move of clock, voltage and fan, or a repair."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.types import CLOCK_MOVES, FAN_MOVES, MOVES, RELOAD, RESYNC, SCRUB, VOLTAGE_MOVES, VOLTAGE_STEP

ASKED = 0.9  # what a continuous action must exceed to ask for a repair


class Command(NamedTuple):
    """What an action asks for. All []."""

    levels: Array  # int32, clock levels to move
    volts: Array  # V to move
    fan: Array  # share to move
    scrub: Array  # bool
    reload: Array  # bool
    resync: Array  # bool


def command(action: Array) -> Command:
    """Return what a discrete action asks for, 9 clock + 3 voltage + fan below 27, then scrub, reload, resync."""
    action = jnp.asarray(action, jnp.int32)
    move = jnp.where(action < MOVES, action, MOVES // 2)  # the middle one moves nothing
    return Command(
        levels=_choose(CLOCK_MOVES, move // 9).astype(jnp.int32),
        volts=VOLTAGE_STEP * _choose(VOLTAGE_MOVES, move // 3 % 3),
        fan=_choose(FAN_MOVES, move % 3),
        scrub=action == SCRUB,
        reload=action == RELOAD,
        resync=action == RESYNC,
    )


def continuous_command(action: Array) -> Command:
    """Return what a continuous action [6] in [-1, 1] asks for.

    The first three move clock, voltage and fan by that share of the largest discrete move; where one of the last three exceeds
    0.9, the largest of them asks for a repair (scrub, reload, resync) and nothing moves.
    """
    action = jnp.clip(jnp.asarray(action, jnp.float32), -1.0, 1.0)
    repair = jnp.max(action[3:]) > ASKED
    which = jnp.argmax(action[3:])
    levels, steps, turn = (
        jnp.where(repair, 0.0, jnp.where(share < 0, -share * moves[0], share * moves[2]))
        for share, moves in zip(action[:3], (CLOCK_MOVES, VOLTAGE_MOVES, FAN_MOVES), strict=True)
    )
    return Command(
        levels=jnp.round(levels).astype(jnp.int32),
        volts=VOLTAGE_STEP * jnp.round(steps),
        fan=turn,
        scrub=repair & (which == 0),
        reload=repair & (which == 1),
        resync=repair & (which == 2),
    )


def _choose(moves: tuple[float, ...], index: Array) -> Array:
    """Return ``moves[index]`` without a gather."""
    low, middle, high = map(jnp.float32, moves)
    return jnp.where(index == 0, low, jnp.where(index == 1, middle, high))
