"""A run that is complete takes more steps, to the bytes of the run that had them from the beginning."""

import json
import subprocess

import numpy as np
import pytest

import neurorl
from neurorl import cli
from neurorl.errors import NeurorlError

TINY = {"seeds": 2, "eval_every": 20, "log_every": 20, "checkpoint_every": 20, "eval_episodes": 1}
FILES = ("training.parquet", "evaluation.parquet")


# The schedule of linear-sarsa is fitted to the steps that a run begins with, unless it is said.
@pytest.mark.parametrize(("agent", "settings"), [("random", {}), ("linear-sarsa", {"explore_steps": 30})])
@pytest.mark.parametrize("loop", ["jax", "host"])
def test_more_steps_give_the_bytes_of_the_longer_run(tmp_path, loop, agent, settings):
    longer = neurorl.train("CartPole-v1", agent, out=tmp_path / "longer", loop=loop, settings=settings, steps=80, **TINY)
    neurorl.train("CartPole-v1", agent, out=tmp_path / "run", loop=loop, settings=settings, steps=40, **TINY)
    run = neurorl.resume(tmp_path / "run", steps=80)
    assert run.summary["env_steps"] == 80
    assert json.loads(run.folder.config.read_text()) == json.loads(longer.folder.config.read_text())
    for name in FILES:
        assert (run.path / name).read_bytes() == (longer.path / name).read_bytes()
    (run.path / "summary.json").unlink()  # as a kill leaves it
    subprocess.run(["rm", "-r", run.path / "checkpoints/80"], check=True)
    neurorl.resume(run.path)
    for name in FILES:
        assert (run.path / name).read_bytes() == (longer.path / name).read_bytes()


def test_fewer_steps_than_were_taken_are_refused_and_change_nothing(tmp_path, capsys):
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", steps=40, **TINY)
    before = {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    for steps in (40, 20, 0):
        with pytest.raises(NeurorlError, match="'steps' is"):
            neurorl.resume(run.path, steps=steps)
    assert cli.main(["resume", str(run.path), "--steps", "30"]) == 1
    assert "has taken 40 already" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()} == before


def test_a_run_that_ended_early_goes_on_though_it_is_solved(tmp_path, monkeypatch):
    monkeypatch.setattr("neurorl.loops.jax_loop.JaxLoop.evaluate", lambda *_: np.full((2, 1), 500.0))
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", steps=100, until_solved=True, **TINY)
    assert run.summary["env_steps"] == 60
    assert neurorl.resume(run.path, steps=100).summary["env_steps"] == 100
    assert neurorl.load(run.path).values["until_solved"] is False
