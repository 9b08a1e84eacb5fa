r"""Faults that strike by hazard, and how each is repaired.

    clock-domain crossing   rate exp((f - 200 MHz) / crossing_mhz): from MTBF = exp(t_r / tau) / (T0 f1 f2), where the time t_r
                            that a synchroniser has to settle shrinks as the clock rises; repaired by resynchronising
    PLL unlock              rate + per volt of change; locks again by itself, or by resynchronising
    configuration upset     rate; some are flagged by the CRC; repaired by scrubbing or reloading
    sensor                  sticks, drops or drifts at a rate each, and recovers at a rate
    bad bitstream           a load fails with a probability, or always where the build is bad: the old image runs until one works

The others follow from timing, supply and heat (``recovery.py``). A reboot or a reload repairs the first three.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.actions import Settings
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

    def kept(self) -> dict[str, Array]:
        """Return what the state of the board carries on."""
        lasting = ("locked", "flagged", "desynced", "sensor_fault", "sensor_error_c")
        return {"upset": self.corrupt, **{name: getattr(self, name) for name in lasting}}


def crossing_rate(p: FpgaParameters, clock_mhz: Array) -> Array:
    """Return the failures of the clock-domain crossing a tick, []."""
    return p.crossing_rate * jnp.exp((clock_mhz - 200.0) / p.crossing_mhz)


def load(p: FpgaParameters, state: FpgaState, loaded: Array, u: Array) -> tuple[Array, Array]:
    """Return whether a load failed, and whether the old image runs, bool []; ``u`` is a uniform number []."""
    bad = loaded & (u < jnp.maximum(p.bad_load, p.bad_build))
    return bad, jnp.where(loaded, bad, state.fallback)


def strike(p: FpgaParameters, state: FpgaState, s: Settings, u: Array) -> Hazards:
    """Return the hazards of a tick: repairs first, then what strikes.

    Args:
        p: Parameters.
        state: The board before the tick.
        s: What is set in it, and what the action repaired.
        u: Uniforms, [6].
    """
    crossing = s.running & (u[0] < crossing_rate(p, s.clock_mhz))
    desynced = (state.desynced & ~s.resynced & ~s.loaded) | crossing
    relocked = state.locked | s.resynced | s.loaded | (u[1] > 1.0 - p.relock_rate)
    unlock = s.running & relocked & (u[1] < p.unlock_rate + p.unlock_per_v * jnp.abs(s.voltage - state.voltage))
    upset = s.running & (u[2] < p.upset_rate)
    repaired = s.scrubbed | s.loaded
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


def correct(p: FpgaParameters, h: Hazards) -> Array:
    """Return the share of the work that comes out right, []."""
    return jnp.where(h.corrupt, 1.0 - p.upset_damage, 1.0) * jnp.where(h.desynced, 1.0 - p.crossing_damage, 1.0)


def _sensor(p: FpgaParameters, state: FpgaState, u: Array, v: Array) -> tuple[Array, Array]:
    """Return the fault [] int32 that strikes the temperature sensor now, and the one it has."""
    first, second = p.stuck_rate, p.stuck_rate + p.dropped_rate
    kind = jnp.where(u < first, STUCK, jnp.where(u < second, DROPPED, jnp.where(u < second + p.drifting_rate, DRIFTING, 0)))
    kind = jnp.where(state.sensor_fault == 0, kind, 0)
    kept = jnp.where(v < p.sensor_repair, 0, state.sensor_fault)
    return kind, jnp.where(kind > 0, kind, kept)
