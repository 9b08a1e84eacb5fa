"""What loggers are told of sweeps and tunings: every row as a run of its own, once, and how far the whole is."""

import json

import numpy as np
import pytest
from flax import struct

from neurorl import cli, sweeps
from neurorl.agents.random import Random
from neurorl.errors import NeurorlWarning
from neurorl.loggers import Logger
from neurorl.sweeps import tune
from tests.sweeps.conftest import TINY

SPLIT = {**TINY, "random": {}, "grid": {"env.length": [0.3, 0.9]}, "group": 2}  # the 3 seeds of a row are in 2 shards


class Record(Logger):
    """Keeps what it is told, job by job."""

    def __init__(self):
        self.jobs, self.points, self.ends, self.shown, self.said, self.closed = [], [], [], [], [], 0

    def start(self, job, done):
        assert done == 0
        self.jobs.append(job)
        self.points.append([])

    def point(self, point):
        self.points[-1].append(point)

    def end(self, summary):
        self.ends.append(summary)

    def progress(self, progress):
        self.shown.append(progress)

    def say(self, message):
        self.said.append(message)

    def close(self):
        self.closed += 1


class Lines(Logger):
    """Appends a line a row to a file."""

    def start(self, job, done):
        with open("lines.txt", "a") as file:
            file.write(f"{job.row} ")


def expect(record, path, rows):
    """Compare what was told with the table of the sweep."""
    table = sweeps.results(path)
    assert sorted(job.row for job in record.jobs) == rows
    assert len(record.ends) == len(rows)
    assert record.closed == 1
    assert len({job.id for job in record.jobs}) == len(rows)
    assert len({job.group for job in record.jobs}) == 1
    for job, points, end in zip(record.jobs, record.points, record.ends, strict=True):
        of_row = table[table.row == job.row]
        assert job.values["env"]["length"] == of_row["env.length"].iloc[0]
        assert job.values["seed"] == 7
        assert list(job.seeds) == sorted(set(of_row.seed))
        assert [point.step for point in points] == sorted(set(of_row.env_step))
        for point in points:
            at = of_row[of_row.env_step == point.step].sort_values("seed")
            for name, column in (point.training | point.evaluation).items():
                np.testing.assert_array_equal(column, at[name].to_numpy(float))
        assert end["env_steps"] == points[-1].step
        assert end["final_eval_return_iqm"] == pytest.approx(sweeps.best(path, 99).set_index("row").eval_return[job.row])


def test_every_row_is_told_as_a_run_when_all_of_its_seeds_are_done(tmp_path):
    record = Record()
    sweeps.sweep(SPLIT, out=tmp_path / "split", loggers=record)
    expect(record, tmp_path / "split", [0, 1])
    assert [(p.done, p.total, p.unit, p.learners) for p in record.shown] == [
        (0, 4, "shards", 0), (1, 4, "shards", 2), (2, 4, "shards", 3), (3, 4, "shards", 5), (4, 4, "shards", 6)
    ]  # fmt: skip
    assert record.shown[-1].steps_per_second > 0.0


def test_a_row_whose_shard_fails_is_said_and_not_told(tmp_path):
    record = Record()
    values = {**SPLIT, "group": 6, "grid": {"agent": ["random", f"{__name__}:Broken"]}}
    report = sweeps.sweep(values, out=tmp_path / "broken", loggers=record)
    assert len(report.failures) == 1
    assert [job.row for job in record.jobs] == [0]
    assert len(record.said) == 1
    assert "ValueError: no weights" in record.said[0]


@struct.dataclass
class Broken(Random):
    """An agent that cannot learn, which shows in the shard only."""

    def learn(self, state, timestep, key):
        raise ValueError("no weights")


def test_a_named_logger_is_told_once_of_rows_from_before_too(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(
        'env = "CartPole-v1"\nagent = "random"\nsteps = 40\nseeds = 2\neval_every = 20\neval_episodes = 1\n'
        "[grid]\nenv.length = [0.3, 0.9]\n"
    )
    command = ["sweep", "s.toml", "--quiet"]
    assert cli.main(command) == 0
    assert not (tmp_path / "runs/s/loggers.json").exists(), "nobody asked"
    assert cli.main([*command, "--log", f"{__name__}:Lines"]) == 0
    assert (tmp_path / "lines.txt").read_text() == "0 1 "
    told = tmp_path / "runs/s/told.json"
    assert json.loads(told.read_text()) == {f"{__name__}:Lines": [0, 1]}
    assert cli.main(command) == 0, "it goes on with the sweep, and there is nothing new"
    assert (tmp_path / "lines.txt").read_text() == "0 1 "
    told.write_text(json.dumps({f"{__name__}:Lines": [0]}))  # as a kill leaves it, between a shard and its telling
    assert cli.main(command) == 0
    assert (tmp_path / "lines.txt").read_text() == "0 1 1 "
    capsys.readouterr()


def test_a_logger_that_fails_is_left_out_and_the_others_are_told(tmp_path):
    def fail(*_):
        raise OSError("no server")

    broken, record = type("Broken", (Logger,), {"point": fail})(), Record()
    with pytest.warns(NeurorlWarning, match="logger Broken failed.*no server") as said:
        report = sweeps.sweep(SPLIT, out=tmp_path / "sweep", loggers=[broken, record])
    assert len(said) == 1
    assert report.failures == []
    expect(record, tmp_path / "sweep", [0, 1])


def test_the_trials_of_a_tuning_are_told_as_they_are_done(tmp_path):
    pytest.importorskip("optuna")
    space = {**TINY, "steps": 60, "grid": {}, "random": {"env.length": {"low": 0.2, "high": 2.0, "log": True}}}
    record, others = Record(), Record()
    tune.tune(space, 2, out=tmp_path / "study", loggers=record)
    expect(record, tmp_path / "study", [0, 1])
    tune.tune(space, 3, out=tmp_path / "study", loggers=others)
    expect(others, tmp_path / "study", [2])
    assert others.jobs[0].group == record.jobs[0].group
    assert [(p.done, p.total) for p in others.shown] == [(2, 3), (3, 3)]


def test_tensorboard_has_a_folder_a_row(tmp_path):
    pytest.importorskip("tensorboardX")
    from tests.loggers.test_tensorboard import logged

    sweeps.sweep(SPLIT, out=tmp_path / "sweep", loggers="tensorboard")
    table = sweeps.results(tmp_path / "sweep")
    for row in (0, 1):
        found = logged(tmp_path / f"sweep/tensorboard/row-{row}")
        assert set(found) == {"all-seeds", "seed-7", "seed-8", "seed-9"}
        of_seed = table[(table.row == row) & (table.seed == 8)]
        assert found["seed-8"] == [(each.env_step, pytest.approx(each.eval_return)) for each in of_seed.itertuples()]


def test_rows_that_get_more_seeds_are_told_with_all_of_them_and_old_rows_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    values = {**SPLIT, "group": 6}
    sweeps.sweep(values, out=tmp_path / "grown", loggers=f"{__name__}:Lines")
    rows_more = {**values, "grid": {"env.length": [0.3, 0.9, 1.5]}}
    sweeps.sweep(rows_more, out=tmp_path / "grown")
    assert (tmp_path / "lines.txt").read_text() == "0 1 2 "
    record = Record()
    sweeps.sweep({**rows_more, "seeds": 6}, out=tmp_path / "grown", loggers=record)
    expect(record, tmp_path / "grown", [0, 1, 2])
    assert [len(job.seeds) for job in record.jobs] == [6, 6, 6]
    assert record.shown[-1].done == record.shown[-1].total
    assert (record.shown[0].learners, record.shown[-1].learners) == (9, 18)
    assert (tmp_path / "lines.txt").read_text() == "0 1 2 0 1 2 ", "they have become more than it knew"
    capsys.readouterr()
