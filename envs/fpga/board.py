"""The board itself: how it begins, and one tick of it, a stage a line; each stage is in the file of its concept."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import (
    demand,
    events,
    faults,
    observation,
    power,
    queue,
    random,
    recovery,
    reward,
    sensors,
    supply,
    thermal,
    timing,
)
from neurorl.envs.fpga.actions import Command, obey
from neurorl.envs.fpga.observation import Outcome
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.part import draw_part
from neurorl.envs.fpga.types import OBSERVATION, START_FAN, START_LEVEL, START_VOLTAGE, FpgaState, Metrics, Queue
from neurorl.neuromodulation.reward import RewardEvents
from neurorl.neuromodulation.telemetry import TelemetryFrame


class Step(NamedTuple):
    """What a tick gives."""

    reward: Array  # []
    terminated: Array  # [], bool
    frame: TelemetryFrame
    events: RewardEvents
    faults: Array  # [12] bool
    metrics: Metrics


def init(p: FpgaParameters, key: Array) -> FpgaState:
    """Return a board at the nominal setting, with a part and a world drawn from ``key``."""
    seed = random.seed_of(key)
    u = random.uniforms(seed, random.BEFORE, 44)
    part = draw_part(p, u[:22])
    false, zero = jnp.array(False), jnp.float32(0.0)
    warm = part.ambient_c + 10.0
    state = FpgaState(
        time=jnp.int32(0),
        seed=seed,
        part=part,
        level=jnp.int32(START_LEVEL),
        voltage=jnp.float32(START_VOLTAGE),
        fan=jnp.float32(START_FAN),
        junction_c=warm,
        sink_c=warm,
        current_a=jnp.float32(10.0),
        stress=zero,
        queue=Queue(jnp.zeros(queue.URGENT_STEPS), jnp.zeros(queue.BATCH_STEPS)),
        bursting=false,
        phase_left=jnp.floor(random.between(u[22], 0.0, p.quiet_high)),
        burst_rate=zero,
        activity=jnp.float32(demand.ACTIVITIES[1]),
        price_spike=zero,
        down_left=zero,
        throttled=false,
        locked=jnp.array(True),
        upset=false,
        flagged=false,
        desynced=false,
        fallback=(u[23] < p.bad_build),
        sensor_fault=jnp.int32(0),
        sensor_error_c=zero,
        sensor_c=warm,
        sensor_age=zero,
        canary_bias_ns=p.canary_bias_ns * random.normal(u[24:28]),
        broken_for=zero,
        dead=false,
        observation=jnp.zeros(len(OBSERVATION)),
    )
    return observation.observe(p, state, Outcome.quiet(), u[28:])[0]


def step(p: FpgaParameters, state: FpgaState, command: Command) -> tuple[FpgaState, Step]:
    """Advance the board by one tick.

    The action moves clock, voltage and fan; the world brings work, price and ambient; hazards strike, and what was repaired is
    repaired; supply, heat and age give the slack, and slack the errors; work is served, urgent first; the part heats and ages;
    the tick is paid; sensors are read.
    """
    u = random.uniforms(state.seed, state.time, 35)
    world, phase, part = demand.step(p, state, u[0:7])
    s = obey(state, command)
    hazards = faults.strike(p, state, s, u[7:13])
    bad, fallback = faults.load(p, state, s.loaded, u[13])
    room = queue.room(p, state, world, s, hazards.locked, fallback)
    draw = supply.draw(p, state, part, s, world.activity * room.busy)
    margins = timing.margins(p, state, part, s, draw.rails, room.busy)
    done = queue.work(p, state.time, room, margins.errors, margins.crashed)
    heat = thermal.step(p, thermal.of(state), draw.power_w, world.ambient_c, thermal.conductance(p, s.fan, part.fan_health))
    throttled, overheated = thermal.protect(p, state, s.up)
    down_left = recovery.down_left(p, state, s, margins.crashed, overheated, u[14])
    broken = recovery.broken(hazards, margins, down_left, throttled, fallback)
    struck = recovery.struck(hazards, margins, throttled & ~state.throttled, overheated, bad)
    dead = state.dead | (heat.junction > p.limit_c) | (draw.rails.highest > p.limit_v)
    wear = timing.wear(s.voltage, heat.junction)
    after = state.replace(  # type: ignore[attr-defined]
        time=state.time + 1,
        part=part,
        level=s.level,
        voltage=s.voltage,
        fan=s.fan,
        junction_c=heat.junction,
        sink_c=heat.sink,
        current_a=draw.current_a,
        stress=state.stress + wear,
        queue=done.left,
        **phase._asdict(),
        down_left=down_left,
        throttled=throttled,
        **hazards.kept(),
        fallback=fallback,
        canary_bias_ns=sensors.canary_bias(p, state, world.canary_step_ns, s.reloading, u[15:19]),
        broken_for=jnp.where(broken, state.broken_for + 1.0, 0.0),
        dead=dead,
    )
    correct, energy = faults.correct(p, hazards), draw.power_w + power.fan(p, s.fan)
    good = correct * (done.urgent + done.batch)
    stopped = margins.crashed | overheated
    paid = reward.of_tick(p, done, correct, energy, world.price, wear, heat.junction, stopped, margins.silent, dead)
    seen = Outcome.of_tick(state, s, draw, margins, room, world.price, good, struck)
    after, frame = observation.observe(p, after, seen, u[19:35])
    told = events.of_tick(done, world.switched, struck, ~broken & (state.broken_for > 0), state.broken_for)
    late = done.urgent_late + done.batch_late
    metrics = Metrics(
        margins.slack_ns, margins.hold_slack_ns, good, late, energy, margins.errors, margins.silent, margins.crashed
    )
    return after, Step(paid, dead, frame, told, struck, metrics)
