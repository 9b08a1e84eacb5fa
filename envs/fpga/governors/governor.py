"""What a governor is, and what it earns.

    memory         = governor.init()                                a board that was just switched on
    memory, action = governor.act(p, memory, observation, state)    choose a discrete action
    memory         = governor.plan(p, memory, state)                look ahead, every few ticks

Only a privileged governor plans and reads ``state``.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import board
from neurorl.envs.fpga.actions import command
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import CLOCK_RATIO, FAN_HIGH, FAN_LOW, VOLTAGE_HIGH, VOLTAGE_LOW, FpgaState


class Governor(NamedTuple):
    """A way to drive the board."""

    init: Callable[[], Any]
    act: Callable[[FpgaParameters, Any, Array, FpgaState], tuple[Any, Array]]
    plan: Callable[[FpgaParameters, Any, FpgaState], Any] | None = None  # what a privileged one does every ``every`` ticks
    every: int = 1


class Totals(NamedTuple):
    """What an episode came to. All []."""

    reward: Array
    good_work: Array
    late_work: Array
    energy_j: Array
    silent: Array
    crashes: Array
    negative_slack: Array  # ticks with setup slack below zero
    hold: Array  # ticks with hold errors
    faults: Array  # faults that struck
    dead: Array  # bool


class World(NamedTuple):
    """A board as a governor meets it: how it begins, what it shows, and what an action does."""

    begin: Callable[[FpgaParameters, Array], FpgaState]
    show: Callable[[FpgaState], Array]
    advance: Callable[[FpgaParameters, FpgaState, Array], tuple[FpgaState, board.Step]]


MOVES = World(board.init, lambda state: state.observation, lambda p, state, action: board.step(p, state, command(action)))


def episode(p: FpgaParameters, governor: Governor, key: Array, ticks: int = 600, world: World = MOVES) -> Totals:
    """Return the totals of one episode; nothing counts after a part's death."""

    def tick(carry: Any, _: None) -> tuple[Any, None]:
        state, memory, total = carry
        alive = ~state.dead
        memory, action = governor.act(p, memory, world.show(state), state)
        state, out = world.advance(p, state, action)
        m = out.metrics
        gained = Totals(
            out.reward,
            m.good_work,
            m.late_work,
            m.energy_j,
            m.silent,
            m.crashed,
            m.slack_ns < 0,
            out.faults[1],
            jnp.sum(out.faults),
            out.terminated,
        )
        total = jax.tree.map(lambda t, g: t + jnp.where(alive, g, 0).astype(jnp.float32), total, gained)
        return (state, memory, total), None

    def block(carry: Any, _: None) -> tuple[Any, None]:
        state, memory, total = carry
        if governor.plan:
            memory = governor.plan(p, memory, state)
        return jax.lax.scan(tick, (state, memory, total), None, length=governor.every)

    start = (world.begin(p, key), governor.init(), Totals(*[jnp.float32(0.0)] * len(Totals._fields)))
    return jax.lax.scan(block, start, None, length=ticks // governor.every)[0][2]


def move_towards(observation: Array, clock: Array, voltage: Array, fan: Array) -> Array:
    """Return the move that brings the settings nearer to their targets without passing them, int32 [].

    Args:
        observation: What is seen.
        clock: MHz wanted.
        voltage: V wanted, as it is measured.
        fan: Wanted.
    """
    levels = jnp.log(jnp.maximum(clock, 1.0) / observation[0]) / jnp.log(CLOCK_RATIO)
    volts = jnp.clip(voltage, VOLTAGE_LOW, VOLTAGE_HIGH) - observation[1]
    turn = jnp.clip(fan, FAN_LOW, FAN_HIGH) - observation[2]
    c = jnp.where(levels < -1.0, 0, jnp.where(levels > 1.5, 2, 1))
    v = jnp.where(volts < -0.006, 0, jnp.where(volts > 0.012, 2, 1))
    f = jnp.where(turn < -0.06, 0, jnp.where(turn > 0.06, 2, 1))
    return 9 * c + 3 * v + f
