"""Every tracker holds what a run told it, once, in a run of its own that a kill does not end; a sweep is a group of runs."""

import signal

import numpy as np
import pytest

import neurorl
from neurorl import sweeps
from neurorl.loggers import identity
from tests.loggers import lives, trackers

SWEEP = {
    **{"env": "CartPole-v1", "agent": "random", "steps": 40, "seeds": 3, "eval_every": 20, "eval_episodes": 2, "group": 2},
    "grid": {"env.length": [0.3, 0.9]},
}


@pytest.fixture(params=trackers.ALL, ids=lambda tracker: tracker.name)
def tracker(request, tmp_path, monkeypatch):
    found = request.param(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, value in found.environment.items():
        monkeypatch.setenv(name, value)
    pytest.importorskip(found.name)  # now: trackio reads its folder when it is imported
    yield found
    found.close()


def test_a_tracker_has_the_configuration_every_number_the_figure_and_the_end(tracker, tmp_path):
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers=[tracker.name], **lives.TINY)
    (found,) = tracker.ids()
    assert found == identity.read(run.path).id
    rows = list(tracker.rows(found))
    assert [step for step, _ in rows] == list(range(10, 101, 10))
    for step, values in rows:
        evaluation = run.evaluation[run.evaluation.env_step == step].set_index("seed")
        training = run.training[run.training.env_step == step].set_index("seed")
        assert values["evaluation/return"] == pytest.approx(evaluation.eval_return.mean())
        assert values["training/episodes"] == pytest.approx(training.episodes.mean())
        for seed in (0, 1):
            assert values[f"seeds/{seed}/evaluation/return"] == evaluation.eval_return[seed]
            there = np.isfinite(training.recent_return[seed])
            assert (f"seeds/{seed}/training/recent_return" in values) == there
    configuration = tracker.configuration(found)
    assert {name: configuration[name] for name in ("env_id", "seeds", "steps")} == {
        "env_id": "CartPole-v1", "seeds": 2, "steps": 100
    }  # fmt: skip
    assert configuration["task"]["threshold"] == 475.0
    assert tracker.figures(found) == [run.folder.learning_curve.read_bytes()]
    assert tracker.summary(found)["final_eval_return_iqm"] == pytest.approx(run.summary["final_eval_return_iqm"])


def test_a_run_that_is_killed_goes_on_in_the_same_run_of_the_tracker(tracker, tmp_path):
    whole = neurorl.train("CartPole-v1", "random", out=tmp_path / "whole", **lives.TINY)
    folder = tmp_path / "killed"
    for step, checkpoint in ((50, 40), (70, 60)):
        assert lives.live(folder, tracker.name, step, **tracker.environment) == -signal.SIGKILL
        (found,) = tracker.ids()
        steps = {step for step, _ in tracker.rows(found)}
        assert steps >= set(range(10, checkpoint + 1, 10)), "what a checkpoint was made of is there"
    assert lives.live(folder, tracker.name, **tracker.environment) == 0
    assert tracker.ids() == [found]
    rows = list(tracker.rows(found))
    once = dict(rows)
    assert sorted(once) == list(range(10, 101, 10))
    assert tracker.repeats or len(rows) == len(once)
    means = whole.evaluation.groupby("env_step").eval_return.mean()
    for step, values in rows:  # those that come twice, too
        assert values["evaluation/return"] == pytest.approx(means[step])
    assert len(tracker.figures(found)) == 1


def test_a_run_that_takes_more_steps_goes_on_with_the_very_next_one(tracker, tmp_path):
    options = lives.TINY | {"steps": 4, "eval_every": 1, "log_every": 1, "checkpoint_every": 2}
    neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers=tracker.name, **options)
    neurorl.resume(tmp_path / "run", steps=8)
    (found,) = tracker.ids()
    assert [step for step, _ in tracker.rows(found)] == list(range(1, 9))
    assert len(tracker.figures(found)) == (1 if tracker.name == "mlflow" else 2), "MLflow keeps the last of a name"


def test_an_interrupted_run_is_marked_until_it_goes_on(tracker, tmp_path):
    if not hasattr(tracker, "status"):
        pytest.skip(f"{tracker.name} knows no state of a run")

    def stop(point):
        if point.step == 40:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(neurorl.NeurorlError, match="interrupted at step 40"):
        neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers=[tracker.name, stop], **lives.TINY)
    (found,) = tracker.ids()
    assert tracker.status(found) == "failed"
    neurorl.resume(tmp_path / "run")
    assert tracker.status(found) == "finished"
    assert [step for step, _ in tracker.rows(found)] == list(range(10, 101, 10))


def test_each_row_of_a_sweep_is_a_run_of_a_group_and_told_once(tracker, tmp_path):
    report = sweeps.sweep(SWEEP, out=tmp_path / "sweep", loggers=tracker.name)
    known = identity.read(tmp_path / "sweep")
    assert tracker.ids() == [f"{known.id}-row-0", f"{known.id}-row-1"]
    table = sweeps.results(report.folder.path)
    for index, length in enumerate((0.3, 0.9)):
        found = f"{known.id}-row-{index}"
        of_row = table[table.row == index]
        assert tracker.group(found) == f"sweep-{known.id}"
        assert tracker.configuration(found)["env"]["length"] == length
        rows = list(tracker.rows(found))
        assert [step for step, _ in rows] == [20, 40]
        for step, values in rows:
            at = of_row[of_row.env_step == step]
            assert values["evaluation/return"] == pytest.approx(at.eval_return.mean())
            assert values["seeds/2/evaluation/return"] == at.eval_return[at.seed == 2].item()
    before = [list(tracker.rows(found)) for found in tracker.ids()]
    sweeps.sweep(SWEEP, out=tmp_path / "sweep")
    assert [list(tracker.rows(found)) for found in tracker.ids()] == before


def test_a_loggers_numbers_that_no_one_takes_at_once_all_arrive(tracker, tmp_path, monkeypatch):
    if tracker.name == "mlflow":
        monkeypatch.setattr("neurorl.loggers.mlflow.BATCH", 7)
        monkeypatch.setattr("neurorl.loggers.mlflow.PARAMETERS", 5)
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers=tracker.name, **lives.TINY | {"seeds": 60})
    (found,) = tracker.ids()
    _, values = list(tracker.rows(found))[-1]
    last = run.evaluation[run.evaluation.env_step == 100]
    assert [values[f"seeds/{seed}/evaluation/return"] for seed in range(60)] == last.eval_return.to_list()
