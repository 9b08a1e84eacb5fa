"""Tuning: Optuna's trials are rows of shards, and the study outlives its processes."""

import socket
import subprocess
import sys

import pytest

from neurorl import cli, sweeps
from neurorl.errors import NeurorlError
from neurorl.sweeps import folder as folders
from neurorl.sweeps import tune
from tests.sweeps.conftest import TINY

optuna = pytest.importorskip("optuna")
SPACE = {**TINY, "steps": 60, "grid": {}, "random": {"env.length": {"low": 0.2, "high": 2.0, "log": True}}}


def study_of(folder):
    return tune._study(folder, None, 0)


def test_trials_are_rows_and_their_value_is_what_the_table_says(tmp_path):
    report = tune.tune(SPACE, 4, out=tmp_path / "study")
    assert report.failures == []
    best = sweeps.best(report.folder.path).set_index("row")
    trials = study_of(report.folder).get_trials()
    assert sorted(best.index) == [trial.number for trial in trials] == [0, 1, 2, 3]
    for trial in trials:
        assert trial.value == best.eval_return[trial.number]
        assert trial.params["env.length"] == best["env.length"][trial.number]
    assert tune.tune(SPACE, 4, out=tmp_path / "study").computed == 0, "the same command goes on, and there is nothing left"
    assert tune.tune(SPACE, 5, out=tmp_path / "study").computed == 1


def test_a_trial_whose_process_was_killed_is_proposed_again_and_counts_once(tmp_path):
    report = tune.tune(SPACE, 1, out=tmp_path / "study")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    study = study_of(report.folder)
    for owner in (f"{socket.gethostname()}:{dead.pid}", "elsewhere:1"):
        trial = study.ask()
        trial.set_user_attr(tune.OWNER, owner)
        trial.suggest_float("env.length", 0.2, 2.0, log=True)
    tune.tune(SPACE, 3, out=tmp_path / "study")
    trials = study_of(report.folder).get_trials()
    states = [trial.state.name for trial in trials]
    assert states == ["COMPLETE", "FAIL", "RUNNING", "COMPLETE"], "another machine's trial goes on there"
    assert trials[3].params == trials[1].params


def test_a_row_that_cannot_run_is_a_failed_trial(tmp_path):
    values = {**SPACE, "random": {}, "grid": {"env.length": [0.5], "env.gravity": [9.8], "max_episode_steps": [0]}, "set": {}}
    report = tune.tune(values, 2, out=tmp_path / "study")
    assert len(report.failures) == 2
    assert "'max_episode_steps' is 0" in report.failures[0]["error"]
    assert [trial.state.name for trial in study_of(report.folder).get_trials()] == ["FAIL", "FAIL"]


@pytest.mark.parametrize(
    ("change", "trials", "says"),
    [
        ({}, 0, "'trials' is 0"),
        ({"random": {}}, 1, "nothing to tune"),
        ({"grid": {"env": ["CartPole-v1", "Acrobot-v1"]}}, 1, "'env' cannot be tuned"),
    ],
)
def test_what_makes_no_study_is_refused(tmp_path, change, trials, says):
    with pytest.raises(NeurorlError, match=says):
        tune.tune({**SPACE, **change}, trials, out=tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_sweep_is_no_study(serial):
    with pytest.raises(NeurorlError, match='kind was "sweep" and is "tune"'):
        folders.begin(serial.path, folders.open_sweep(serial.path)[1], "tune")


@pytest.mark.parametrize("storage", ["foo://x", "x", "sqlite:////nowhere/at/all.db"])
def test_a_storage_that_cannot_be_opened_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, capsys, storage):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text('env = "CartPole-v1"\n[grid]\ngamma = [0.9, 0.99]\n')
    assert cli.main(["tune", "s.toml", "--trials", "1", "--storage", storage, "--quiet"]) == 1
    err = capsys.readouterr().err
    assert f"--storage {storage}: Optuna cannot open it" in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]
