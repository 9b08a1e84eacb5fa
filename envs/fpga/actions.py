"""What an action asks of the board, a joint move of clock, voltage and fan or a repair, and what the board does about it."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.types import (
    CLOCK_LEVELS,
    CLOCK_LOW,
    CLOCK_MOVES,
    CLOCK_RATIO,
    FAN_HIGH,
    FAN_LOW,
    FAN_MOVES,
    MOVES,
    RELOAD,
    RESYNC,
    SCRUB,
    VOLTAGE_HIGH,
    VOLTAGE_LOW,
    VOLTAGE_MOVES,
    VOLTAGE_STEP,
    FpgaState,
)

ASKED = 0.9  # what a continuous action must exceed to ask for a repair


class Command(NamedTuple):
    """What an action asks for. All []."""

    levels: Array  # int32, clock levels to move
    volts: Array  # V to move
    fan: Array  # share to move
    scrub: Array  # bool
    reload: Array  # bool
    resync: Array  # bool


class Settings(NamedTuple):
    """What is set in a tick, and what the board does in it. All []; bool unless said."""

    level: Array  # int32, clock level
    voltage: Array  # V
    fan: Array  # float32
    clock_mhz: Array  # float32, at which the logic runs: half of the level's while throttled
    up: Array  # not down after a crash or a shutdown
    running: Array  # up, and not busy loading
    reloading: Array
    scrubbed: Array
    resynced: Array
    loaded: Array  # the configuration is loaded afresh, by a reload or in the last tick of being down


def clock_mhz(level: Array) -> Array:
    """Return the clock of a level, MHz."""
    return CLOCK_LOW * jnp.exp(jnp.log(CLOCK_RATIO) * level.astype(jnp.float32))


def obey(state: FpgaState, asked: Command) -> Settings:
    """Return the settings of a tick; a board that is down obeys, but repairs nothing."""
    up = state.down_left <= 0
    level = jnp.clip(state.level + asked.levels, 0, CLOCK_LEVELS - 1)
    reloading = up & asked.reload
    rebooted = (state.down_left > 0) & (state.down_left <= 1)  # the last tick of being down loads the configuration
    return Settings(
        level=level,
        voltage=jnp.clip(state.voltage + asked.volts, VOLTAGE_LOW, VOLTAGE_HIGH),
        fan=jnp.clip(state.fan + asked.fan, FAN_LOW, FAN_HIGH),
        clock_mhz=clock_mhz(level) * jnp.where(state.throttled, 0.5, 1.0),
        up=up,
        running=up & ~reloading,
        reloading=reloading,
        scrubbed=up & asked.scrub,
        resynced=up & asked.resync,
        loaded=reloading | rebooted,
    )


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
