"""``neurorl compare``: what is shown, and that nothing unlike is mixed in silence."""

import csv
import io
import shutil

import numpy as np
import pytest

import neurorl
from neurorl import cli
from neurorl.errors import NeurorlError
from neurorl.results import statistics
from neurorl.results.compare import compare, markdown
from neurorl.results.compare import csv as to_csv

SMALL = {"eval_every": 200, "eval_episodes": 2, "checkpoint_every": 200}


@pytest.fixture(scope="module")
def longer(tmp_path_factory):
    out = tmp_path_factory.mktemp("compare") / "longer"
    return neurorl.train("CartPole-v1", "random", seeds=4, seed=50, steps=800, out=out, **SMALL)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    out = tmp_path_factory.mktemp("compare") / "elsewhere"
    return neurorl.train("Catch-bsuite", "random", seeds=2, steps=200, out=out, **SMALL)


def texts(comparison):
    return " | ".join(note.text for note in comparison.notes)


def test_runs_of_other_length_and_seeds_are_compared_where_both_have_been_and_it_is_said(finished_run, longer):
    comparison = compare([finished_run, longer])
    assert "runs differ in length (finished 600 steps, longer 800 steps); compared at 600" in texts(comparison)
    assert "seeds differ (finished 0 to 2, longer 50 to 53)" in texts(comparison)
    table = comparison.table.set_index("run")
    for run, name in ((finished_run, "finished"), (longer, "longer")):
        scores = run.evaluation.query("env_step == 600").eval_return.to_numpy()
        assert table.loc[name, "at_step"] == 600
        assert table.loc[name, "return_iqm"] == pytest.approx(statistics.interquartile_mean(scores))
        assert [table.loc[name, "low"], table.loc[name, "high"]] == pytest.approx(statistics.confidence_interval(scores))
    x, y = (run.evaluation.query("env_step == 600").eval_return.to_numpy() for run in (finished_run, longer))
    assert comparison.pairs.probability.item() == pytest.approx((x[:, None] > y).mean() + 0.5 * (x[:, None] == y).mean())


def test_environments_stand_apart(finished_run, longer, elsewhere):
    comparison = compare([finished_run, elsewhere, longer])
    assert [group.environment for group in comparison.groups] == ["CartPole-v1", "Catch-bsuite"]
    assert "environments differ, so these are shown apart: finished, longer on CartPole-v1; elsewhere on Catch-bsuite" in texts(
        comparison
    )
    assert set(comparison.pairs.environment) == {"CartPole-v1"}


def test_a_changed_environment_is_another_one(finished_run, tmp_path):
    out = tmp_path / "long-pole"
    other = neurorl.train("CartPole-v1", "random", seeds=2, steps=200, settings={"env.length": 1.0}, out=out, **SMALL)
    assert len(compare([finished_run, other]).groups) == 2


def test_an_unfinished_run_is_said_so_and_one_without_an_evaluation_left_out(finished_run, tmp_path):
    for name in ("half", "empty"):
        shutil.copytree(finished_run.path, tmp_path / name)
        (tmp_path / name / "summary.json").unlink()
    (tmp_path / "empty" / "evaluation.parquet").unlink()
    half, empty = neurorl.load(tmp_path / "half"), neurorl.load(tmp_path / "empty")
    comparison = compare([finished_run, half, empty])
    assert "half is unfinished: 600 of 600 steps evaluated; go on with: neurorl resume" in texts(comparison)
    assert "empty is unfinished: 0 of 600 steps evaluated, so it is left out" in texts(comparison)
    assert "finished and half have the same hyperparameters" in texts(comparison)
    assert list(comparison.table.run) == ["finished", "half"]
    with pytest.raises(NeurorlError, match="no run has an evaluation"):
        compare([empty])
    with pytest.raises(NeurorlError, match="given twice"):
        compare([finished_run, neurorl.load(finished_run.path)])


def test_alike_runs_get_no_note(longer, tmp_path):
    again = neurorl.train("CartPole-v1", "spiking-actor-critic", seeds=4, seed=50, steps=800, out=tmp_path / "spiking", **SMALL)
    assert compare([longer, again]).notes == []


def test_without_an_evaluation_in_common_each_is_at_its_own_end_and_no_pair_is_judged(finished_run, tmp_path):
    odd = neurorl.train("CartPole-v1", "random", seeds=2, steps=100, eval_every=70, eval_episodes=2, out=tmp_path / "odd")
    comparison = compare([finished_run, odd])
    assert "no evaluation in common" in texts(comparison)
    assert list(comparison.table.at_step) == [600, 100]
    assert comparison.pairs.empty


def test_the_command_writes_figure_markdown_and_csv(finished_run, longer, tmp_path, capsys):
    figure = tmp_path / "figure.png"
    assert cli.main(["compare", str(finished_run.path), str(longer.path), "--out", str(figure)]) == 0
    out = capsys.readouterr().out
    comparison = compare([finished_run, longer])
    assert markdown(comparison) in out
    assert figure.with_suffix(".md").read_text() == markdown(comparison)
    rows = list(csv.DictReader(io.StringIO(figure.with_suffix(".csv").read_text())))
    assert [row["run"] for row in rows] == ["finished", "longer"]
    assert all("runs differ in length" in row["notes"] for row in rows)
    assert to_csv(comparison) == figure.with_suffix(".csv").read_text()
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert np.isclose(float(rows[0]["return_iqm"]), comparison.table.return_iqm[0])


@pytest.mark.parametrize(("out", "says"), [("x.txt", "must end in"), ("nowhere/x.png", "no folder 'nowhere'")])
def test_a_figure_that_cannot_be_is_refused(finished_run, tmp_path, monkeypatch, capsys, out, says):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["compare", str(finished_run.path), "--out", out]) == 1
    assert says in capsys.readouterr().err
