"""Rows and shards: every combination and every learner exactly once, whatever the sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.sweeps import grouping, rows, spec

RANDOM = {"env.length": {"low": 0.1, "high": 10.0, "log": True}}


def sweep(**changes):
    return spec.check({"env": "CartPole-v1", "agent": "random", **changes})


def test_the_grid_is_every_combination_and_each_gets_every_draw():
    found = rows.rows(sweep(grid={"b": [1, 2], "a": ["x", "y", "z"]}, random={"rows": 4, **RANDOM}))
    assert [row.index for row in found] == list(range(24))
    assert [(r.values["a"], r.values["b"]) for r in found[::4]] == [("x", 1), ("x", 2), ("y", 1), ("y", 2), ("z", 1), ("z", 2)]
    draws = np.array([row.values["env.length"] for row in found]).reshape(6, 4)
    assert (draws == draws[0]).all()
    assert len(set(draws[0])) == 4


def test_draws_depend_on_the_seed_and_the_name_alone():
    def lengths(**changes):
        return [row.values["env.length"] for row in rows.rows(sweep(**changes))]

    few = lengths(random={"rows": 3, **RANDOM})
    assert lengths(random={"rows": 5, **RANDOM})[:3] == few
    assert lengths(random={"rows": 3, **RANDOM, "env.gravity": {"low": 1.0, "high": 2.0}}) == few
    assert lengths(random={"rows": 3, **RANDOM}, seed=1) != few


def test_a_logarithmic_range_is_uniform_in_its_logarithm():
    found = np.array([row.values["env.length"] for row in rows.rows(sweep(random={"rows": 2000, **RANDOM}))])
    assert found.min() >= 0.1
    assert found.max() < 10.0
    assert np.mean(found < 1.0) == pytest.approx(0.5, abs=0.04)  # 3.6 standard errors


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("key", ["env.max_steps_in_episode", "max_episode_steps"])
def test_a_field_of_whole_numbers_gets_whole_numbers_both_ends_included(key, log):
    found = [row.values[key] for row in rows.rows(sweep(random={"rows": 200, key: {"low": 1, "high": 4, "log": log}}))]
    assert all(isinstance(value, int) for value in found)
    assert set(found) == {1, 2, 3, 4}


def test_a_row_whose_agent_is_not_named_has_the_usual_one_of_its_environment():
    games = spec.check({"grid": {"env": ["CartPole-v1", "Breakout-MinAtar"]}})
    assert [rows.resolve(games, row).agent_id for row in rows.rows(games)] == ["spiking-actor-critic", "spiking-deep"]


def test_draws_without_their_number_are_refused():
    with pytest.raises(NeurorlError, match=r"'random.rows' is missing"):
        rows.rows(sweep(random=RANDOM))


@given(st.integers(1, 70), st.integers(1, 40), st.integers(1, 5), st.integers(0, 2))
def test_every_learner_is_in_exactly_one_shard_and_no_batch_is_larger_than_the_group(seeds, group, lengths, programs):
    grid = {"env.length": [0.1 * (i + 1) for i in range(lengths)]}
    found = sweep(seeds=seeds, seed=3, group=group, grid=grid)
    resolved = [(row, CONFIGURATIONS[programs and row.index % (programs + 1)]) for row in rows.rows(found)]
    shards = grouping.plan(found, resolved)
    learners = [(row.index, shard.seed + i) for shard in shards for row in shard.rows for i in range(shard.seeds)]
    assert sorted(learners) == [(r, s) for r in range(lengths) for s in range(3, 3 + seeds)]
    assert len({shard.name for shard in shards}) == len(shards)
    for shard in shards:
        height, width = shard.shape
        assert height * width <= group
        assert len(shard.rows) <= height
        assert shard.seeds <= width
    # A learner's batch has the same shape whatever else is left to do.
    assert sum(h * w for h, w in (shard.shape for shard in shards)) < 2 * len(learners) + group * len(CONFIGURATIONS)


CONFIGURATIONS = [
    rows.resolve(sweep(steps=steps), rows.Row(0, {})) for steps in (100, 200, 300)
]  # other numbers of steps are other programs


def test_numbers_share_a_program_and_what_decides_shapes_or_code_does_not():
    found = spec.check({"env": "CartPole-v1"})

    def program(**values):
        row = rows.Row(0, {key.replace("__", "."): value for key, value in values.items()})
        return grouping.program(row, rows.resolve(found, row))

    base = program()
    assert program(gamma=0.9) == program(actor__learning_rate=1.0, env__length=0.7) == base
    others = [program(critic__neurons=3), program(actor__rule="td-ltp"), program(agent="random"), program(env="Acrobot-v1"),
              program(max_episode_steps=100), program(steps=10)]  # fmt: skip
    assert len({base, *others}) == 7
