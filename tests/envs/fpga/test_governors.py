import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.envs.fpga import board, scenarios, score
from neurorl.envs.fpga.actions import command
from neurorl.envs.fpga.governors import constant, found, masked, tuned
from neurorl.envs.fpga.governors.governor import MOVES, episode, move_towards
from neurorl.envs.fpga.types import GROUPS, INDEX, OBSERVATION, RESYNC, SCRUB
from neurorl.errors import NeurorlError

P = scenarios.parameters("nominal")
KEYS = jax.random.split(jax.random.key(5), 24)
GOVERNORS = found.governors()


@functools.cache
def returns(governor, world=MOVES):
    def earned(p, keys):
        return jax.vmap(lambda key: episode(p, governor, key, world=world).reward)(keys)

    return np.asarray(jax.jit(earned)(P, KEYS))


def mean_return(name):
    return returns(GOVERNORS[name]).mean()


def see(**readings):
    values = {"clock": 150.0, "voltage": 0.8, "fan": 0.5, "temperature": 60.0, "power": 15.0, "canary_slack": 0.9, "price": 1.0}
    values |= {"urgent": 0.5, "batch": 3.0, "throughput": 0.75, "available": 1.0, "sensor_valid": 1.0} | readings
    return jnp.array([values.get(r.name, 0.0) for r in OBSERVATION], jnp.float32)


def decide(**readings):
    return tuned.decide(tuned.Knobs(), tuned.init(), see(**readings), True)[1]


def test_a_move_goes_towards_each_target_and_stays_at_it():
    o = see(clock=200.0, voltage=0.9, fan=0.5)
    assert move_towards(o, 200.0, 0.9, 0.5) == 13
    assert move_towards(o, 300.0, 1.0, 0.9) == 26
    assert move_towards(o, 100.0, 0.7, 0.1) == 0


def test_a_constant_governor_arrives_and_stays():
    governor = constant.governor(150.0, 0.8, 0.3)

    def tick(state, _):
        _, action = governor.act(P, (), state.observation, state)
        return board.step(P, state, command(action))[0], None

    drive = jax.jit(lambda state: jax.lax.scan(tick, state, None, length=40)[0])
    state = drive(board.init(P, jax.random.key(0)))
    assert float(state.observation[INDEX["clock"]]) == pytest.approx(150.0, rel=0.05)
    assert float(state.voltage) == pytest.approx(0.8, abs=0.012)
    assert float(state.fan) == pytest.approx(0.3, abs=0.06)


def test_the_tuned_governor_answers_what_it_sees():
    quiet, hurried = decide(), decide(urgent=10.0)
    assert hurried // 3 % 3 == 2  # more voltage
    assert quiet // 3 % 3 != 2
    assert decide(canary_slack=0.0) // 9 == 0  # a slower clock
    assert decide(canary_slack=2.0) // 9 == 2
    assert decide(temperature=95.0) % 3 == 2  # more fan
    assert decide(crc=1.0) == SCRUB
    assert decide(available=0.0) == RESYNC


def test_a_mask_hides_its_group_and_nothing_else():
    for group, names in GROUPS.items():
        mask = np.asarray(masked.mask_of(group))
        assert [OBSERVATION[i].name for i in np.flatnonzero(mask)] == list(names)
        seen = {}

        def act(p, memory, observation, state, seen=seen):
            seen["it"] = observation
            return memory, 13

        governor = masked.masked(tuned.governor(tuned.Knobs())._replace(act=act), masked.mask_of(group))
        for sight in (see(), see(temperature=90.0, canary_slack=0.1, price=3.0, urgent=9.0, batch=50.0)):
            governor.act(P, None, sight, None)
            assert np.array_equal(np.asarray(seen["it"])[~mask], np.asarray(sight)[~mask])
            hidden = np.asarray(seen["it"])[mask]
        assert (hidden == [masked.TYPICAL[name] for name in names]).all()


@pytest.mark.slow
def test_governors_rank_by_what_they_know():
    assert mean_return("nominal") < mean_return("best constant") < mean_return("tuned") < mean_return("oracle")
    assert mean_return("memoryless") < mean_return("tuned")
    assert mean_return("thermal PID") < mean_return("tuned")


@pytest.mark.slow
def test_the_tuned_governor_beats_the_best_constant():
    assert mean_return("tuned") > 1.1 * mean_return("best constant")


def test_scores_run_from_nominal_to_oracle():
    for scenario, means in score.frozen().items():
        low, high = means["nominal"]["mean"], means["oracle"]["mean"]
        assert means["episodes"] >= 256
        assert low < means["best constant"]["mean"] < high
        assert score.normalised_score(low, scenario) == 0
        assert score.normalised_score(high, scenario) == 1
        assert score.normalised_score(means["best constant"]["mean"], scenario, zero="best constant") == 0
        half = score.normalised_score(np.array([(low + high) / 2] * 3), scenario)
        np.testing.assert_allclose(half, 0.5)
    assert set(score.frozen()) == set(scenarios.SCENARIOS) - {scenarios.REPORT_DRIVEN}


def test_a_score_without_means_is_refused():
    with pytest.raises(NeurorlError, match="depend on the report"):
        score.normalised_score(1.0, "report-driven")
    with pytest.raises(NeurorlError, match="zero 'none' is unknown"):
        score.normalised_score(1.0, "nominal", zero="none")
