"""What faults cost in time: how long the board stays down, what counts as broken, and which faults struck in a tick."""

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import random
from neurorl.envs.fpga.actions import Settings
from neurorl.envs.fpga.faults import Hazards
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.timing import Margins
from neurorl.envs.fpga.types import FpgaState

STRIKES = 1.0  # errors a second from which a violation counts as a fault


def down_left(p: FpgaParameters, state: FpgaState, s: Settings, crashed: Array, overheated: Array, u: Array) -> Array:
    """Return the ticks until the board runs again, []: a reload, a reboot of random length, or a time to cool.

    Args:
        p: Parameters.
        state: The board before the tick.
        s: Its settings.
        crashed, overheated: What happened in the tick.
        u: A uniform number, [].
    """
    reboot = jnp.floor(random.between(u, p.reboot_low, p.reboot_high))
    left = jnp.maximum(state.down_left - 1.0, 0.0)
    left = jnp.where(s.reloading, p.reload_ticks - 1.0, left)
    left = jnp.where(crashed, reboot, left)
    return jnp.where(overheated, p.shutdown_ticks, left)


def struck(h: Hazards, m: Margins, throttles: Array, overheated: Array, bad: Array) -> Array:
    """Return which faults struck in a tick, bool [12], in the order of ``FaultClass``.

    Args:
        h: What struck by hazard.
        m: Margins of the tick.
        throttles: Whether throttling began.
        overheated: Whether the board shut down.
        bad: Whether an image failed to load.
    """
    droop = m.brown_out | ((m.setup_errors > STRIKES) & (m.steady_errors <= STRIKES))
    timing = (m.steady_errors > STRIKES, m.hold_errors > STRIKES, h.crossing, h.unlock, droop)
    return jnp.stack([*timing, throttles, overheated, h.upset, h.stuck, h.dropped, h.drifting, bad])


def broken(h: Hazards, m: Margins, down_left: Array, throttled: Array, fallback: Array) -> Array:
    """Return whether anything is amiss after a tick, bool []."""
    return (
        (down_left > 0) | throttled | ~h.locked | h.corrupt | h.desynced | (h.sensor_fault > 0) | fallback | (m.errors > STRIKES)
    )
