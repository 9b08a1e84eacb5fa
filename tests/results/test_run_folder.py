"""The folder of a run: who gets it, what is overwritten, and ``~``."""

import threading

import pytest

import neurorl
from neurorl import cli
from neurorl.errors import NeurorlError
from neurorl.results import run_folder
from neurorl.results.run_folder import RunFolder
from neurorl.runs.config import Config
from neurorl.sweeps.folder import SweepFolder

TINY = {"seeds": 1, "steps": 20, "eval_every": 20, "eval_episodes": 1}


def test_runs_that_start_in_the_same_second_get_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_folder.time, "strftime", lambda _: "20260101-000000")
    folders, barrier = [], threading.Barrier(8)

    def make():
        barrier.wait()
        folders.append(run_folder.create_default("neurorl/X-v0", "my:Agent", 3).path)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(folders)) == 8
    assert {path.name for path in folders} >= {
        "neurorl_X-v0__my_Agent__3__20260101-000000",
        "neurorl_X-v0__my_Agent__3__20260101-000000-8",
    }


def test_a_folder_that_two_ask_for_is_given_once(tmp_path):
    given, refused, barrier = [], [], threading.Barrier(6)

    def make():
        barrier.wait()
        try:
            given.append(run_folder.create(tmp_path / "same", overwrite=False))
        except NeurorlError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 1
    assert len(refused) == 5


def test_overwriting_removes_what_a_run_wrote_and_nothing_else(tmp_path):
    out = tmp_path / "run"
    neurorl.train("CartPole-v1", "random", out=out, **TINY)
    log = out / "tensorboard/seed-0/events.out.tfevents.1.host"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"log")
    (out / ".summary.123.json").write_text("left by a kill")
    (out / "checkpoints/.20.123").mkdir()
    own = [out / "notes.txt", out / "checkpoints/README", out / "tensorboard/mine.csv", out / "films/film.mp4"]
    for file in own:
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine")
    run = neurorl.train("CartPole-v1", "random", out=out, overwrite=True, **(TINY | {"seed": 1}))
    assert run.summary["seeds"] == [1]
    assert all(file.read_text() == "mine" for file in own)
    assert not log.parent.exists()
    assert not list(out.rglob(".*"))
    RunFolder(out).clear()
    assert {path for path in out.rglob("*") if path.is_file()} == set(own)


@pytest.mark.parametrize("left", ["checkpoints", ".config.4711.json"])
def test_a_kill_before_there_is_a_configuration_leaves_a_folder_that_can_be_overwritten(tmp_path, left):
    out = tmp_path / "run"
    out.mkdir()
    (out / left).mkdir() if left == "checkpoints" else (out / left).write_text("{")
    with pytest.raises(NeurorlError, match="--overwrite"):
        run_folder.create(out, overwrite=False)
    assert not (run_folder.create(out, overwrite=True).path / ".config.4711.json").exists()
    (out / "thesis.tex").write_text("mine")
    with pytest.raises(NeurorlError, match="is not a run"):
        run_folder.create(out, overwrite=True)


def test_a_run_has_its_configuration_before_anything_that_takes_time(tmp_path, monkeypatch):
    def killed(_):
        raise KeyboardInterrupt  # as a kill, it clears nothing away

    with monkeypatch.context() as patch:
        patch.setattr(Config, "make_loop", killed)
        with pytest.raises(KeyboardInterrupt):
            neurorl.train("CartPole-v1", "random", out=tmp_path / "run", **TINY)
    assert neurorl.resume(tmp_path / "run").summary["final_return"] is not None


def test_a_folder_with_nothing_else_in_it_goes_as_a_whole(tmp_path):
    folder = run_folder.create(tmp_path / "run", overwrite=False)
    folder.config.write_text("{}")
    folder.clear()
    assert not folder.path.exists()


def test_the_home_folder_is_meant_by_a_tilde_everywhere(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    run = neurorl.train("CartPole-v1", "random", out="~/in/python", **TINY)
    assert run.path == tmp_path / "in/python"
    assert neurorl.load("~/in/python").summary == run.summary
    assert neurorl.resume("~/in/python").path == run.path
    assert run.plot("~/curve.png") == tmp_path / "curve.png"
    assert cli.main(["plot", "~/in/python", "--out=~/plot.png"]) == 0
    assert cli.main(["compare", "~/in/python", "--out=~/compare.png"]) == 0
    assert SweepFolder("~/sweep").path == tmp_path / "sweep"
    capsys.readouterr()
    assert {path.name for path in tmp_path.iterdir()} == {
        "in", "curve.png", "plot.png", "compare.png", "compare.md", "compare.csv"
    }  # fmt: skip
