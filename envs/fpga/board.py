"""The board itself: how it begins, and one tick of it.

A tick, in order: the action moves clock, voltage and fan; the world brings work, price and ambient; supply and heat give the
slack; work is served, urgent first; faults strike and are repaired; the part heats and ages; sensors are read; the tick is paid.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import demand, faults, power, queue, random, sensors, supply, thermal, timing
from neurorl.envs.fpga.actions import Command
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import (
    CLOCK_LEVELS,
    CLOCK_LOW,
    CLOCK_RATIO,
    FAN_HIGH,
    FAN_LOW,
    NOMINAL_MHZ,
    OBSERVATION,
    START_FAN,
    START_LEVEL,
    START_VOLTAGE,
    VOLTAGE_HIGH,
    VOLTAGE_LOW,
    FpgaState,
    Metrics,
    Part,
    Queue,
)
from neurorl.neuromodulation.reward import EventCode, RewardEvents
from neurorl.neuromodulation.telemetry import TelemetryFrame, Validity


class Step(NamedTuple):
    """What a tick gives."""

    reward: Array  # []
    terminated: Array  # [], bool
    frame: TelemetryFrame
    events: RewardEvents
    faults: Array  # [12] bool
    metrics: Metrics


def clock_mhz(level: Array) -> Array:
    """Return the clock of a level, MHz."""
    return CLOCK_LOW * jnp.exp(jnp.log(CLOCK_RATIO) * level.astype(jnp.float32))


def init(p: FpgaParameters, key: Array) -> FpgaState:
    """Return a board at the nominal setting, with a part and a world drawn from ``key``."""
    seed = random.seed_of(key)
    u = random.uniforms(seed, random.BEFORE, 44)
    process = random.between(u[0], p.process_low, p.process_high)
    ambient = random.between(u[1], p.ambient_low_c, p.ambient_high_c)
    low, high = jnp.log(p.supply_low_mohm), jnp.log(p.supply_high_mohm)
    part = Part(
        process=process,
        sens=random.between(u[2], p.sens_low, p.sens_high),
        threshold_v=random.between(u[3], 0.0, p.age_high_v),
        supply_ohm=1e-3 * jnp.exp(random.between(u[4], low, high)),
        leak=jnp.exp(-4.0 * (process - 0.83) + 0.2 * random.normal(u[5:9])),
        dynamic=random.between(u[9], 0.85, 1.15),
        offset_c=p.offset_c * random.normal(u[10:14]),
        hold_need_ns=p.hold_need_ns + p.hold_spread_ns * (2.0 * u[14] - 1.0),
        fan_health=jnp.float32(1.0),
        ambient_c=ambient,
        batch_rate=random.between(u[15], p.batch_low, p.batch_high),
        price_period=p.price_period * random.between(u[16], 0.7, 1.3),
        price_phase=2.0 * jnp.pi * u[17],
        switch_time=jnp.floor(jnp.stack([random.between(u[18], 100.0, 300.0), random.between(u[19], 330.0, 520.0)])).astype(
            jnp.int32
        ),
        switch_kind=jnp.floor(len(demand.Switch) * u[20:22]).astype(jnp.int32),
    )
    false, zero = jnp.array(False), jnp.float32(0.0)
    warm = ambient + 10.0
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
    seen, _ = observe(p, state, Outcome.quiet(), u[28:])
    return seen


class Outcome(NamedTuple):
    """What of a tick is seen at its end. All []."""

    power_w: Array
    volts: Array  # mean core voltage
    canary_ns: Array  # slack of the canary path without its bias
    price: Array
    replays: Array
    throughput: Array  # work accepted, relative to nominal capacity
    available: Array  # share of the tick in which the clock ran
    busy: Array  # share of that in which it worked
    errors: Array  # faults that struck

    @classmethod
    def quiet(cls) -> "Outcome":
        """Return what is seen before the first tick."""
        zero, one = jnp.float32(0.0), jnp.float32(1.0)
        return cls(jnp.float32(8.0), jnp.float32(START_VOLTAGE), jnp.float32(0.5), one, zero, zero, one, zero, zero)


def observe(p: FpgaParameters, state: FpgaState, o: Outcome, u: Array) -> tuple[FpgaState, TelemetryFrame]:
    """Return the board with its sensors read, and the telemetry; ``u`` are sixteen uniforms [16]."""
    t = sensors.temperature(
        p,
        state.junction_c,
        state.part.offset_c,
        state.sensor_error_c,
        state.sensor_fault,
        state.sensor_c,
        state.sensor_age,
        u[:4],
    )
    volts = sensors.voltage(p, o.volts, u[4:8])
    watts = o.power_w + p.noise_w * random.normal(u[8:12])
    canary = o.canary_ns + state.canary_bias_ns + p.noise_canary_ns * random.normal(u[12:16])
    clock = clock_mhz(state.level)
    urgent, batch = state.queue.urgent, state.queue.batch
    values = {
        "clock": clock,
        "voltage": volts,
        "fan": state.fan,
        "temperature": t.celsius,
        "power": watts,
        "canary_slack": canary,
        "price": o.price,
        "urgent": urgent[0],
        "batch": batch[0],
        "batch_due": batch[queue.BATCH_STEPS // 2],
        "replays": jnp.log10(1.0 + o.replays),
        "throughput": o.throughput,
        "available": o.available,
        "crc": state.flagged.astype(jnp.float32),
        "sensor_valid": (t.validity == Validity.VALID).astype(jnp.float32),
    }
    observation = jnp.stack([jnp.clip(values[r.name], r.low, r.high) for r in OBSERVATION])
    told = (t.validity == Validity.VALID) | (t.validity == Validity.STALE)
    frame = TelemetryFrame(
        temperature_c=jnp.where(told, t.celsius, jnp.nan),
        power_w=watts,
        voltage_v=volts,
        clock_mhz=clock,
        wns_ns=canary,
        errors=o.errors,
        utilisation=o.busy,
        throughput=o.throughput,
        validity=jnp.zeros(8, jnp.int32).at[0].set(t.validity),
        age=jnp.zeros(8).at[0].set(t.age),
    )
    return state.replace(  # type: ignore[attr-defined]
        sensor_c=t.celsius, sensor_age=t.age, observation=observation
    ), frame


def step(p: FpgaParameters, state: FpgaState, command: Command) -> tuple[FpgaState, Step]:
    """Advance the board by one tick."""
    u = random.uniforms(state.seed, state.time, 35)
    world, phase, part = demand.step(p, state, u[0:7])

    # the action; a board that is down obeys, but repairs nothing
    up = state.down_left <= 0
    level = jnp.clip(state.level + command.levels, 0, CLOCK_LEVELS - 1)
    voltage = jnp.clip(state.voltage + command.volts, VOLTAGE_LOW, VOLTAGE_HIGH)
    fan = jnp.clip(state.fan + command.fan, FAN_LOW, FAN_HIGH)
    reloading = up & command.reload
    scrubbed, resynced = up & command.scrub, up & command.resync
    running = up & ~reloading
    rebooted = (state.down_left > 0) & (state.down_left <= 1)  # the last tick of being down loads the configuration
    loaded = reloading | rebooted

    clock = clock_mhz(level) * jnp.where(state.throttled, 0.5, 1.0)
    hazards = faults.strike(p, state, clock, voltage - state.voltage, running, scrubbed, resynced, loaded, u[7:13])
    bad = loaded & (u[13] < jnp.maximum(p.bad_load, p.bad_build))
    fallback = jnp.where(loaded, bad, state.fallback)

    # how much of the tick there is to work in
    overhead = (
        jnp.where(level != state.level, p.clock_change, 0.0)
        + jnp.where(scrubbed, p.scrub_ticks, 0.0)
        + jnp.where(resynced, p.resync_ticks, 0.0)
    )
    free = jnp.where(running & hazards.locked, 1.0 - jnp.minimum(overhead, 1.0), 0.0)
    capacity = free * clock / NOMINAL_MHZ * jnp.where(fallback, p.old_image, 1.0)
    urgent = queue.arrive(state.queue.urgent, world.urgent)
    batch = queue.arrive(state.queue.batch, world.batch)
    busy = free * jnp.minimum((urgent[0] + batch[0]) / jnp.maximum(capacity, 1e-6), 1.0)

    # supply, heat and age give the slack
    on = jnp.where(running, 1.0, 0.0)
    core = on * part.dynamic * power.dynamic(p, voltage, clock, world.activity * busy)
    watts = core + part.leak * power.leakage(p, voltage, state.junction_c)
    current = watts / voltage
    rails = supply.rails(voltage, part.supply_ohm, current, state.current_a)
    shift = part.threshold_v + timing.aging(p, state.stress)
    relative = timing.relative_delay(p, jnp.stack(rails), state.junction_c, shift)
    slack = timing.setup_slack(p, clock, relative[1], part.process, part.sens)
    hold = timing.hold_slack(p, relative[2], part.process, part.hold_need_ns)
    canary = timing.setup_slack(p, clock_mhz(level), relative[0], part.process, part.sens)

    setup_errors = timing.error_rate(slack, p.jitter_ns, busy)
    hold_errors = timing.error_rate(hold, p.hold_jitter * p.jitter_ns, busy)
    errors = setup_errors + hold_errors
    silent = timing.silent_probability(errors)
    steady_errors = timing.error_rate(timing.setup_slack(p, clock, relative[0], part.process, part.sens), p.jitter_ns, busy)
    brown_out = running & (rails.lowest < p.crash_v)
    crashed = brown_out | (errors > timing.CRASH_RATE)

    # the work
    replayed = jnp.minimum(p.replay_ticks * errors, 1.0)
    served = jnp.where(crashed, 0.0, capacity * (1.0 - replayed))
    urgent, urgent_served, urgent_wait = queue.serve(urgent, served)
    batch, batch_served, batch_wait = queue.serve(batch, served - urgent_served)
    urgent, urgent_late = queue.wait(urgent)
    shifted, aged_late = queue.wait(batch)
    shifts = (state.time + 1) % queue.BATCH_TICKS == 0
    batch, batch_late = jnp.where(shifts, shifted, batch), jnp.where(shifts, aged_late, 0.0)
    correct = jnp.where(hazards.corrupt, 1.0 - p.upset_damage, 1.0) * jnp.where(hazards.desynced, 1.0 - p.crossing_damage, 1.0)

    # heat, and what it trips; protection believes the sensor
    heat = thermal.step(
        p,
        thermal.Temperatures(state.junction_c, state.sink_c),
        watts,
        world.ambient_c,
        thermal.conductance(p, fan, part.fan_health),
    )
    read = state.sensor_c
    throttled = jnp.where(state.throttled, read > p.unthrottle_c, read > p.throttle_c)
    overheated = up & (read > p.shutdown_c)
    dead = state.dead | (heat.junction > p.limit_c) | (rails.highest > p.limit_v)

    reboot = jnp.floor(random.between(u[14], p.reboot_low, p.reboot_high))
    down_left = jnp.maximum(state.down_left - 1.0, 0.0)
    down_left = jnp.where(reloading, p.reload_ticks - 1.0, down_left)
    down_left = jnp.where(running & crashed, reboot, down_left)
    down_left = jnp.where(overheated, p.shutdown_ticks, down_left)
    struck = jnp.stack(
        [
            steady_errors > 1.0,
            hold_errors > 1.0,
            hazards.crossing,
            hazards.unlock,
            brown_out | ((setup_errors > 1.0) & (steady_errors <= 1.0)),
            throttled & ~state.throttled,
            overheated,
            hazards.upset,
            hazards.stuck,
            hazards.dropped,
            hazards.drifting,
            bad,
        ]
    )
    broken = (
        (down_left > 0)
        | throttled
        | ~hazards.locked
        | hazards.corrupt
        | hazards.desynced
        | (hazards.sensor_fault > 0)
        | fallback
        | (errors > 1.0)
    )
    recovered = ~broken & (state.broken_for > 0)

    bias = state.canary_bias_ns + world.canary_step_ns + p.canary_walk_ns * random.normal(u[15:19])
    wear = timing.wear(voltage, heat.junction)
    after = state.replace(  # type: ignore[attr-defined]
        time=state.time + 1,
        part=part,
        level=level,
        voltage=voltage,
        fan=fan,
        junction_c=heat.junction,
        sink_c=heat.sink,
        current_a=current,
        stress=state.stress + wear,
        queue=Queue(urgent, batch),
        **phase._asdict(),
        down_left=down_left,
        throttled=throttled,
        locked=hazards.locked,
        upset=hazards.corrupt,
        flagged=hazards.flagged,
        desynced=hazards.desynced,
        fallback=fallback,
        sensor_fault=hazards.sensor_fault,
        sensor_error_c=hazards.sensor_error_c,
        canary_bias_ns=jnp.where(reloading, 0.0, bias),
        broken_for=jnp.where(broken, state.broken_for + 1.0, 0.0),
        dead=dead,
    )

    # what is paid
    good = correct * (urgent_served + batch_served)
    late = urgent_late + batch_late
    energy = watts + power.fan(p, fan)
    reward = (
        correct * (p.urgent_value * urgent_served + p.batch_value * batch_served)
        - p.late_urgent * urgent_late
        - p.late_batch * batch_late
        - p.energy_cost * world.price * energy
        - p.wear_cost * wear
        - p.heat_cost * jnp.maximum(heat.junction - 85.0, 0.0)
        - p.crash_cost * ((running & crashed) | overheated)
        - p.silent_cost * silent
        - p.death_cost * dead
    )
    count = jnp.sum(struck).astype(jnp.float32)
    available = free * jnp.where(state.throttled, 0.5, 1.0)
    outcome = Outcome(watts, rails.mean, canary, world.price, errors, good, available, busy, count)
    after, frame = observe(p, after, outcome, u[19:35])
    urgent_ms = 1000.0 * urgent_wait / jnp.maximum(urgent_served, 1e-6)
    batch_ms = 1000.0 * queue.BATCH_TICKS * batch_wait / jnp.maximum(batch_served, 1e-6)
    happened = jnp.stack([urgent_served > 0, batch_served > 0, world.switched, count > 0, recovered])
    codes = jnp.array([EventCode.WORK, EventCode.WORK, EventCode.SWITCH, EventCode.FAULT, EventCode.RECOVERED], jnp.int32)
    values = jnp.stack([urgent_ms, batch_ms, jnp.float32(0.0), jnp.argmax(struck).astype(jnp.float32), state.broken_for])
    events = RewardEvents(jnp.where(happened, codes, EventCode.NONE), jnp.where(happened, values, 0.0))
    metrics = Metrics(slack, hold, good, late, energy, errors, silent, running & crashed)
    return after, Step(reward, dead, frame, events, struck, metrics)
