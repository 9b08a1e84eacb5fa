r"""A privileged governor that looks ahead: it tries its next moves on a copy of the board, its world included.

Every 4 ticks each of 33 changes of the tuned governor (how much speed is worth, the margin, the fan) is driven for 36 ticks on
the very state of the board, hidden part and coming world and all, and the best is kept; the change of pull ends after 8 ticks,
while margin and fan stay. Its canary has neither noise nor bias. Urgent work that waits at the end counts half of what it will
bring. One step of policy improvement by rollout (Bertsekas, Tsitsiklis and Wu 1997), from perfect knowledge: a score to be
measured against, not a controller.
"""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import supply, timing
from neurorl.envs.fpga.actions import clock_mhz
from neurorl.envs.fpga.governors import tuned
from neurorl.envs.fpga.governors.governor import MOVES, Governor, World
from neurorl.envs.fpga.governors.tuned import Knobs
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import INDEX, FpgaState

EVERY = 4  # ticks between plans
HELD = 8  # ticks that a change of pull is tried for
AHEAD = 36  # ticks looked ahead


class Change(NamedTuple):
    """A change of the tuned governor. All []."""

    pull: Array  # of urgent work, and of batch work
    batch: Array  # of batch work besides
    margin: Array  # ns
    fan: Array


class Memory(NamedTuple):
    """What the oracle carries on."""

    tuned: tuned.Memory
    change: Change


_TRIED = [  # pull, batch, margin, fan
    *(
        (pull, 0.0, margin, 0.0)
        for pull, margin in itertools.product((-3.0, -1.5, -0.6, 0.0, 0.6, 1.5), (-0.2, -0.08, 0.0, 0.15))
    ),
    *((0.0, batch, 0.0, 0.0) for batch in (-4.0, -1.5, 1.5, 3.0)),
    *((0.0, 0.0, margin, 0.0) for margin in (-0.4, 0.4)),
    *((0.0, 0.0, 0.0, fan) for fan in (-0.2, 0.2)),
]


Decide = Callable[[Knobs, tuned.Memory, Array, bool], tuple[tuned.Memory, Array]]


def governor(k: Knobs, decide: Decide = tuned.decide, world: World = MOVES) -> Governor:
    """Return the oracle whose changes start from the tuned governor with these knobs.

    Args:
        k: The knobs.
        decide: How that governor acts.
        world: What its actions do.
    """

    def init() -> Memory:
        zero = jnp.float32(0.0)
        return Memory(tuned.init(), Change(zero, zero, zero, zero))

    def act(p: FpgaParameters, m: Memory, observation: Array, state: FpgaState) -> tuple[Memory, Array]:
        del observation
        remembered, action = decide(_changed(k, m.change), m.tuned, _sight(p, state, world), True)
        return Memory(remembered, m.change), action

    def plan(p: FpgaParameters, m: Memory, state: FpgaState) -> Memory:
        tried = Change(*jnp.array(_TRIED, jnp.float32).T)
        tried = tried._replace(margin=m.change.margin + tried.margin, fan=m.change.fan + tried.fan)
        changes = jax.tree.map(lambda many, reset: jnp.append(many, reset), tried, Change(*jnp.zeros(4)))
        earned = jax.vmap(lambda change: _foresee(p, k, m.tuned, state, change, decide, world))(changes)
        best = jnp.argmax(earned)
        return Memory(m.tuned, jax.tree.map(lambda c: c[best], changes))

    return Governor(init, act, plan, EVERY)


def _changed(k: Knobs, change: Change) -> Knobs:
    changes: dict[str, Any] = {  # traced, where a governor's own are numbers
        "urgent0": k.urgent0 + change.pull,
        "batch0": k.batch0 + change.pull + change.batch,
        "margin": k.margin + change.margin,
        "fan0": k.fan0 + change.fan,
    }
    return k._replace(**changes)


def _sight(p: FpgaParameters, state: FpgaState, world: World) -> Array:
    """Return what is seen with a perfect canary, [15] or with derived readings [19]."""
    part = state.part
    volts = state.voltage - part.supply_ohm * supply.STATIC * state.current_a
    relative = timing.relative_delay(p, volts, state.junction_c, part.threshold_v + timing.aging(p, state.stress))
    slack = timing.setup_slack(p, clock_mhz(state.level), relative, part.process, part.sens)
    return world.show(state).at[INDEX["canary_slack"]].set(slack)


def _foresee(
    p: FpgaParameters, k: Knobs, m: tuned.Memory, state: FpgaState, change: Change, decide: Decide, world: World
) -> Array:
    """Return what the change earns within the time looked ahead, []."""

    def tick(carry: Any, t: Array) -> tuple[Any, None]:
        state, m, total = carry
        held = t < HELD
        now = change._replace(pull=jnp.where(held, change.pull, 0.0), batch=jnp.where(held, change.batch, 0.0))
        m, action = decide(_changed(k, now), m, _sight(p, state, world), True)
        alive = ~state.dead
        state, out = world.advance(p, state, action)
        return (state, m, total + jnp.where(alive, out.reward, 0.0)), None

    (state, m, total), _ = jax.lax.scan(tick, (state, m, jnp.float32(0.0)), jnp.arange(AHEAD))
    return total + 0.5 * (p.urgent_value * state.queue.urgent[0])
