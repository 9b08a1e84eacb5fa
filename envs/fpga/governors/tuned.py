r"""The hand-written governor whose constants a search finds: a line of reasoning for every observation.

    pull    = max(urgent0 + urgent1 ln(1 + urgent) + urgent2 (price - 1),
                  batch0 + batch1 ln(1 + batch) + batch2 ln(1 + due) - batch3 (price - 1))    how much speed is worth
    voltage = 0.70 + 0.40 logistic(pull + heat (T - 60) / 20) - relief when errors come at a high voltage
    path    = period - canary, or a model of voltage and temperature, mixed by ``trust``
    clock   = 1000 / (path + margin),   margin = a constant, with terms for voltage, temperature, work and recent replays
              slower where nothing pulls
    fan     = constant + temperature + power + pull
    repair  = scrub on a flag; reload, scrub or resynchronise on a small, middle or large deficit of throughput

With memory the path is smoothed over ticks, margin and relief are learned from replays and forgotten
slowly, and a repair that did not help is not repeated at once. Nothing is bounded: every knob is any real number.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.estimates import deficit as missing
from neurorl.envs.fpga.governors.governor import Governor, move_towards
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import INDEX, SCRUB, FpgaState

PATIENCE = 3.0  # ticks that a governor with memory gives a repair


class Knobs(NamedTuple):
    """The constants, each any real number."""

    urgent0: float = -2.4
    urgent1: float = 1.15
    urgent2: float = -1.3
    batch0: float = -4.8
    batch1: float = 0.4
    batch2: float = 0.0
    batch3: float = 1.5
    heat: float = -1.2
    idle0: float = -4.5  # pull below which the clock falls short of what is safe
    idle1: float = 0.1  # and by how much, in logarithms of clock
    margin: float = 1.0  # ns
    margin_voltage: float = -0.1  # ns a volt above 0.9
    margin_heat: float = 0.1  # ns for 50 C
    margin_urgent: float = -0.1  # ns for ln(1 + urgent)
    margin_replay: float = 0.1  # ns a decade of replays
    margin_restart: float = 0.4  # ns while the clock does not run: load will step up
    trust: float = 4.0  # logit of the share of the canary
    path0: float = 1.55  # ln ns at 0.9 V and 60 C
    path_voltage: float = -2.0  # a volt
    path_heat: float = 0.0  # for 100 C
    relief: float = 0.0  # V a decade of replays at 0.9 V
    fan0: float = 0.35
    fan_heat: float = 0.7  # for 20 C
    fan_power: float = 0.1  # for 20 W
    fan_pull: float = 0.05
    reload: float = 0.16  # deficit of throughput that calls for a reload
    scrub: float = 0.26  # for a scrub
    resync: float = 0.44  # and for a resynchronisation
    learn: float = 0.1  # ns of margin a decade of replays, kept
    forget: float = -4.0  # logit of the share of it forgotten a tick
    learn_relief: float = 0.01  # V a decade of replays at 0.9 V, kept
    smooth: float = -1.0  # logit of the share of a new sight of the canary path that is believed
    learn_rest: float = 0.0  # ns the learned margin falls back to


SCALE = Knobs(
    urgent0=1.0,
    urgent1=0.6,
    urgent2=0.4,
    batch0=1.0,
    batch1=0.4,
    batch2=0.4,
    batch3=0.6,
    heat=0.4,
    idle0=1.0,
    idle1=0.2,
    margin=0.10,
    margin_voltage=0.3,
    margin_heat=0.1,
    margin_urgent=0.05,
    margin_replay=0.05,
    margin_restart=0.2,
    trust=1.5,
    path0=0.1,
    path_voltage=0.3,
    path_heat=0.1,
    relief=0.01,
    fan0=0.2,
    fan_heat=0.2,
    fan_power=0.2,
    fan_pull=0.1,
    reload=0.04,
    scrub=0.06,
    resync=0.06,
    learn=0.05,
    forget=1.0,
    learn_relief=0.02,
    smooth=1.0,
    learn_rest=0.05,
)
MEMORY = ("smooth", "learn", "learn_relief", "forget", "learn_rest")  # knobs that only a governor with memory has


class Memory(NamedTuple):
    """What it remembers. All []."""

    margin: Array  # ns learned
    relief: Array  # V learned
    path: Array  # ns, delay of the canary path, smoothed; 0 before it was seen
    volts: Array  # V at which it was seen
    repaired: Array  # ticks since the last repair


def init() -> Memory:
    """Return the memory of a board that was just switched on."""
    return Memory(jnp.float32(0.0), jnp.float32(0.0), jnp.float32(0.0), jnp.float32(0.9), jnp.float32(100.0))


def governor(k: Knobs, memory: bool = True) -> Governor:
    """Return the governor with these knobs."""

    def act(p: FpgaParameters, m: Memory, observation: Array, state: FpgaState) -> tuple[Memory, Array]:
        del state
        return decide(k, m, observation, memory)

    return Governor(init, act)


class Wanted(NamedTuple):
    """What it wants of a tick. All []."""

    clock_mhz: Array
    volts: Array
    fan: Array
    repair: Array  # int32: 0 none, 1 scrub, 2 reload, 3 resynchronise


def decide(k: Knobs, m: Memory, observation: Array, memory: bool) -> tuple[Memory, Array]:
    """Return the memory after a tick and the action: the move towards what is wanted, or a repair in its place."""
    m, wanted = want(k, m, observation, memory)
    move = move_towards(observation, wanted.clock_mhz, wanted.volts, wanted.fan)
    return m, jnp.where(wanted.repair > 0, SCRUB - 1 + wanted.repair, move)


def want(k: Knobs, m: Memory, observation: Array, memory: bool) -> tuple[Memory, Wanted]:
    """Return the memory after a tick and what is wanted of it."""
    o = {name: observation[i] for name, i in INDEX.items()}
    price, hot = o["price"] - 1.0, (o["temperature"] - 60.0) / 20.0
    urgent = jnp.log1p(o["urgent"])
    pull_urgent = k.urgent0 + k.urgent1 * urgent + k.urgent2 * price
    pull_batch = k.batch0 + k.batch1 * jnp.log1p(o["batch"]) + k.batch2 * jnp.log1p(o["batch_due"]) - k.batch3 * price
    pull = jnp.maximum(pull_urgent, pull_batch) + k.heat * hot

    # replays at a high voltage may be of the fast path, which only a lower one slows
    suspect = o["replays"] * 10.0 * jnp.maximum(o["voltage"] - 0.8, 0.0)
    voltage = 0.70 + 0.40 * jax.nn.sigmoid(pull) - k.relief * suspect

    learned, relief = m.margin, m.relief
    if memory:
        share = jax.nn.sigmoid(k.forget)
        learned = k.learn_rest + (m.margin - k.learn_rest) * (1.0 - share) + k.learn * o["replays"]
        relief = m.relief * (1.0 - share) + k.learn_relief * suspect
        voltage = voltage - relief
    volts = o["voltage"] - 0.9
    seen = 1000.0 / o["clock"] - o["canary_slack"]
    if memory:
        expected = m.path * jnp.exp(k.path_voltage * (o["voltage"] - m.volts))
        seen = jnp.where(m.path > 0, expected + jax.nn.sigmoid(k.smooth) * (seen - expected), seen)
    model = jnp.exp(k.path0 + k.path_voltage * volts + k.path_heat * hot / 5.0)
    trust = jax.nn.sigmoid(k.trust)
    path = trust * seen + (1.0 - trust) * model
    margin = k.margin + k.margin_voltage * volts + k.margin_heat * hot / 2.5 + k.margin_urgent * urgent
    margin = margin + k.margin_replay * o["replays"] + k.margin_restart * (o["available"] < 0.5)
    clock = 1000.0 / jnp.maximum(path + margin + learned, 1.0)
    clock = clock * jnp.exp(-jnp.abs(k.idle1) * jnp.maximum(k.idle0 - pull, 0.0))
    fan = k.fan0 + k.fan_heat * hot + k.fan_power * (o["power"] - 20.0) / 20.0 + k.fan_pull * pull

    # less accepted than the clock could do, although work waits: what is broken shows in how much
    deficit = missing(observation)
    again = m.repaired > PATIENCE if memory else True
    unlocked = o["available"] < 0.01
    resync = unlocked | ((deficit > k.resync) & again)
    scrub = (o["crc"] > 0.5) | ((deficit > k.scrub) & again)
    reload = (deficit > k.reload) & again
    repair = jnp.where(resync, 3, jnp.where(scrub, 1, jnp.where(reload, 2, 0)))
    after = Memory(learned, relief, seen, o["voltage"], jnp.where(repair > 0, 0.0, m.repaired + 1.0))
    return after if memory else m, Wanted(clock, voltage, fan, repair)
