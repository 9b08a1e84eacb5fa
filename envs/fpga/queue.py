r"""Two queues of work with deadlines, urgent before batch, each first in first out.

A queue is kept cumulated: C_i is the work that has waited i steps or longer, so C_0 is all of it. Then service of an amount s,
oldest first, a step of waiting, and what becomes late are

    C <- max(C - s, 0),    C_{i+1} <- C_i, C_0 <- C_1 + arrivals,    late = C_n, C <- C - late

and the mean wait of what was served is sum_{i>=1} min(C_i, s) / s steps.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.actions import Settings
from neurorl.envs.fpga.demand import World
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import NOMINAL_MHZ, FpgaState, Queue

URGENT_STEPS = 8  # steps of one tick until urgent work is late
BATCH_STEPS = 10  # steps of BATCH_TICKS ticks until batch work is late
BATCH_TICKS = 6


def serve(work: Array, amount: Array) -> tuple[Array, Array, Array]:
    """Serve up to ``amount`` of the work.

    Args:
        work: Cumulated work, [n].
        amount: Capacity, [].

    Returns:
        The work left [n], the amount served [], and the steps it had waited, summed over it [].
    """
    served = jnp.minimum(work, amount)
    return work - served, served[0], jnp.sum(served[1:])


def arrive(work: Array, arrivals: Array) -> Array:
    """Return the work [n] after ``arrivals`` [] that have not waited."""
    return work.at[0].add(arrivals)


def wait(work: Array) -> tuple[Array, Array]:
    """Let all work wait a step; return what is still in time [n], and what became late []."""
    late = work[-1]
    return jnp.concatenate([work[:1], work[:-1]]) - late, late


class Room(NamedTuple):
    """How much of a tick there is to work in, and what waits for it. All [] unless said."""

    free: Array  # share of the tick in which the clock drives the logic
    capacity: Array  # what can be done in it, nominal ticks
    busy: Array  # share of the tick in which there is work
    urgent: Array  # [8], with the tick's arrivals
    batch: Array  # [10]


def room(p: FpgaParameters, state: FpgaState, world: World, s: Settings, locked: Array, fallback: Array) -> Room:
    """Return the room of a tick: changes and repairs take their share, the old image is slower."""
    overhead = (
        jnp.where(s.level != state.level, p.clock_change, 0.0)
        + jnp.where(s.scrubbed, p.scrub_ticks, 0.0)
        + jnp.where(s.resynced, p.resync_ticks, 0.0)
    )
    free = jnp.where(s.running & locked, 1.0 - jnp.minimum(overhead, 1.0), 0.0)
    capacity = free * s.clock_mhz / NOMINAL_MHZ * jnp.where(fallback, p.old_image, 1.0)
    urgent = arrive(state.queue.urgent, world.urgent)
    batch = arrive(state.queue.batch, world.batch)
    busy = free * jnp.minimum((urgent[0] + batch[0]) / jnp.maximum(capacity, 1e-6), 1.0)
    return Room(free, capacity, busy, urgent, batch)


class Done(NamedTuple):
    """What a tick did with the work. All [], nominal ticks unless said."""

    left: Queue
    urgent: Array
    batch: Array
    urgent_wait: Array  # steps that the work had waited, summed over it
    batch_wait: Array
    urgent_late: Array
    batch_late: Array


def work(p: FpgaParameters, time: Array, r: Room, errors: Array, crashed: Array) -> Done:
    """Return what is done: urgent work first, less what replays take, nothing in a crash."""
    served = jnp.where(crashed, 0.0, r.capacity * (1.0 - jnp.minimum(p.replay_ticks * errors, 1.0)))
    urgent, urgent_served, urgent_wait = serve(r.urgent, served)
    batch, batch_served, batch_wait = serve(r.batch, served - urgent_served)
    urgent, urgent_late = wait(urgent)
    shifted, aged_late = wait(batch)
    shifts = (time + 1) % BATCH_TICKS == 0
    batch, batch_late = jnp.where(shifts, shifted, batch), jnp.where(shifts, aged_late, 0.0)
    return Done(Queue(urgent, batch), urgent_served, batch_served, urgent_wait, batch_wait, urgent_late, batch_late)
