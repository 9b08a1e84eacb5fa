"""A sweep that grows: what is there stays, and all of it is what a sweep asked for at once has."""

import shutil

import pandas as pd
import pyarrow.parquet as pq
import pytest

from neurorl import sweeps
from neurorl.errors import NeurorlError
from neurorl.sweeps import driver, growth, rows, spec
from neurorl.sweeps import folder as folders
from tests.sweeps.conftest import TINY

FIELDS = ["env.length", "env.masspole", "seed", "env_step"]


@pytest.fixture
def begun(serial, tmp_path):
    """A copy of the tiny sweep, to grow."""
    shutil.copytree(serial.path, tmp_path / "begun")
    return folders.SweepFolder(tmp_path / "begun")


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.files()}


def at_once(values, path):
    """Return the table of a sweep that has had no smaller one, by what its rows are instead of by their number."""
    return by_value(sweeps.sweep(values, out=path).folder.path)


def by_value(path):
    return sweeps.results(path).drop(columns="row").sort_values(FIELDS).reset_index(drop=True)


def grow(begun, values):
    """Grow a sweep; return how many shards that took. What was there must stay, byte for byte."""
    before, numbers = contents(begun), numbered(begun)
    report = sweeps.sweep(values, out=begun.path)
    assert report.failures == []
    assert before.items() <= contents(begun).items(), "finished shards keep their bytes"
    assert numbers.items() <= numbered(begun).items(), "rows keep their number"
    assert sweeps.sweep(values, out=begun.path).computed == 0, "the same command has nothing left to do"
    return report.computed


def numbered(folder):
    table = sweeps.results(folder.path)
    return {row: tuple(group[FIELDS[:2]].iloc[0]) for row, group in table.groupby("row")}


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        ({"grid": {"env.length": [0.1, 0.3, 0.5, 0.9, 1]}}, 2),  # four rows more, two a batch
        ({"random": {**TINY["random"], "rows": 3}}, 2),  # a draw more for each of three
        ({"seeds": 6}, 3),  # 3 seeds more of six rows: two a batch
        ({"seeds": 6, "random": {**TINY["random"], "rows": 3}}, 6),  # and three rows of 6
    ],
    ids=["values", "draws", "seeds", "both"],
)
def test_a_sweep_grown_by_rows_or_seeds_equals_one_asked_for_at_once(begun, tmp_path, capsys, change, computed):
    values = {**TINY, **change}
    assert grow(begun, values) == computed, "nothing that is there is computed again"
    pd.testing.assert_frame_equal(by_value(begun.path), at_once(values, tmp_path / "once"))
    assert pq.read_table(begun.results).to_pandas().equals(sweeps.results(begun.path))
    assert "last bit" not in capsys.readouterr().err


@pytest.mark.slow
def test_so_it_does_where_agents_learn(tmp_path):
    values = {**TINY, "agent": "spiking-actor-critic", "random": {}, "set": {}, "seeds": 2, "group": 8}
    small = {**values, "grid": {"actor.learning_rate": [5.0, 10.0, 20.0, 40.0]}}
    large = {**values, "grid": {"actor.learning_rate": [2.5, 5.0, 10.0, 20.0, 40.0]}, "seeds": 4}
    sweeps.sweep(small, out=tmp_path / "grown")
    assert sweeps.sweep(large, out=tmp_path / "grown").computed == 2
    sweeps.sweep(large, out=tmp_path / "once")
    keys = ["actor.learning_rate", "seed", "env_step"]
    grown, once = (
        sweeps.results(tmp_path / n).drop(columns="row").sort_values(keys, ignore_index=True) for n in ("grown", "once")
    )
    pd.testing.assert_frame_equal(grown, once)


def test_more_steps_compute_learners_again_and_keep_the_shorter_ones_until_then(begun, tmp_path):
    before, shorter = contents(begun), sweeps.results(begun.path)
    longer = {**TINY, "steps": 180}
    grown = folders.begin(begun.path, spec.check(longer), "sweep")  # a command that is killed before its first shard
    assert not grown.results.is_file(), "the sweep is not complete"
    pd.testing.assert_frame_equal(sweeps.results(begun.path), shorter)
    assert sweeps.sweep(longer, out=begun.path).computed == 3
    assert before.items() <= contents(begun).items()
    pd.testing.assert_frame_equal(by_value(begun.path), at_once(longer, tmp_path / "once"))
    together = sweeps.results(begun.path)
    assert together[together.env_step <= 120].reset_index(drop=True).equals(shorter), "a longer run begins like a shorter one"
    lost = next(file for file in grown.files() if folders.part_of(file) == 1)
    lost.unlink()
    assert set(sweeps.results(begun.path).groupby("row").env_step.max()) == {120, 180}, "what is lost is shown as it was"
    assert sweeps.sweep(longer, out=begun.path).computed == 1


def test_what_was_not_done_before_it_grew_is_done_then(begun, tmp_path):
    begun.files()[0].unlink()
    values = {**TINY, "seeds": 6}
    grow(begun, values)
    pd.testing.assert_frame_equal(by_value(begun.path), at_once(values, tmp_path / "once"))
    assert grow(begun, {**values, "grid": {"env.length": [0.3, 0.5, 0.9, 1.5]}}) == 2, "it grows again"


def test_batches_of_another_size_are_said(tmp_path, capsys):
    small = {**TINY, "random": {}, "grid": {"env.length": [0.5]}}
    sweeps.sweep(small, out=tmp_path / "sweep")
    parts = [spec.check(small), spec.check({**small, "grid": {"env.length": [0.5, 0.9]}})]
    good, _ = driver.resolve(parts[1], growth.rows(parts))
    assert "batches of 3 instead of 6: they may differ in the last bit" in driver.rounded_otherwise(parts, good)
    before = sweeps.results(tmp_path / "sweep")
    sweeps.sweep({**small, "grid": {"env.length": [0.5, 0.9]}}, out=tmp_path / "sweep")
    assert sweeps.results(tmp_path / "sweep").query("row == 0").equals(before)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seeds": 2}, "seeds was 3 and is 2"),
        ({"steps": 60}, "steps was 120 and is 60"),
        ({"seed": 8}, "seed was 7 and is 8"),
        ({"group": 32}, "group was 6 and is 32"),
        ({"set": {"env.gravity": 21.0}}, "set.env.gravity was 20.0 and is 21.0"),
        ({"seeds": 6, "eval_every": 30}, "eval_every was 60 and is 30"),
        ({"grid": {"env.length": [0.3, 0.5, 1.0]}}, r"grid.env.length was \[0.3, 0.5, 0.9\] and is \[0.3, 0.5, 1.0\]"),
        ({"grid": {**TINY["grid"], "env.gravity": [1.0]}, "set": {}}, "grid.env.gravity was absent"),
        ({"random": {**TINY["random"], "rows": 1}}, "random.rows was 2 and is 1"),
        ({"random": {"rows": 4, "env.masspole": {"low": 0.05, "high": 0.5, "log": True}}}, "random.env.masspole was"),
    ],
)
def test_what_is_no_growth_is_refused_by_its_key(serial, change, says):
    before = contents(serial) | {"config": serial.config.read_bytes()}
    with pytest.raises(NeurorlError, match=f"holds another sweep: .*{says}.*a sweep grows by values"):
        sweeps.sweep({**TINY, **change}, out=serial.path)
    assert contents(serial) | {"config": serial.config.read_bytes()} == before


def test_a_field_whose_values_change_their_kind_is_one_column(tmp_path):
    values = {**TINY, "random": {}, "set": {}, "grid": {"max_episode_steps": [3, 9]}}
    sweeps.sweep(values, out=tmp_path / "sweep")
    sweeps.sweep({**values, "grid": {"max_episode_steps": [None, 3, 9]}}, out=tmp_path / "sweep")
    table = sweeps.results(tmp_path / "sweep")
    assert list(table.groupby("row").max_episode_steps.first()) == ["3", "9", "null"]


def test_rows_are_numbered_in_the_order_they_came(serial):
    more = spec.check({**TINY, "grid": {"env.length": [0.1, 0.3, 0.5, 0.9]}})
    found = growth.rows([spec.check(TINY), more])
    assert [row.index for row in found] == list(range(8))
    assert found[:6] == rows.rows(spec.check(TINY))
    assert [row.values["env.length"] for row in found[6:]] == [0.1, 0.1]
    assert {tuple(sorted(row.values.items())) for row in found} == {tuple(sorted(row.values.items())) for row in rows.rows(more)}
