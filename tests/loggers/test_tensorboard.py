"""TensorBoard has every point once whatever happened, and the configuration and the figures."""

import struct

import pytest

import neurorl
from neurorl.loggers import Logger

pytest.importorskip("tensorboardX")
TINY = {"seeds": 2, "steps": 60, "eval_every": 20, "log_every": 20, "checkpoint_every": 20, "eval_episodes": 1}


def events(folder):
    """Yield each log's name and its events, in the order of the files and within them."""
    from tensorboardX.proto.event_pb2 import Event

    for file in sorted(folder.rglob("events*")):
        content, at = file.read_bytes(), 0
        while at < len(content):
            (length,) = struct.unpack_from("<Q", content, at)
            yield file.parent.name, Event.FromString(content[at + 12 : at + 12 + length])
            at += 16 + length


def logged(folder, tag="evaluation/return"):
    """Return the points of each log."""
    points = {}
    for log, event in events(folder):
        points.setdefault(log, []).extend((event.step, v.simple_value) for v in event.summary.value if v.tag == tag)
    return {log: sorted(found) for log, found in points.items()}


@pytest.fixture
def tensorboard():
    from neurorl.loggers.tensorboard import TensorBoard

    return TensorBoard


def test_a_log_goes_on_from_a_checkpoint_with_every_point_once(job, point, tensorboard):
    killed = tensorboard()
    killed.start(job, 0)
    for step in (20, 40):
        killed.point(point(step))
    killed.flush()  # a checkpoint
    killed.point(point(60))
    killed.flush()  # what a kill left; steps after the checkpoint come again
    assert [step for step, _ in logged(job.path)["seed-5"]] == [20, 40, 60]
    for file in job.path.rglob("events*"):
        file.write_bytes(file.read_bytes() + b"half a rec")
    resumed = tensorboard()
    resumed.start(job, 40)
    for step in (60, 80):
        resumed.point(point(step))
    resumed.close()
    killed.close()
    for tag in ("evaluation/return", "training/recent_return"):
        found = logged(job.path, tag)
        steps = (20, 40, 60, 80)
        assert found["seed-5"] == [(step, float(step)) for step in steps]
        assert found["seed-6"] == [(step, step + 1.0) for step in steps]
        assert found["all-seeds"] == [(step, step + 0.5) for step in steps]
    assert logged(job.path, "training/episode_return")["all-seeds"] == [(step, 1.0) for step in steps], "of those that have one"
    assert logged(job.path, "training/episode_return")["seed-5"] == []
    assert logged(job.path, "evaluation/solved")["all-seeds"] == [(step, 0.5) for step in steps]


def test_an_interrupted_run_and_its_resumption_log_what_the_whole_run_logs(tmp_path):
    neurorl.train("CartPole-v1", "random", out=tmp_path / "whole", loggers="tensorboard", **TINY)

    class Stop(Logger):
        def point(self, point):
            if point.step == 40:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        neurorl.train("CartPole-v1", "random", out=tmp_path / "cut", loggers=["tensorboard", Stop()], **TINY)
    neurorl.resume(tmp_path / "cut")  # its loggers go on
    assert logged(tmp_path / "cut") == logged(tmp_path / "whole")
    assert len(logged(tmp_path / "whole")["seed-0"]) == 3
    texts = [event.summary.value[0] for _, event in events(tmp_path / "cut") if event.summary.value[:1]]
    assert sum('"env_id": "CartPole-v1"' in text.tensor.string_val[0].decode() for text in texts if text.tensor.string_val) == 1
    (image,) = [text.image for text in texts if text.tag == "learning_curve"]
    assert image.encoded_image_string == (tmp_path / "cut/learning_curve.png").read_bytes()
    assert image.width > image.height > 100


def test_many_learners_are_logged_together(job, point, tensorboard, monkeypatch):
    monkeypatch.setattr("neurorl.loggers.tensorboard.APART", 1)
    logger = tensorboard()
    logger.start(job, 0)
    logger.point(point(20))
    logger.close()
    assert logged(job.path) == {"all-seeds": [(20, 20.5)]}
