import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.envs.fpga import board, demand, faults, sensors
from neurorl.envs.fpga.actions import command, obey
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.neuromodulation.telemetry import Validity

P = FpgaParameters()
MIDDLE = jnp.full(4, 0.5)  # four uniforms whose normal is zero
STATE = board.init(P, jax.random.key(0))


def read(celsius, fault=0, last=20.0, age=0.0, offset=0.0, drift=0.0):
    numbers = (jnp.float32(x) for x in (celsius, offset, drift))
    return sensors.temperature(P, *numbers, jnp.int32(fault), jnp.float32(last), jnp.float32(age), MIDDLE)


def test_the_xadc_has_twelve_bits():
    seen = {round(float(sensors.voltage(P, jnp.float32(v), MIDDLE)), 6) for v in np.linspace(0.80, 0.81, 200)}
    steps = np.diff(sorted(seen))
    assert steps == pytest.approx(3.0 / 4096, abs=1e-6)
    assert float(read(60.0).celsius) == pytest.approx(60.0, abs=sensors.CELSIUS_STEP / 2 + 1e-3)
    assert pytest.approx(0.123, abs=1e-3) == sensors.CELSIUS_STEP


def test_noise_has_the_size_it_says():
    u = jax.random.uniform(jax.random.key(0), (20_000, 4))
    volts = jax.vmap(lambda u: sensors.voltage(P, jnp.float32(0.9), u))(u)
    assert float(volts.std()) == pytest.approx(np.hypot(P.noise_v, sensors.VOLT_STEP / np.sqrt(12)), rel=0.03)


def test_each_fault_of_the_sensor_has_its_signature():
    stuck, dropped = read(60.0, sensors.STUCK), read(60.0, sensors.DROPPED, age=4.0)
    assert stuck.celsius == 20.0
    assert stuck.validity == Validity.VALID
    assert dropped.celsius == 20.0
    assert dropped.validity == Validity.MISSING
    assert dropped.age == 5.0
    assert read(60.0, sensors.DROPPED).validity == Validity.STALE
    assert read(140.0).validity == Validity.INVALID
    assert float(read(60.0, sensors.DRIFTING, drift=7.0).celsius) == pytest.approx(67.0, abs=0.1)


def strike(state=STATE, u=0.5, running=True, scrubbed=False, resynced=False, loaded=False, change=0.0, p=P, clock=150.0):
    s = obey(state, command(13))._replace(clock_mhz=jnp.float32(clock), voltage=state.voltage + change)
    flags = {"running": running, "scrubbed": scrubbed, "resynced": resynced, "loaded": loaded}
    return faults.strike(p, state, s._replace(**{name: jnp.array(flag) for name, flag in flags.items()}), jnp.full(6, u))


def test_what_is_not_drawn_does_not_strike_and_what_is_down_is_not_hit():
    h = strike()
    assert not (h.crossing | h.unlock | h.upset | h.stuck | h.dropped | h.drifting)
    assert strike(u=0.0).upset
    down = strike(u=0.0, running=False)
    assert not (down.crossing | down.unlock | down.upset)


def test_a_crossing_fails_e_times_as_often_for_a_faster_clock():
    low, high = (float(faults.crossing_rate(P, jnp.float32(f))) for f in (200.0, 200.0 + P.crossing_mhz))
    assert low == pytest.approx(P.crossing_rate)
    assert high / low == pytest.approx(np.e, rel=1e-4)


def test_repairs_repair_what_they_are_for():
    true = jnp.array(True)
    broken = STATE.replace(upset=true, flagged=true, desynced=true, locked=jnp.array(False))
    none, scrub, resync, load = (
        strike(broken),
        strike(broken, scrubbed=True),
        strike(broken, resynced=True),
        strike(broken, loaded=True),
    )
    assert [bool(h.corrupt) for h in (none, scrub, resync, load)] == [True, False, True, False]
    assert [bool(h.flagged) for h in (none, scrub, resync, load)] == [True, False, True, False]
    assert [bool(h.desynced) for h in (none, scrub, resync, load)] == [True, True, False, False]
    assert [bool(h.locked) for h in (none, scrub, resync, load)] == [False, False, True, True]


def test_a_step_of_voltage_unlocks_the_clock_more_often():
    p = P.replace(unlock_rate=0.0, unlock_per_v=1.0)
    assert strike(u=0.01, change=-0.02, p=p).unlock
    assert not strike(u=0.01, change=0.0, p=p).unlock


def test_a_sensor_has_one_fault_at_a_time_and_recovers():
    p = P.replace(stuck_rate=0.2, dropped_rate=0.2, drifting_rate=0.2)
    kinds = [int(strike(u=u, p=p.replace(sensor_repair=0.0)).sensor_fault) for u in (0.1, 0.3, 0.5, 0.7)]
    assert kinds == [sensors.STUCK, sensors.DROPPED, sensors.DRIFTING, 0]
    stuck = STATE.replace(sensor_fault=jnp.int32(sensors.STUCK))
    assert strike(stuck, u=0.3, p=p.replace(sensor_repair=0.0)).sensor_fault == sensors.STUCK
    assert strike(stuck, u=0.7, p=p.replace(sensor_repair=1.0)).sensor_fault == 0


@jax.jit
def world_of(p, key):
    state = board.init(p, key)

    def tick(state, u):
        world, phase, part = demand.step(p, state, u)
        return state.replace(time=state.time + 1, part=part, **phase._asdict()), (world, part)

    return jax.lax.scan(tick, state, jax.random.uniform(key, (600, 7)))[1]


def test_the_world_keeps_its_means_and_bounds():
    world, _ = jax.vmap(world_of, in_axes=(None, 0))(P, jax.random.split(jax.random.key(1), 100))
    assert float(world.batch.mean()) == pytest.approx((P.batch_low + P.batch_high) / 2, rel=0.05)
    assert float(world.price.mean()) > 1.0
    assert float(world.price.min()) >= 1.0 - P.price_swing - 1e-5
    assert set(np.unique(world.activity)) == set(np.float32(demand.ACTIVITIES))
    assert float(world.urgent.min()) >= 0
    bursting = np.asarray(world.urgent) > 2 * P.urgent_low
    share = (P.burst_low + P.burst_high) / (P.burst_low + P.burst_high + P.quiet_low + P.quiet_high)
    assert bursting.mean() == pytest.approx(share, abs=0.04)


def test_two_switches_an_episode_change_the_part_for_good():
    world, part = jax.vmap(world_of, in_axes=(None, 0))(P, jax.random.split(jax.random.key(2), 60))
    assert (np.asarray(world.switched).sum(1) == 2).all()
    changes = {
        "supply_ohm": lambda a, b: b / a == pytest.approx(2.2, rel=1e-3),
        "threshold_v": lambda a, b: b - a == pytest.approx(0.03, abs=1e-4),
        "fan_health": lambda a, b: b / a == pytest.approx(0.4, rel=1e-3),
        "ambient_c": lambda a, b: b - a == pytest.approx(12.0, abs=1e-3),
        "hold_need_ns": lambda a, b: b - a == pytest.approx(0.20, abs=1e-4),
    }
    for name, changed in changes.items():
        values = np.asarray(getattr(part, name))
        steps = [(row[t], row[t + 1]) for row in values for t in np.flatnonzero(np.diff(row))]
        assert steps, name
        assert all(changed(a, b) for a, b in steps), name
    assert np.abs(np.asarray(world.canary_step_ns)).max() == pytest.approx(0.10)
    calm, _ = world_of(P.replace(switches=0.0), jax.random.key(2))
    assert not calm.switched.any()
