"""The figure of a sweep: what it draws is what the table says, and it is drawn for whatever has been swept."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from neurorl import cli, sweeps
from neurorl.errors import NeurorlError
from neurorl.results import statistics
from neurorl.sweeps import figures, responses, rows, spec, tune
from tests.sweeps.conftest import TINY


def fields_of(values, path):
    frame = sweeps.results(path)
    return responses.scores(frame), {field.name: field for field in responses.fields(spec.check(values), frame)}


def test_a_response_pools_the_rows_at_each_value_with_an_interval_over_seeds(serial):
    returns, fields = fields_of(TINY, serial.path)
    assert list(fields) == ["env.length", "env.masspole"]
    table = sweeps.results(serial.path).query("env_step == 120")
    curve = responses.response(fields["env.length"], returns)
    np.testing.assert_array_equal(fields["env.length"].places, [0.3, 0.5, 0.9])
    for place, length in enumerate([0.3, 0.5, 0.9]):
        of_rows = [group.eval_return.to_numpy() for _, group in table[table["env.length"] == length].groupby("row")]
        assert len(of_rows) == 2
        assert curve.middle[place] == statistics.interquartile_mean(np.concatenate(of_rows))
        assert [curve.low[place], curve.high[place]] == statistics.confidence_interval(of_rows)


def test_a_heat_map_has_each_row_in_the_cell_of_its_two_values(serial):
    returns, fields = fields_of(TINY, serial.path)
    first, second = fields["env.length"], fields["env.masspole"]
    cells = responses.pairs(first, second, returns)
    assert cells.shape == (2, 3), "two draws of three lengths"
    for row in rows.rows(spec.check(TINY)):
        place = (int(row.values["env.masspole"] == second.places[1]), [0.3, 0.5, 0.9].index(row.values["env.length"]))
        assert cells[place] == statistics.interquartile_mean(returns[row.index])


def test_a_range_of_many_draws_is_in_parts_that_are_equal_in_its_logarithm():
    values = {**TINY, "grid": {}, "random": {"rows": 40, "env.length": {"low": 0.1, "high": 10.0, "log": True}}}
    plan = spec.check(values)
    frame = pd.DataFrame([{"row": row.index, **row.values} for row in rows.rows(plan)])
    (field,) = responses.fields(plan, frame)
    assert field.log
    np.testing.assert_allclose(np.diff(np.log10(field.edges)), 2.0 / responses.BINS)
    for row in rows.rows(plan):
        assert field.edges[field.at[row.index]] <= row.values["env.length"] < field.edges[field.at[row.index] + 1]
    returns = {0: np.array([3.0, 5.0])}
    assert np.isfinite(responses.response(field, returns).middle).sum() == 1, "no row, no mean"


def test_the_command_draws_each_environment_and_a_sweep_that_is_not_complete(tmp_path, capsys):
    grid = {"env": ["CartPole-v1", "MountainCar-v0"]}
    values = {**TINY, "env": "", "set": {"max_episode_steps": 5}, "random": {}, "grid": grid, "steps": 60}
    folder = sweeps.sweep(values, out=tmp_path / "sweep").folder
    assert cli.main(["plot", str(folder.path), "--out", str(tmp_path / "whole.png")]) == 0
    whole = imread(tmp_path / "whole.png")
    folder.results.unlink()
    folder.files()[-1].unlink()
    assert cli.main(["plot", str(folder.path)]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "whole.png"), str(folder.path / "sweep.png")]
    assert imread(folder.path / "sweep.png").shape[0] < whole.shape[0], "one environment is left"


def test_a_study_has_a_history_and_the_field_that_matters_is_the_most_important(tmp_path):
    pytest.importorskip("optuna")
    values = {
        **{**TINY, "steps": 60, "grid": {}},
        "random": {"env.length": {"low": 0.1, "high": 4.0, "log": True}, "loop": ["auto", "jax"]},
    }
    path = tune.tune(values, 8, out=tmp_path / "study").folder.path
    frame = sweeps.results(path)
    shares = figures.importance(spec.check(values), frame, responses.scores(frame))
    assert set(shares) == {"env.length", "loop"}
    assert max(shares, key=shares.get) == "env.length", "the loop is the same one by two names"
    assert sum(shares.values()) == pytest.approx(1.0)
    figures.draw(path, tmp_path / "study.png")
    assert imread(tmp_path / "study.png").ndim == 3
    same = {row: np.array([1.0, 1.0]) for row in responses.scores(frame)}
    assert figures.importance(spec.check(values), frame, same) == {}, "nothing differs"


def test_what_cannot_be_drawn_is_said(serial, tmp_path, capsys):
    assert cli.main(["plot", str(serial.path), str(serial.path)]) == 1
    assert "is a sweep, which is drawn alone" in capsys.readouterr().err
    assert cli.main(["plot", str(serial.path), "--out", str(tmp_path / "x.txt")]) == 1
    assert "must end in .png" in capsys.readouterr().err
    path = sweeps.sweep({**TINY, "grid": {"env.length": [0.5]}}, out=tmp_path / "sweep").folder
    for file in path.files():
        file.unlink()
    with pytest.raises(NeurorlError, match="has no shard yet"):
        figures.draw(path.path, tmp_path / "none.png")
