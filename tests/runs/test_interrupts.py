"""Signals: a run saves where it can, and goes on to the bytes of the run that was never stopped."""

import os
import signal
import subprocess
import sys
import time

import pytest

import neurorl
from neurorl import cli, interrupts
from neurorl.interrupts import Interrupted
from neurorl.loggers import Logger
from neurorl.runs import checkpoints

TINY = {"seeds": 2, "steps": 60, "eval_every": 20, "log_every": 10, "checkpoint_every": 40, "eval_episodes": 1}
FILES = ("training.parquet", "evaluation.parquet")


class Kill(Logger):
    """Sends this process a signal when a step is reached."""

    def __init__(self, step, *signals):
        self.step, self.signals = step, signals

    def point(self, point):
        for each in self.signals if point.step == self.step else ():
            signal.raise_signal(each)


@pytest.fixture(autouse=True)
def hangups_are_heard():
    """Where the tests themselves run under nohup, SIGHUP is ignored and stays so in what they start."""
    previous = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, previous)


@pytest.fixture(scope="module", params=["jax", "host"])
def whole(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / request.param
    return neurorl.train("CartPole-v1", "random", out=out, loop=request.param, **TINY)


@pytest.mark.parametrize("signum", interrupts.SIGNALS)
@pytest.mark.parametrize("step", [30, 40, 60])
def test_a_signal_saves_and_the_resumed_run_has_the_bytes_of_the_whole_one(tmp_path, whole, signum, step):
    loop, out = whole.path.name, tmp_path / "run"
    before = signal.getsignal(signum)
    if step == 60:  # the last step: there is nothing left to resume
        run = neurorl.train("CartPole-v1", "random", out=out, loop=loop, loggers=Kill(step, signum), **TINY)
    else:
        with pytest.raises(Interrupted, match=f"interrupted at step {step} and saved.*neurorl resume") as said:
            neurorl.train("CartPole-v1", "random", out=out, loop=loop, loggers=Kill(step, signum), **TINY)
        assert said.value.signum == signum
        regular = [0] if step == 30 else [0, 40]
        assert checkpoints.steps(out / "checkpoints") == (regular if loop == "host" or step == 40 else [0, 30])
        assert not (out / "summary.json").exists()
        run = neurorl.resume(out)
    assert signal.getsignal(signum) == before
    for name in FILES:
        assert (run.path / name).read_bytes() == (whole.path / name).read_bytes()


def test_a_second_signal_ends_the_run_at_once(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        neurorl.train("CartPole-v1", "random", out=tmp_path / "r", loggers=Kill(30, signal.SIGTERM, signal.SIGINT), **TINY)
    assert checkpoints.steps(tmp_path / "r/checkpoints") == [0]


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_command_ends_with_the_signals_status(monkeypatch, capsys, signum, status):
    def run(_):
        signal.raise_signal(signum)
        time.sleep(5)

    monkeypatch.setattr(cli.plot, "run", run)
    assert cli.main(["plot", "somewhere"]) == status
    assert capsys.readouterr().err == "neurorl: interrupted; what was saved can be resumed\n"


def test_an_ignored_signal_stays_ignored(monkeypatch):
    monkeypatch.setattr(interrupts, "SIGNALS", (signal.SIGHUP,))
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with interrupts.deferred() as came:
            signal.raise_signal(signal.SIGHUP)
            assert came() is None
    finally:
        signal.signal(signal.SIGHUP, previous)


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["local", "pool"])
def test_sigterm_ends_a_sweep_and_its_workers_and_says_how_to_go_on(tmp_path, runner):
    (tmp_path / "s.toml").write_text(
        'env = "CartPole-v1"\nagent = "random"\nsteps = 4000000\neval_every = 1000000\nseeds = 2\ngroup = 1'
    )
    command = [sys.executable, "-m", "neurorl.cli", "sweep", "s.toml", "--runner", runner, "--quiet"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "runs/s/sweep.json").exists():
        time.sleep(0.05)
        assert process.poll() is None
    time.sleep(3.0)
    workers = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 143
    assert err == "neurorl: interrupted; what was saved can be resumed\n"
    time.sleep(1.0)
    assert not [worker for worker in workers if os.path.exists(f"/proc/{worker}")]
