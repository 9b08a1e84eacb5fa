"""Meters: none of them can cost a run, and TensorBoard has every point once whatever happened."""

import struct

import numpy as np
import pytest

import neurorl
from neurorl.errors import NeurorlWarning
from neurorl.results.run_folder import RunFolder
from neurorl.runs import training
from neurorl.runs.progress import Progress, Several, TensorBoard

TINY = {"seeds": 2, "steps": 60, "eval_every": 20, "log_every": 20, "checkpoint_every": 20, "eval_episodes": 1}
VALUES = {"seed": 5, "seeds": 2}


def logged(folder, tag="evaluation/return"):
    """Return the points of each seed's logs, in the order of the files and within them."""
    from tensorboardX.proto.event_pb2 import Event

    points = {}
    for file in sorted(folder.rglob("events*")):
        content, at = file.read_bytes(), 0
        while at < len(content):
            (length,) = struct.unpack_from("<Q", content, at)
            event = Event.FromString(content[at + 12 : at + 12 + length])
            points.setdefault(file.parent.name, []).extend(
                (event.step, v.simple_value) for v in event.summary.value if v.tag == tag
            )
            at += 16 + length
    return {seed: sorted(found) for seed, found in points.items()}


def show(meter, *steps):
    for step in steps:
        meter.update(step, {"recent_return": np.full(2, float(step))}, 1.0)
        meter.evaluated(step, np.full((2, 1), float(step)))


def test_a_log_goes_on_from_a_checkpoint_with_every_point_once(tmp_path):
    pytest.importorskip("tensorboardX")
    folder = RunFolder(tmp_path)
    killed = TensorBoard()
    killed.start(folder, VALUES, 0)
    show(killed, 20, 40)
    killed.flush()  # a checkpoint
    show(killed, 60)
    killed.flush()  # what a kill left; steps after the checkpoint come again
    for file in folder.tensorboard.rglob("events*"):
        file.write_bytes(file.read_bytes() + b"half a rec")
    assert [step for step, _ in logged_whole(folder)["seed-5"]] == [20, 40, 60]
    resumed = TensorBoard()
    resumed.start(folder, VALUES, 40)
    show(resumed, 60, 80)
    resumed.close()
    killed.close()
    for tag in ("evaluation/return", "training/recent_return"):
        found = logged(folder.tensorboard, tag)
        assert found == {f"seed-{seed}": [(step, float(step)) for step in (20, 40, 60, 80)] for seed in (5, 6)}


def logged_whole(folder):
    """Return what is logged, without the ten bytes of half a record at the end of each file."""
    for file in folder.tensorboard.rglob("events*"):
        content = file.read_bytes()
        file.write_bytes(content.removesuffix(b"half a rec"))
    found = logged(folder.tensorboard)
    for file in folder.tensorboard.rglob("events*"):
        file.write_bytes(file.read_bytes() + b"half a rec")
    return found


def test_an_interrupted_run_and_its_resumption_log_what_the_whole_run_logs(tmp_path):
    pytest.importorskip("tensorboardX")
    neurorl.train("CartPole-v1", "random", out=tmp_path / "whole", progress=TensorBoard(), **TINY)

    class Stop(Progress):
        def evaluated(self, step, returns):
            if step == 40:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        neurorl.train("CartPole-v1", "random", out=tmp_path / "cut", progress=Several(TensorBoard(), Stop()), **TINY)
    neurorl.resume(tmp_path / "cut", progress=TensorBoard())
    assert logged(tmp_path / "cut") == logged(tmp_path / "whole")
    assert len(logged(tmp_path / "whole")["seed-0"]) == 3


@pytest.mark.parametrize("verb", ["start", "update", "evaluated", "flush", "close"])
def test_a_meter_that_fails_costs_no_run_and_is_named(tmp_path, verb):
    def fail(*_):
        raise OSError("no terminal")

    broken = type("Broken", (Progress,), {verb: fail})()
    with pytest.warns(NeurorlWarning, match="meter Broken failed.*no terminal"):
        run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", progress=broken, **TINY)
    assert run.folder.complete


def test_others_are_told_when_one_meter_fails():
    told = []
    good = type("Good", (Progress,), {"flush": lambda self: told.append("flush")})()
    bad = type("Bad", (Progress,), {"flush": lambda self: 1 / 0})()
    meters = Several(bad, good)
    with pytest.warns(NeurorlWarning):
        meters.flush()
    meters.flush()
    assert told == ["flush", "flush"]


def test_a_figure_that_fails_costs_no_run_and_is_named(tmp_path, monkeypatch):
    def fail(*_):
        raise MemoryError("no room for pixels")

    monkeypatch.setattr(training.figures, "learning_curve", fail)
    monkeypatch.setattr(training.record, "episode", fail)
    with pytest.warns(NeurorlWarning) as said:
        run = neurorl.train("CartPole-v1", out=tmp_path / "run", settings={"critic.neurons": 1}, **TINY)
    assert ["learning_curve.png" in str(w.message) for w in said].count(True) == 1
    assert ["spikes.png" in str(w.message) for w in said].count(True) == 1
    assert run.summary["env_steps"] == 60
