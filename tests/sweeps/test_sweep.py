"""Sweeps as a whole: the same bytes whatever computes them, and failures that stop nothing."""

import io
import json
import shutil

import jax
import numpy as np
import pandas as pd
import polars
import pytest
from flax import struct

import neurorl
from neurorl import cli, sweeps
from neurorl.agents.random import Random
from neurorl.errors import NeurorlError
from neurorl.parameters import parameter
from neurorl.results import statistics
from neurorl.sweeps import driver, grouping, rows, shard, spec
from neurorl.sweeps import folder as folders
from tests.sweeps.conftest import TINY


def files(folder):
    return {path.name: path.read_bytes() for path in folder.files()} | {"results": folder.results.read_bytes()}


@struct.dataclass
class Fragile(Random):
    """Acts at random; its state becomes NaN where ``leak`` is 1, and it cannot begin where ``size`` is 3."""

    leak: float = parameter(0.0, "share of the state lost", low=0.0, high=1.0)
    size: int = parameter(1, "numbers in the state", static=True)

    def init(self, key):
        return jax.numpy.ones(self.size)

    def learn(self, state, timestep, key):
        if self.size == 4:
            raise RuntimeError("four is too many")
        return state / (1.0 - self.leak) * 0.0, super().learn(state, timestep, key)[1]


def test_the_table_has_a_row_a_seed_and_evaluation(serial):
    table = sweeps.results(serial.path)
    assert len(table) == 6 * 3 * 2
    assert table.groupby(["row", "seed", "env_step"]).size().max() == 1
    assert sorted(table.seed.unique()) == [7, 8, 9]
    assert sorted(table.env_step.unique()) == [60, 120]
    assert table.error.isna().all()
    assert (table.eval_return_min <= table.eval_return).all()
    for row in rows.rows(spec.check(TINY)):
        assert (table[table.row == row.index][list(row.values)] == pd.Series(row.values)).all(axis=None)
    in_polars = polars.read_parquet(serial.results)
    pd.testing.assert_frame_equal(pd.read_parquet(serial.results), table)
    assert in_polars["eval_return"].to_list() == table.eval_return.to_list()


def test_the_same_command_goes_on_and_computes_only_what_is_missing(serial, tmp_path):
    shutil.copytree(serial.path, tmp_path / "again")
    done = sweeps.sweep(TINY, out=tmp_path / "again")
    assert (done.computed, done.shards) == (0, 3)
    lost = done.folder.files()[1]
    lost.unlink()
    done.folder.results.unlink()
    (lost.parent / f".{lost.stem}.1.parquet").write_text("what a killed process leaves")
    assert sweeps.sweep(TINY, out=tmp_path / "again").computed == 1
    assert files(done.folder) == files(serial)


def test_a_learner_is_the_same_to_the_bit_whichever_rows_share_its_batch(serial):
    plan = spec.check(TINY)
    found = {row.index: row for row in rows.rows(plan)}
    alone = grouping.Shard((found[3],), 7, 3, (2, 3))
    content = shard.compute(json.loads(json.dumps(shard.to_task(plan, alone))))
    expected = sweeps.results(serial.path).query("row == 3").reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(content)), expected)


def test_a_changed_sweep_is_refused_with_the_difference(serial):
    before = files(serial)
    with pytest.raises(NeurorlError, match=r"steps was 120 and is 60; grid.env.length was \[0.3, 0.5, 0.9\] and is \[0.3\]"):
        sweeps.sweep({**TINY, "steps": 60, "grid": {"env.length": [0.3]}}, out=serial.path)
    assert files(serial) == before


def test_a_folder_that_holds_something_else_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(NeurorlError, match="holds no sweep"):
        sweeps.sweep(TINY, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_sweep_that_was_killed_as_it_made_its_folder_goes_on(serial, tmp_path):
    (tmp_path / ".sweep.4711.json").write_text("{")
    folder = folders.begin(tmp_path, driver.load(TINY, tmp_path)[0], "sweep")
    folder.shards.rmdir()  # killed later, between its configuration and the folder of its shards
    assert folders.begin(tmp_path, driver.load(TINY, tmp_path)[0], "sweep").shards.is_dir()
    assert folder.config.read_bytes() == serial.config.read_bytes()


@pytest.mark.slow
def test_rows_are_runs_with_those_settings(tmp_path):
    """Another batch shape agrees to float tolerance only, so returns are compared where learning has not amplified it yet."""
    common = {"steps": 100, "seeds": 4, "seed": 3, "eval_every": 100, "eval_episodes": 3}
    values = {**common, "env": "CartPole-v1", "group": 4, "grid": {"actor.learning_rate": [5.0, 40.0], "env.length": [0.5, 1.0]}}
    report = sweeps.sweep(values, out=tmp_path / "sweep")
    table = sweeps.results(report.folder.path)
    settings = {"actor.learning_rate": 40.0, "env.length": 1.0}
    run = neurorl.train("CartPole-v1", out=tmp_path / "run", settings=settings, log_every=100, **common)
    ours = table[(table["actor.learning_rate"] == 40.0) & (table["env.length"] == 1.0)]
    np.testing.assert_allclose(ours.eval_return, run.evaluation.eval_return, rtol=0.05)
    np.testing.assert_allclose(ours.recent_return, run.training.recent_return, rtol=0.05)
    other = table[(table["actor.learning_rate"] == 5.0) & (table["env.length"] == 0.5)]
    assert not np.allclose(other.eval_return, run.evaluation.eval_return, rtol=0.05)


def test_failures_are_collected_and_stop_nothing(tmp_path, capsys):
    agent = f"{__name__}:Fragile"
    values = {**TINY, "agent": agent, "set": {}, "random": {}, "grid": {"leak": [0.0, 1.0, 2.0], "size": [1, 4]}}
    report = sweeps.sweep(values, out=tmp_path / "sweep")
    table = sweeps.results(report.folder.path)
    errors = {failure["what"]: failure["error"] for failure in report.failures}
    assert "'agent.leak' is 2.0; it must be at most" in errors["row 4 (leak=2.0, size=1)"]
    broken = [error for what, error in errors.items() if "size=4" in what and "leak=2.0" not in what]
    assert all("four is too many" in error for error in broken)
    assert broken
    assert "the agent holds numbers beyond float32" in errors["row 2, seed 7, by step 60"]
    assert sorted(table.row.unique()) == [0, 2], "one that works and one whose learners went wrong"
    assert table[table.row == 2].eval_return.isna().all()
    assert table[table.row == 0].eval_return.notna().all()
    assert json.loads(report.folder.failures.read_text())["failures"] == report.failures
    assert driver.sweep(values, out=tmp_path / "sweep").computed == 1, "what raised is tried again"
    best = sweeps.best(report.folder.path)
    assert list(best.row) == [0, 2]
    assert list(best.failed) == [0, 3]


def test_a_sweep_in_which_nothing_can_run_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(NeurorlError, match=r"unknown parameter 'env.lenght'; did you mean"):
        sweeps.sweep({**TINY, "grid": {"env.lenght": [1.0]}}, out=tmp_path / "sweep")
    assert not (tmp_path / "sweep").exists()


@pytest.mark.slow
def test_environments_and_agents_are_fields_and_are_ranked_apart(tmp_path):
    grid = {"env": ["CartPole-v1", "FrozenLake-v1"]}
    values = {**TINY, "env": "", "set": {"max_episode_steps": 5}, "random": {}, "grid": grid}
    report = sweeps.sweep(values, out=tmp_path / "sweep")
    assert report.failures == []
    best = sweeps.best(report.folder.path, 1)
    assert list(best.env) == ["CartPole-v1", "FrozenLake-v1"], "one in the jitted loop and one in the host loop"


def test_the_best_rows_have_the_highest_interquartile_mean_and_its_interval(serial):
    table = sweeps.results(serial.path).query("env_step == 120")
    means = {row: statistics.interquartile_mean(group.eval_return.to_numpy()) for row, group in table.groupby("row")}
    best = sweeps.best(serial.path, 4)
    assert list(best.eval_return) == sorted(means.values(), reverse=True)[:4]
    first = best.iloc[0]
    assert means[first.row] == first.eval_return
    scores = table[table.row == first.row].eval_return.to_numpy()
    assert [first.low, first.high] == statistics.confidence_interval(scores)


def test_the_command_line_from_a_file(serial, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(
        'env = "CartPole-v1"\nagent = "random"\nsteps = 120\nseeds = 3\nseed = 7\ngroup = 6\neval_every = 60\neval_episodes = 2\n'
        "[set]\nenv.gravity = 20.0\n[grid]\nenv.length = [0.3, 0.5, 0.9]\n"
        "[random]\nrows = 2\nenv.masspole = { low = 0.05, high = 0.4, log = true }\n"
    )
    shutil.copytree(serial.path, tmp_path / "runs" / "tiny")
    assert cli.main(["sweep", "tiny.toml"]) == 0, "the file is the sweep of the fixture"
    assert "0 of 3 shards computed now" in capsys.readouterr().out
    assert cli.main(["sweep", "runs/tiny", "--best", "2"]) == 0
    out = capsys.readouterr().out
    assert out.count("  row ") == 2
    assert "env.masspole=" in out
    (tmp_path / "tiny.toml").write_text((tmp_path / "tiny.toml").read_text().replace("steps = 120", "steps = 60"))
    assert cli.main(["sweep", "tiny.toml"]) == 1
    assert "steps was 120 and is 60" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.toml"], "'nowhere.toml' cannot be read"),
        (["runs/tiny", "--runner", "pol"], "did you mean 'pool'"),
        (["runs/tiny", "--address", "x:1"], "needs --runner ray"),
        (["runs/tiny", "--processes", "2"], "needs --runner pool"),
        (["runs/tiny", "--out", "x"], "makes no sense"),
        (["runs/tiny", "--best", "0"], "at least 1"),
    ],
)
def test_bad_arguments_get_one_sentence(serial, tmp_path, monkeypatch, capsys, arguments, says):
    shutil.copytree(serial.path, tmp_path / "runs" / "tiny")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["sweep", *arguments]) == 1
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_rules_that_change_in_mid_run_change_in_a_sweep_too(tmp_path):
    values = {**TINY, "steps": 200, "eval_every": 100, "random": {}, "grid": {"env.gravity": [9.8, 12.0]}}
    common = {"changes": [[100, "force_mag", 0.0]], "loop": "jax"}
    changed = sweeps.sweep({**values, "set": common}, out=tmp_path / "changed").folder.path
    plain = sweeps.sweep({**values, "set": {"loop": "jax"}}, out=tmp_path / "plain").folder.path
    before, after = (sweeps.results(changed).query(f"env_step == {step}") for step in (100, 200))
    old, new = (sweeps.results(plain).query(f"env_step == {step}") for step in (100, 200))
    assert before.eval_return.equals(old.eval_return), "nothing has changed yet"
    assert not after.eval_return.equals(new.eval_return)
