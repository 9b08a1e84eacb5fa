r"""Faults that strike by hazard, and how each is repaired.

    clock-domain crossing   rate exp((f - 200 MHz) / crossing_mhz): from MTBF = exp(t_r / tau) / (T0 f1 f2), where the time t_r
                            that a synchroniser has to settle shrinks as the clock rises; repaired by resynchronising
    PLL unlock              rate + per volt of change; locks again by itself, or by resynchronising
    configuration upset     rate; some are flagged by the CRC; repaired by scrubbing or reloading
    sensor                  sticks, drops or drifts at a rate each, and recovers at a rate
    bad bitstream           a load fails with a probability, or always where the build is bad: the old image runs until one works

The others follow from timing, supply and heat (``env.py``). A reboot or a reload repairs the first three.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.sensors import DRIFTING, DROPPED, STUCK
from neurorl.envs.fpga.types import FpgaState


class Hazards(NamedTuple):
    """What struck in a tick, and the state of what can be broken after it. All [], bool unless said."""

    crossing: Array
    unlock: Array
    upset: Array
    stuck: Array
    dropped: Array
    drifting: Array
    desynced: Array
    locked: Array
    corrupt: Array
    flagged: Array
    sensor_fault: Array  # int32
    sensor_error_c: Array


def crossing_rate(p: FpgaParameters, clock_mhz: Array) -> Array:
    """Return the failures of the clock-domain crossing a tick, []."""
    return p.crossing_rate * jnp.exp((clock_mhz - 200.0) / p.crossing_mhz)


def strike(
    p: FpgaParameters,
    state: FpgaState,
    clock_mhz: Array,
    change_v: Array,
    running: Array,
    scrubbed: Array,
    resynced: Array,
    loaded: Array,
    u: Array,
) -> Hazards:
    """Return the hazards of a tick: repairs first, then what strikes.

    Args:
        p: Parameters.
        state: The board before the tick.
        clock_mhz, change_v: The clock, and the size of the change of voltage.
        running: Whether the logic runs.
        scrubbed, resynced: Whether the action repaired.
        loaded: Whether the configuration is loaded afresh.
        u: Uniforms, [6].
    """
    crossing = running & (u[0] < crossing_rate(p, clock_mhz))
    desynced = (state.desynced & ~resynced & ~loaded) | crossing
    relocked = state.locked | resynced | loaded | (u[1] > 1.0 - p.relock_rate)
    unlock = running & relocked & (u[1] < p.unlock_rate + p.unlock_per_v * jnp.abs(change_v))
    upset = running & (u[2] < p.upset_rate)
    repaired = scrubbed | loaded
    corrupt = (state.upset & ~repaired) | upset
    flagged = (state.flagged & ~repaired) | (upset & (u[3] < p.upset_flagged))
    kind, fault = _sensor(p, state, u[4], u[5])
    return Hazards(
        crossing=crossing,
        unlock=unlock,
        upset=upset,
        stuck=kind == STUCK,
        dropped=kind == DROPPED,
        drifting=kind == DRIFTING,
        desynced=desynced,
        locked=relocked & ~unlock,
        corrupt=corrupt,
        flagged=flagged,
        sensor_fault=fault,
        sensor_error_c=jnp.where(fault == DRIFTING, state.sensor_error_c + p.drift_c, 0.0),
    )


def _sensor(p: FpgaParameters, state: FpgaState, u: Array, v: Array) -> tuple[Array, Array]:
    """Return the fault [] int32 that strikes the temperature sensor now, and the one it has."""
    first, second = p.stuck_rate, p.stuck_rate + p.dropped_rate
    kind = jnp.where(u < first, STUCK, jnp.where(u < second, DROPPED, jnp.where(u < second + p.drifting_rate, DRIFTING, 0)))
    kind = jnp.where(state.sensor_fault == 0, kind, 0)
    kept = jnp.where(v < p.sensor_repair, 0, state.sensor_fault)
    return kind, jnp.where(kind > 0, kind, kept)
