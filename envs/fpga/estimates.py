r"""What any controller would compute of the readings: running estimates, and the derived block of an observation.

    path         <- p + 0.3 (1000 / clock - canary_slack - p),   p = path exp(-2 (V - V_before))     ns, of the canary path
    slow_replays <- 0.995 slow_replays + 0.04 replays                                                log10, of some 200 ticks
    since_repair <- 0 after a scrub, reload or resynchronisation, else + 1                           ticks, at most 600
    deficit       = 1 - throughput / could where work waits and could > 0.1, else 0                  1
    could         = available clock / 200 MHz (1 - min(0.01 replays, 1))                             nominal capacities

The canary is noisy, so that its path is smoothed; what a change of voltage does to it is known, and taken off first. A board that
accepts less than it could, while work waits, does wrong work, which is all that most configuration upsets show of themselves. All
of these are readings of the tuned governor (``governors/tuned.py``), and so knowledge of the domain.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.types import INDEX, NOMINAL_MHZ, Reading

DERIVED = (
    Reading("deficit", "1", -1.0, 1.0, "share of the work that the board could accept and does not, while work waits"),
    Reading("slow_replays", "log10", 0.0, 8.0, "replays of some 200 ticks, decayed"),
    Reading("since_repair", "ticks", 0.0, 600.0, "time since the last repair; 600 where there was none"),
    Reading("path", "ns", 1.0, 12.0, "delay of the canary path, smoothed"),
)
BELIEF = 0.3  # share of a new sight of the path
PER_VOLT = -2.0  # ln of the delay of the path a volt
REPLAY_TICKS = 0.01  # ticks that a replay takes
NEVER = 600.0


class Estimates(NamedTuple):
    """What is remembered between ticks. All []."""

    path_ns: Array
    volts: Array  # measured when the path was seen
    slow_replays: Array
    since_repair: Array  # ticks


def init(observation: Array) -> Estimates:
    """Return the estimates of a board that was just switched on, of its first observation [15]."""
    volts = observation[INDEX["voltage"]]
    return Estimates(_seen(observation), volts, jnp.float32(0.0), jnp.float32(NEVER))


def update(e: Estimates, observation: Array, repaired: Array) -> Estimates:
    """Return the estimates after a tick that showed ``observation`` [15] and in which a repair was asked for, or was not."""
    volts = observation[INDEX["voltage"]]
    expected = e.path_ns * jnp.exp(PER_VOLT * (volts - e.volts))
    slow = 0.995 * e.slow_replays + 0.04 * observation[INDEX["replays"]]
    since = jnp.where(repaired, 0.0, jnp.minimum(e.since_repair + 1.0, NEVER))
    return Estimates(expected + BELIEF * (_seen(observation) - expected), volts, slow, since)


def derived(e: Estimates, observation: Array) -> Array:
    """Return the derived block of an observation [15], [4]."""
    values = jnp.stack([deficit(observation), e.slow_replays, e.since_repair, e.path_ns])
    return jnp.clip(values, jnp.array([r.low for r in DERIVED]), jnp.array([r.high for r in DERIVED]))


def deficit(observation: Array) -> Array:
    """Return the share of the work that the board could accept and does not, []; 0 while no work waits, or the clock stands."""
    o = {name: observation[i] for name, i in INDEX.items()}
    lost = jnp.minimum(REPLAY_TICKS * (10.0 ** o["replays"] - 1.0), 1.0)
    could = o["available"] * o["clock"] / NOMINAL_MHZ * (1.0 - lost)
    waits = o["urgent"] + o["batch"] > 0.01
    return jnp.where(waits & (could > 0.1), 1.0 - o["throughput"] / jnp.maximum(could, 0.1), 0.0)


def _seen(observation: Array) -> Array:
    return 1000.0 / observation[INDEX["clock"]] - observation[INDEX["canary_slack"]]
