"""The protocol: what a logger is told, that none of them can cost a run, and how they are named."""

import json
import sys
import threading
import types

import numpy as np
import pytest

import neurorl
from neurorl import cli
from neurorl.errors import NeurorlError, NeurorlWarning
from neurorl.loggers import Logger, Point, Several, identity, make, names
from neurorl.runs import session

TINY = {"seeds": 2, "steps": 60, "eval_every": 20, "log_every": 30, "checkpoint_every": 30, "eval_episodes": 2}
VERBS = ("start", "point", "flush", "figure", "end", "progress", "say", "close")


class Record(Logger):
    """Keeps everything that it is told."""

    def __init__(self):
        self.told = []

    def __getattribute__(self, verb):
        if verb in VERBS:
            return lambda *arguments: self.told.append((verb, *arguments))
        return super().__getattribute__(verb)


def test_a_logger_is_told_of_a_run_in_order_and_what_the_files_say(tmp_path):
    record = Record()
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers=record, **TINY)
    verbs = [verb for verb, *_ in record.told if verb != "progress"]
    # Points at 20, 30, 40 and 60, checkpoints at 30 and 60; the random agent records nothing, so there is one figure.
    assert verbs == ["start", "point", "point", "flush", "point", "point", "flush", "figure", "end", "close"]
    (_, job, done), *_ = record.told
    assert done == 0
    assert job.values == json.loads(run.folder.config.read_text())
    assert list(job.seeds) == [0, 1]
    assert job.path == run.path
    points = [told[1] for told in record.told if told[0] == "point"]
    assert [(p.step, bool(p.training), bool(p.evaluation)) for p in points] == [
        (20, False, True), (30, True, False), (40, False, True), (60, True, True)
    ]  # fmt: skip
    for p in points:
        for columns, table in ((p.training, run.training), (p.evaluation, run.evaluation)):
            for name, column in columns.items():
                np.testing.assert_array_equal(column, table[table.env_step == p.step][name].to_numpy(float))
    assert np.isnan(points[1].eval_return).all()
    assert points[1].eval_return.shape == (2,)
    (figure,) = [told[1:] for told in record.told if told[0] == "figure"]
    assert figure == ("learning_curve", run.folder.learning_curve)
    (summary,) = [told[1] for told in record.told if told[0] == "end"]
    assert summary == run.summary
    shown = [told[1] for told in record.told if told[0] == "progress"]
    assert [(p.done, p.total, p.unit) for p in shown] == [(step, 60, "steps") for step in (0, 20, 30, 40, 60)]


def test_a_function_is_called_with_every_point(tmp_path):
    seen = []
    neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers=[seen.append], **TINY)
    assert [point.step for point in seen] == [20, 30, 40, 60]


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "say"])
def test_a_logger_that_fails_costs_no_run_and_is_named(tmp_path, verb):
    def fail(*_):
        raise OSError("no terminal")

    broken = type("Broken", (Logger,), {verb: fail})()
    with pytest.warns(NeurorlWarning, match="logger Broken failed.*no terminal"):
        run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers=broken, **TINY)
    assert run.folder.complete


def test_others_are_told_when_one_logger_fails():
    told = []
    good = type("Good", (Logger,), {"flush": lambda self: told.append("flush")})()
    bad = type("Bad", (Logger,), {"flush": lambda self: 1 / 0})()
    loggers = Several([bad, good])
    with pytest.warns(NeurorlWarning):
        loggers.flush()
    loggers.flush()
    assert told == ["flush", "flush"]


@pytest.mark.usefixtures("spikes_are_drawn")
def test_a_figure_that_fails_costs_no_run_and_is_named(tmp_path, monkeypatch):
    def fail(*_):
        raise MemoryError("no room for pixels")

    monkeypatch.setattr(session.figures, "learning_curve", fail)
    monkeypatch.setattr(session.record, "episode", fail)
    record = Record()
    with pytest.warns(NeurorlWarning) as said:
        run = neurorl.train("CartPole-v1", out=tmp_path / "run", settings={"critic.neurons": 1}, loggers=record, **TINY)
    assert ["learning_curve.png" in str(w.message) for w in said].count(True) == 1
    assert ["spikes.png" in str(w.message) for w in said].count(True) == 1
    assert "figure" not in [verb for verb, *_ in record.told]
    assert run.summary["env_steps"] == 60


class Mine(Logger):
    def point(self, point):
        with open("mine.txt", "a") as file:
            file.write(f"{point.step} ")


def test_a_logger_of_ones_own_by_its_name_goes_on_with_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = ["--seeds", "2", "--steps", "40", "--eval-every", "20", "--eval-episodes", "1", "--quiet", "--agent", "random"]
    assert cli.main(["train", "CartPole-v1", *flags, "--log", f"{__name__}:Mine", "--out", "run"]) == 0
    assert (tmp_path / "mine.txt").read_text() == "20 40 "
    assert identity.read(tmp_path / "run").loggers == [f"{__name__}:Mine"]
    assert cli.main(["resume", "run", "--steps", "60", "--quiet"]) == 0
    assert (tmp_path / "mine.txt").read_text() == "20 40 60 "
    capsys.readouterr()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("tensorbord", "logger 'tensorbord' is unknown; did you mean 'tensorboard'"),
        ("nomodule:Logger", "module 'nomodule' cannot be imported"),
        (f"{__name__}:Nothing", "has no 'Nothing'"),
        ([3], "3 is no logger"),
        ([int], "is no logger"),
    ],
)
def test_what_is_no_logger_is_refused_before_there_is_a_folder(tmp_path, given, says):
    with pytest.raises(NeurorlError, match=says):
        neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers=given, **TINY)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["wandb", "mlflow", "trackio", "tensorboard"])
def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch, name):
    package = {"tensorboard": "tensorboardX"}.get(name, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NeurorlError, match=rf"logger '{name}' needs an extra: pip install 'neurorl\[{name}\]'"):
        make(name)
    with pytest.warns(NeurorlWarning, match="it goes on without this logger"):
        assert names.make_again([name], ()) == [], "a run that goes on elsewhere is not lost"


def test_loggers_are_given_by_name_object_class_and_function_each_once():
    first, *others = make(["bar,bar", Mine, "bar", print])
    assert first.given_name == "bar"
    assert [type(other).__name__ for other in others] == ["Mine", "Callback"]
    assert make("") == []
    assert names.lasting([first, *others]) == []


def test_who_watches_sees_a_bar_without_asking(monkeypatch):
    assert names.make(None) == []  # a program
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: None))
    assert names.make(None) == []  # IPython is there, and nobody in front of it
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=object))
    assert [type(logger).__name__ for logger in names.make(None)] == ["Bar"]
    assert names.make(()) == []
    monkeypatch.delitem(sys.modules, "IPython")
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert [type(logger).__name__ for logger in names.make(None)] == ["Bar"]


def test_a_failed_start_leaves_no_id_behind(tmp_path):
    with pytest.raises(NeurorlError):
        neurorl.train("CartPole-v1", "random", out=tmp_path / "run", settings={"gama": 1}, **TINY)
    assert not (tmp_path / "run").exists()


def test_who_begins_at_once_agrees_on_the_id(tmp_path):
    known, barrier = [], threading.Barrier(8)

    def begin():
        barrier.wait()
        known.append(identity.keep(tmp_path, ["wandb"]))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(map(str, known)) == {str(identity.read(tmp_path))}
    assert [path.name for path in tmp_path.iterdir()] == ["loggers.json"]
    assert identity.keep(tmp_path, ["mlflow"]) == identity.Identity(known[0].id, ["wandb", "mlflow"])


def test_a_run_that_nobody_asks_for_its_id_has_none(tmp_path):
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", loggers="bar", **TINY)
    assert not run.folder.loggers.exists()


def test_a_disk_without_links_keeps_the_id_too(tmp_path, monkeypatch):
    def unable(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(identity.os, "link", unable)
    assert identity.keep(tmp_path, []) == identity.read(tmp_path)


def test_a_point_without_columns_has_returns_that_are_no_numbers():
    point = Point(3, {}, {}, np.zeros(4, bool))
    assert np.isnan(point.eval_return).all()
    assert not (point.eval_return >= 0.0).any()
    assert not (point.eval_return < 0.0).any()
    assert point.recent_return.shape == (4,)
