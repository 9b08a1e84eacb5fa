r"""The world around the board: work that arrives, its activity, the price of energy, the ambient, switches of source.

Urgent work comes in bursts: a burst of rate U(low, high) lasts U ticks and a quiet time follows. Batch work trickles at a
rate of its own, three times the mean in a third of the ticks. The price is 1 + swing sin(2 pi t / period + phase) plus spikes
that decay by 0.9 a tick; the ambient has a slow wave. At a switch of source one of six things changes for good.
"""

from enum import IntEnum
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import random
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import FpgaState, Part

ACTIVITIES = (0.45, 0.70, 1.0)
ACTIVITY_RATE = 0.014  # redraws a tick
AMBIENT_PERIOD = 400.0  # ticks
SPIKE_DECAY = 0.9


class Switch(IntEnum):
    """What a switch of source changes."""

    SUPPLY = 0  # resistance x 2.2
    THRESHOLD = 1  # + 30 mV
    FAN = 2  # conductance of the fan x 0.4
    AMBIENT = 3  # + 12 C
    CANARY = 4  # bias + or - 0.10 ns
    SKEW = 5  # of the clock, + 0.20 ns: hold faults come near, and only a lower voltage keeps them away


class World(NamedTuple):
    """What a tick brings. All []."""

    urgent: Array  # work that arrives, nominal ticks
    batch: Array
    activity: Array
    price: Array
    ambient_c: Array
    switched: Array  # bool
    canary_step_ns: Array


class Phase(NamedTuple):
    """The parts of the state that demand carries on. All []."""

    bursting: Array
    phase_left: Array
    burst_rate: Array
    activity: Array
    price_spike: Array


def step(p: FpgaParameters, state: FpgaState, u: Array) -> tuple[World, Phase, Part]:
    """Return what this tick brings, the demand after it, and the part, changed at a switch.

    Args:
        p: Parameters.
        state: The board before the tick.
        u: Uniforms, [7].
    """
    time = state.time.astype(jnp.float32)
    ends = state.phase_left <= 0
    bursting = state.bursting ^ ends
    length = jnp.where(bursting, random.between(u[0], p.burst_low, p.burst_high), random.between(u[0], p.quiet_low, p.quiet_high))
    phase_left = jnp.where(ends, length, state.phase_left) - 1.0
    burst_rate = jnp.where(ends, random.between(u[1], p.urgent_burst_low, p.urgent_burst_high), state.burst_rate)
    urgent = jnp.where(bursting, burst_rate, p.urgent_low) * (0.7 + 0.6 * u[2])
    batch = state.part.batch_rate * jnp.where(u[3] < 1.0 / 3.0, 3.0, 0.0)
    drawn = jnp.where(u[5] < 1.0 / 3.0, ACTIVITIES[0], jnp.where(u[5] < 2.0 / 3.0, ACTIVITIES[1], ACTIVITIES[2]))
    activity = jnp.where(u[4] < ACTIVITY_RATE, drawn, state.activity)
    spike = SPIKE_DECAY * state.price_spike + jnp.where(u[6] < p.price_spike_rate, p.price_spike, 0.0)
    wave = jnp.sin(2.0 * jnp.pi * time / state.part.price_period + state.part.price_phase)
    price = 1.0 + p.price_swing * wave + spike
    part, switched, canary_step = _switch(p, state)
    slow = jnp.sin(2.0 * jnp.pi * time / AMBIENT_PERIOD + 2.0 * state.part.price_phase)
    ambient = part.ambient_c + p.ambient_swing_c * slow
    world = World(urgent, batch, activity, price, ambient, switched, canary_step)
    return world, Phase(bursting, phase_left, burst_rate, activity, spike), part


def _switch(p: FpgaParameters, state: FpgaState) -> tuple[Part, Array, Array]:
    """Return the part after the switches of this tick, whether there was one, and the step of the canary's bias."""
    part = state.part
    now = (state.time == part.switch_time) & (jnp.arange(2) < p.switches)
    changed = [jnp.any(now & (part.switch_kind == kind)) for kind in Switch]
    canary = jnp.where(changed[Switch.CANARY], jnp.where(part.price_phase > jnp.pi, 0.10, -0.10), 0.0)
    part = part._replace(
        supply_ohm=jnp.where(changed[Switch.SUPPLY], 2.2, 1.0) * part.supply_ohm,
        threshold_v=part.threshold_v + jnp.where(changed[Switch.THRESHOLD], 0.030, 0.0),
        fan_health=jnp.where(changed[Switch.FAN], 0.4, 1.0) * part.fan_health,
        hold_need_ns=part.hold_need_ns + jnp.where(changed[Switch.SKEW], 0.20, 0.0),
        ambient_c=part.ambient_c + jnp.where(changed[Switch.AMBIENT], 12.0, 0.0),
    )
    return part, jnp.any(now), canary
