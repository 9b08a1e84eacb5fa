import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurorl.envs.fpga import board, scenarios
from neurorl.envs.fpga.actions import command, continuous_command
from neurorl.envs.fpga.env import FpgaTelemetry, FpgaTelemetryContinuous
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import ACTIONS, INDEX, MOVES, OBSERVATION, RELOAD, RESYNC, SCRUB, FaultClass
from neurorl.errors import NeurorlError
from neurorl.neuromodulation.reward import EventCode
from neurorl.neuromodulation.telemetry import Validity

ENV = FpgaTelemetry()
traces = 0


@jax.jit
def random_episode(p, key):
    """Return everything of an episode of random actions, without reset, stacked over 600 ticks."""
    global traces
    traces += 1
    state = board.init(p, key)

    def tick(state, key):
        state, out = board.step(p, state, command(jax.random.randint(key, (), 0, ACTIONS)))
        return state, (state, out)

    return jax.lax.scan(tick, state, jax.random.split(key, 600))[1]


@jax.jit
def still_episode(p, key):
    """Return everything of an episode in which nothing is touched."""

    def tick(state, _):
        state, out = board.step(p, state, command(MOVES // 2))
        return state, (state, out)

    return jax.lax.scan(tick, board.init(p, key), None, length=600)[1]


@pytest.mark.parametrize("scenario", [s for s in scenarios.SCENARIOS if s != "report-driven"])
def test_whole_episodes_are_finite_and_within_the_spaces(scenario):
    before = traces
    p = scenarios.parameters(scenario)
    for seed in range(3):
        state, out = random_episode(p, jax.random.key(seed))
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state) if leaf.dtype == np.float32)
        assert np.isfinite(out.reward).all()
        space = ENV.observation_space(p)
        assert ((state.observation >= space.low) & (state.observation <= space.high)).all()
        assert np.isfinite(np.stack(out.metrics[:7])).all()
    assert traces - before <= 1  # one trace serves every scenario, since scenarios differ in numbers alone


def test_the_same_key_gives_the_same_episode_bit_for_bit():
    p = ENV.default_params
    a, b = (random_episode(p, jax.random.key(7)) for _ in range(2))
    assert all(np.array_equal(x, y, equal_nan=True) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))
    c = random_episode(p, jax.random.key(8))
    assert not np.array_equal(a[1].reward, c[1].reward)


def test_the_step_keeps_gymnaxs_contract():
    p = ENV.default_params
    observation, state = ENV.reset(jax.random.key(0), p)
    assert observation.shape == ENV.observation_space(p).shape == (len(OBSERVATION),)
    observation, state, reward, terminated, truncated, info = ENV.step(jax.random.key(1), state, jnp.int32(13), p)
    assert reward.shape == terminated.shape == truncated.shape == ()
    assert reward.dtype == jnp.float32
    assert info["final_observation"].shape == observation.shape
    assert info["faults"].shape == (len(FaultClass),)
    assert info["events"].codes.shape == info["events"].values.shape == (5,)
    assert info["telemetry"].clock_mhz == observation[INDEX["clock"]]
    assert ENV.action_space(p).n == ENV.num_actions == 30


def test_an_episode_is_truncated_after_600_ticks_and_the_next_begins():
    p = ENV.default_params
    observation, state = ENV.reset(jax.random.key(0), p)
    state = state.replace(time=jnp.int32(599))
    observation, state, _, terminated, truncated, info = ENV.step(jax.random.key(1), state, jnp.int32(13), p)
    assert truncated
    assert not terminated
    assert state.time == 0
    assert not np.array_equal(info["final_observation"], observation)


def test_the_key_of_a_step_does_not_matter_before_the_end():
    p = ENV.default_params
    _, state = ENV.reset(jax.random.key(0), p)
    a = ENV.step(jax.random.key(1), state, jnp.int32(0), p)
    b = ENV.step(jax.random.key(2), state, jnp.int32(0), p)
    assert np.array_equal(a[0], b[0])


def test_a_part_beyond_its_limits_is_dead_and_the_episode_terminates():
    p = ENV.default_params
    _, state = ENV.reset(jax.random.key(0), p)
    hot = state.replace(junction_c=jnp.float32(150.0), sink_c=jnp.float32(140.0))
    _, _, reward, terminated, truncated, _ = ENV.step(jax.random.key(1), hot, jnp.int32(13), p)
    assert terminated
    assert not truncated
    assert reward < -40
    fragile = p.replace(limit_v=0.9)
    assert ENV.step(jax.random.key(1), state, jnp.int32(13), fragile)[3]
    assert not ENV.step(jax.random.key(1), state, jnp.int32(13), p)[3]


@given(st.integers(0, MOVES - 1))
def test_a_move_is_three_moves_at_once(action):
    c = command(action)
    assert int(c.levels) == (-4, 0, 2)[action // 9]
    assert float(c.volts) == pytest.approx((-0.010, 0.0, 0.020)[action // 3 % 3])
    assert float(c.fan) == pytest.approx((-0.1, 0.0, 0.1)[action % 3])
    assert not (c.scrub | c.reload | c.resync)


def test_repairs_move_nothing():
    for action, field in ((SCRUB, "scrub"), (RELOAD, "reload"), (RESYNC, "resync")):
        c = command(action)
        assert c.levels == c.volts == c.fan == 0
        assert [name for name in ("scrub", "reload", "resync") if getattr(c, name)] == [field]


def test_continuous_actions_reach_the_same_moves():
    for action in range(MOVES):
        share = [(-1, 0, 1)[i] for i in (action // 9, action // 3 % 3, action % 3)]
        a, b = command(action), continuous_command(jnp.array([*share, 0, 0, 0]))
        assert all(x == pytest.approx(y) for x, y in zip(a, b, strict=True))
    for i, action in enumerate((SCRUB, RELOAD, RESYNC)):
        asked = jnp.zeros(6).at[3 + i].set(1.0).at[0].set(1.0)
        assert all(x == y for x, y in zip(command(action), continuous_command(asked), strict=True))
    env = FpgaTelemetryContinuous()
    _, state = env.reset(jax.random.key(0))
    space = env.action_space()
    assert space.shape == (env.num_actions,)
    observation, *_ = env.step(jax.random.key(1), state, space.sample(jax.random.key(2)))
    assert observation.shape == (len(OBSERVATION),)


NUMBERS = [f for f in dataclasses.fields(FpgaParameters) if f.name != "max_steps_in_episode"]


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(st.sampled_from([f.name for f in NUMBERS]), st.floats(0.5, 2.0, width=32), max_size=12), st.integers(0, 99)
)
def test_scaled_parameters_never_give_nan(factors, seed):
    p = ENV.default_params
    changes = {}
    for field in NUMBERS:
        if field.name in factors:
            value = getattr(p, field.name) * factors[field.name]
            low, high = field.metadata["low"], field.metadata["high"]
            value = value if high is None else min(value, high)
            changes[field.name] = value if low is None else max(value, low)
    state, out = random_episode(p.replace(**changes), jax.random.key(seed))
    assert np.isfinite(out.reward).all()
    assert np.isfinite(state.observation).all()


FORCED = {  # what makes each fault strike within an episode in which nothing is touched
    FaultClass.SETUP: {"process_low": 1.3, "process_high": 1.4},
    FaultClass.HOLD: {"hold_need_ns": 0.9},
    FaultClass.CLOCK_DOMAIN_CROSSING: {"crossing_rate": 0.05},
    FaultClass.PLL_UNLOCK: {"unlock_rate": 0.05},
    FaultClass.DROOP: {"supply_low_mohm": 8.0, "supply_high_mohm": 8.0, "process_low": 0.85, "process_high": 0.86},
    FaultClass.THERMAL_THROTTLE: {"throttle_c": 30.0},
    FaultClass.OVER_TEMPERATURE: {"shutdown_c": 35.0},
    FaultClass.CONFIGURATION_UPSET: {"upset_rate": 0.05},
    FaultClass.SENSOR_STUCK: {"stuck_rate": 0.05},
    FaultClass.SENSOR_DROPPED: {"dropped_rate": 0.05},
    FaultClass.SENSOR_DRIFTING: {"drifting_rate": 0.05},
    FaultClass.BAD_BITSTREAM: {"bad_load": 1.0, "process_low": 1.3, "process_high": 1.4},
}


@pytest.mark.parametrize("fault", FaultClass)
def test_every_fault_can_strike_and_is_reported(fault):
    p = ENV.default_params.replace(**FORCED[fault])
    _, out = still_episode(p, jax.random.key(3))
    struck = np.asarray(out.faults[:, fault])
    assert struck.any()
    told = np.asarray(out.events.codes[:, 3]) == EventCode.FAULT
    assert told[struck].all()
    first = np.asarray(out.faults).argmax(1)
    assert np.array_equal(np.asarray(out.events.values[:, 3])[struck], first[struck])


def test_fault_codes_are_stable():
    assert [f.name for f in sorted(FaultClass)] == [
        "SETUP",
        "HOLD",
        "CLOCK_DOMAIN_CROSSING",
        "PLL_UNLOCK",
        "DROOP",
        "THERMAL_THROTTLE",
        "OVER_TEMPERATURE",
        "CONFIGURATION_UPSET",
        "SENSOR_STUCK",
        "SENSOR_DROPPED",
        "SENSOR_DRIFTING",
        "BAD_BITSTREAM",
    ]
    assert [int(f) for f in FaultClass] == list(range(12))


def test_slowing_down_cures_setup_errors_and_not_hold_errors():
    p = ENV.default_params
    _, state = ENV.reset(jax.random.key(0), p)
    state = state.replace(queue=state.queue._replace(batch=state.queue.batch + 20.0))

    def errors(p, level):
        _, out = board.step(p, state.replace(level=jnp.int32(level)), command(MOVES // 2))
        return float(out.metrics.replays)

    assert errors(p, 41) > 1e4
    assert errors(p, 10) < 1e-3
    held = state.replace(part=state.part._replace(hold_need_ns=jnp.float32(1.0)))
    rates = [float(board.step(p, held.replace(level=jnp.int32(k)), command(13))[1].metrics.replays) for k in (10, 0)]
    assert min(rates) > 1e4


def test_a_reading_is_stale_then_missing_in_telemetry_and_the_last_one_in_the_observation():
    p = ENV.default_params
    _, state = ENV.reset(jax.random.key(0), p)
    dropped = p.replace(dropped_rate=1.0, sensor_repair=0.0)
    before = float(state.sensor_c)
    state, out = board.step(dropped, state, command(13))
    assert out.frame.validity[0] == Validity.STALE
    assert out.frame.temperature_c == state.observation[INDEX["temperature"]] == before
    for _ in range(3):
        state, out = board.step(dropped, state, command(13))
    assert out.frame.validity[0] == Validity.MISSING
    assert np.isnan(out.frame.temperature_c)
    assert out.frame.age[0] == 4
    assert (np.asarray(out.frame.validity[1:]) == Validity.VALID).all()
    assert np.isfinite(state.observation).all()
    assert state.observation[INDEX["sensor_valid"]] == 0


def test_a_stuck_sensor_repeats_itself_and_says_that_it_is_valid():
    p = ENV.default_params.replace(stuck_rate=1.0, sensor_repair=0.0)
    state, out = still_episode(p, jax.random.key(0))
    read = np.asarray(out.frame.temperature_c)
    assert np.ptp(read[1:]) == 0
    assert (np.asarray(out.frame.validity) == Validity.VALID).all()
    assert np.ptp(np.asarray(state.junction_c)) > 1


def test_recovery_is_told_with_the_time_it_took():
    p = ENV.default_params.replace(upset_rate=1.0)
    _, state = ENV.reset(jax.random.key(0), p)
    quiet = {"unlock_rate": 0.0, "crossing_rate": 0.0}
    for _ in range(4):
        state, out = board.step(p.replace(**quiet), state, command(13))
    assert state.upset
    state, out = board.step(p.replace(upset_rate=0.0, **quiet), state, command(SCRUB))
    assert not state.upset
    assert out.events.codes[4] == EventCode.RECOVERED
    assert out.events.values[4] == 4


@pytest.mark.slow
def test_what_scenarios_claim():
    def mean(scenario, read):
        run = jax.vmap(still_episode, in_axes=(None, 0))
        state, out = run(scenarios.parameters(scenario), jax.random.split(jax.random.key(1), 16))
        return float(np.mean(np.asarray(read(state, out), np.float64)))

    def compare(scenario, read):
        return mean(scenario, read), mean("nominal", read)

    hot, usual = compare("heat-wave", lambda s, o: s.part.ambient_c)
    assert hot > usual + 10
    cold, usual = compare("cold-low-voltage", lambda s, o: s.part.ambient_c)
    assert cold < usual - 20
    old, young = compare("aged-part", lambda s, o: s.part.threshold_v)
    assert old > young + 0.01
    bad, good = compare("droopy-board", lambda s, o: s.part.supply_ohm)
    assert bad > 2 * good
    still, fanned = compare("fan-loss", lambda s, o: s.junction_c)
    assert still > fanned + 5
    drifting, sound = compare("sensor-drift", lambda s, o: s.sensor_fault > 0)
    assert drifting > 3 * sound
    upset, calm = compare("accelerated-upsets", lambda s, o: o.faults[..., FaultClass.CONFIGURATION_UPSET])
    assert upset > 3 * calm


def test_an_unknown_scenario_is_named():
    with pytest.raises(NeurorlError, match=r"scenario 'heatwave' is unknown.*did you mean 'heat-wave'"):
        FpgaTelemetry("heatwave")
