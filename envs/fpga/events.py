"""The events of a tick: urgent work, batch work, a switch of source, the first fault, a recovery, a slot each."""

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import queue
from neurorl.envs.fpga.queue import Done
from neurorl.neuromodulation.reward import EventCode, RewardEvents

CODES = (EventCode.WORK, EventCode.WORK, EventCode.SWITCH, EventCode.FAULT, EventCode.RECOVERED)


def of_tick(done: Done, switched: Array, struck: Array, recovered: Array, broken_for: Array) -> RewardEvents:
    """Return the events of a tick.

    Args:
        done: What was done with the work; its value is its mean wait, ms.
        switched: Whether the source switched.
        struck: The faults that struck, [12] bool; the value is the class of the first.
        recovered: Whether all was repaired.
        broken_for: Ticks that this took.
    """
    urgent_ms = 1000.0 * done.urgent_wait / jnp.maximum(done.urgent, 1e-6)
    batch_ms = 1000.0 * queue.BATCH_TICKS * done.batch_wait / jnp.maximum(done.batch, 1e-6)
    happened = jnp.stack([done.urgent > 0, done.batch > 0, switched, jnp.any(struck), recovered])
    values = jnp.stack([urgent_ms, batch_ms, jnp.float32(0.0), jnp.argmax(struck).astype(jnp.float32), broken_for])
    return RewardEvents(jnp.where(happened, jnp.array(CODES, jnp.int32), EventCode.NONE), jnp.where(happened, values, 0.0))
