"""Runs that end before their steps are taken: by a function of a point, or when every learner has solved the task."""

import subprocess

import numpy as np
import pytest

import neurorl
from neurorl import cli
from neurorl.errors import NeurorlError
from neurorl.results import result
from neurorl.results.compare import compare
from neurorl.results.statistics import Solved, steps_to_threshold
from neurorl.runs import checkpoints, config

TINY = {"seeds": 2, "steps": 90, "eval_every": 20, "log_every": 30, "checkpoint_every": 60, "eval_episodes": 1}
FILES = ("training.parquet", "evaluation.parquet")


@pytest.mark.parametrize("loop", ["jax", "host"])
def test_a_run_ends_at_the_first_point_that_the_function_says(tmp_path, loop):
    seen = []
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loop=loop, loggers=[seen.append],
                        until=lambda point: point.step >= 40, **TINY)  # fmt: skip
    assert [point.step for point in seen] == [20, 30, 40]
    assert seen[-1].training, "the last point has both, though the log had none due"
    assert seen[-1].evaluation
    assert run.summary["env_steps"] == 40
    assert len(run.summary["final_return"]) == 2
    assert run.values["steps"] == 90
    assert checkpoints.steps(run.folder.checkpoints) == [0, 40]
    assert sorted(set(run.training.env_step)) == [30, 40]
    assert sorted(set(run.evaluation.env_step)) == [20, 40]
    assert run.agent(1).act(np.zeros(4, np.float32)) in (0, 1)
    assert not compare([result.read(run.path)]).notes, "it is complete"


def test_until_an_evaluation_is_good(tmp_path):
    points = []
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers=points.append,
                        until=lambda point: point.eval_return.mean() > 1.0, **TINY)  # fmt: skip
    assert run.summary["env_steps"] == 20
    assert neurorl.resume(run.path).summary == run.summary


@pytest.mark.parametrize("left", ["checkpoints/40", "summary.json"])
def test_an_interrupted_run_ends_where_the_whole_one_does(tmp_path, left):
    def until(point):
        return point.step >= 40

    whole = neurorl.train("CartPole-v1", "random", out=tmp_path / "whole", until=until, **TINY)
    cut = neurorl.train("CartPole-v1", "random", out=tmp_path / "cut", until=until, **TINY)
    for name in dict.fromkeys([left, "summary.json"]):
        subprocess.run(["rm", "-r", cut.path / name], check=True)
    seen = []
    again = neurorl.resume(cut.path, until=until, loggers=seen.append)
    assert [point.step for point in seen] == ([] if left == "summary.json" else [20, 30, 40])
    assert again.summary["env_steps"] == 40
    for name in FILES:
        assert (cut.path / name).read_bytes() == (whole.path / name).read_bytes()


def test_until_solved_ends_with_the_last_learner_and_is_part_of_the_configuration(tmp_path, monkeypatch):
    options = TINY | {"steps": 200, "until_solved": True}
    built = config.build("CartPole-v1", "random", {}, {}).task
    threshold = built.threshold
    seen = []

    def evaluate(self, learners):
        seen.append(int(learners.step))
        first, second = threshold, threshold if int(learners.step) >= 60 else 0.0
        return np.array([[first], [second]])

    monkeypatch.setattr("neurorl.loops.jax_loop.JaxLoop.evaluate", evaluate)
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", **options)
    assert run.summary["steps_to_threshold"] == [20, 60]
    assert run.summary["env_steps"] == 100, "the third evaluation at the threshold"
    assert run.values["until_solved"] is True
    (run.path / "summary.json").unlink()
    subprocess.run(["rm", "-r", run.path / "checkpoints/100"], check=True)
    assert neurorl.resume(run.path).summary["env_steps"] == 100
    assert seen[-2:] == [80, 100]


def test_until_solved_needs_a_threshold(tmp_path):
    with pytest.raises(NeurorlError, match="'until_solved' needs a threshold"):
        neurorl.train("Catch-bsuite", "random", out=tmp_path / "run", until_solved=True, **TINY)
    assert not (tmp_path / "run").exists()


def test_a_sweep_refuses_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text('env = "CartPole-v1"\nagent = "random"\n[set]\nuntil_solved = true\n')
    assert cli.main(["sweep", "s.toml", "--quiet"]) == 1
    assert "'until_solved' is for single runs" in capsys.readouterr().err


def test_the_flag_takes_no_value(tmp_path, capsys):
    flags = ["--seeds", "1", "--steps", "20", "--eval-every", "20", "--eval-episodes", "1", "--quiet", "--agent", "random"]
    assert cli.main(["train", "--until-solved", "CartPole-v1", *flags, "--out", str(tmp_path / "run")]) == 0
    assert neurorl.load(tmp_path / "run").values["until_solved"] is True


def test_who_has_solved_agrees_with_the_steps_to_the_threshold():
    returns = np.random.default_rng(3).integers(0, 2, (50, 12)).astype(float)
    steps = np.arange(12)
    solved = Solved(50, 1.0)
    so_far = [solved.add(column) for column in returns.T]
    for learner, first in enumerate(steps_to_threshold(steps, returns, 1.0)):
        known = [bool(now[learner]) for now in so_far]
        assert known == [first is not None and step >= first + 2 for step in steps]
    assert 0 < so_far[-1].sum() < 50
    assert not Solved(2, None).add(np.array([1e30, -1e30])).any(), "nobody says when"
