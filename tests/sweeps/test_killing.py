"""Kill a sweep at any moment, and its tables are those of the serial run, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from neurorl import sweeps
from tests.sweeps.conftest import TINY
from tests.sweeps.test_sweep import files

FILE = """
env = "CartPole-v1"
agent = "random"
steps = 60_000
seeds = 4
eval_every = 10_000
eval_episodes = 2
group = 4
[grid]
env.length = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
env.gravity = [5.0, 9.8]
"""
COMMAND = [sys.executable, "-m", "neurorl.cli", "sweep", "many.toml"]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The files of the serial run."""
    folder = tmp_path_factory.mktemp("killing")
    (folder / "many.toml").write_text(FILE)
    report = sweeps.sweep(folder / "many.toml", out=folder / "serial")
    assert report.failures == []
    assert report.shards == 16
    return files(report.folder)


def start(folder, *arguments):
    (folder / "many.toml").write_text(FILE)
    return subprocess.Popen([*COMMAND, *arguments], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def wait_for(folder, shards, process):
    while len(list((folder / "runs/many/shards").glob("rows*.parquet"))) < shards:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["local", "pool"])
def test_a_sweep_killed_twice_at_random_moments_gives_the_tables_of_the_serial_run(tmp_path, expected, runner):
    chance = random.Random(4)
    for shards in (1, 9):
        process = start(tmp_path, "--runner", runner)
        wait_for(tmp_path, shards, process)
        time.sleep(chance.uniform(0.0, 0.4))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "runs/many/shards").glob("rows*.parquet")}
    assert not (tmp_path / "runs/many/results.parquet").exists()
    subprocess.run([*COMMAND, "--quiet"], cwd=tmp_path, check=True)
    from neurorl.sweeps.folder import SweepFolder

    folder = SweepFolder(tmp_path / "runs/many")
    assert files(folder) == expected
    for name, when in before.items():
        assert (folder.shards / name).stat().st_mtime_ns == when, "what was done is not done again"


@pytest.mark.slow
def test_ctrl_c_ends_the_pool_at_once_and_says_how_to_go_on(tmp_path):
    process = start(tmp_path, "--runner", "pool")
    wait_for(tmp_path, 1, process)
    workers = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    assert workers
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    time.sleep(1.0)
    assert not [worker for worker in workers if os.path.exists(f"/proc/{worker}")]


@pytest.mark.slow
def test_a_killed_process_of_the_pool_costs_its_shard_only(tmp_path, expected):
    process = start(tmp_path, "--runner", "pool", "--processes", "1")
    wait_for(tmp_path, 1, process)
    (worker,) = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    os.kill(int(worker), signal.SIGKILL)
    process.communicate(timeout=300)
    assert process.returncode == 0
    from neurorl.sweeps.folder import SweepFolder

    assert files(SweepFolder(tmp_path / "runs/many")) == expected


@pytest.mark.slow
def test_a_killed_node_of_a_ray_cluster_costs_its_shards_only(tmp_path, expected):
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    (tmp_path / "many.toml").write_text(FILE)
    out = tmp_path / "runs/many"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        second = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        alive = []

        def kill():
            while len(list((out / "shards").glob("rows*.parquet"))) < 3:
                time.sleep(0.05)
            cluster.remove_node(second, allow_graceful=False)
            alive.append(len([node for node in ray.nodes() if node["Alive"]]))

        threading.Thread(target=kill, daemon=True).start()
        report = sweeps.sweep(tmp_path / "many.toml", out=out, runner="ray", address=cluster.address)
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert alive, "the node was killed during the sweep"
    assert report.failures == []
    assert files(report.folder) == expected


@pytest.mark.slow
def test_the_pool_gives_the_bytes_of_the_serial_run(tmp_path, serial):
    report = sweeps.sweep(TINY, out=tmp_path / "pool", runner="pool", processes=2)
    assert files(report.folder) == files(serial)
