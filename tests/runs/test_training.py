import json
import os
import shutil
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pyarrow.parquet as pq
import pytest

import neurorl
from neurorl import agents
from neurorl.errors import NeurorlError
from neurorl.loops import jax_loop
from neurorl.loops.jax_loop import JaxLoop
from neurorl.runs import checkpoints, config

SMALL = {"seeds": 3, "steps": 600, "eval_every": 200, "eval_episodes": 2, "checkpoint_every": 200, "log_every": 200}


def leaves(tree):
    return [np.asarray(jax.random.key_data(x) if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key) else x)
            for x in jax.tree.leaves(tree)]  # fmt: skip


def test_a_run_folder_holds_what_it_promises(finished_run):
    names = {path.name for path in finished_run.path.iterdir()}
    assert {"config.json", "training.parquet", "evaluation.parquet", "timing.json", "checkpoints", "learning_curve.png",
            "spikes.png", "summary.json"} <= names  # fmt: skip
    summary = json.loads((finished_run.path / "summary.json").read_text())
    assert summary["eval_steps"] == [200, 400, 600]
    assert np.shape(summary["eval_return"]) == (3, 3)
    assert len(summary["steps_to_threshold"]) == len(summary["final_return"]) == 3
    for name in ("env_id", "agent", "seeds", "env_steps", "threshold", "final_return_iqm", "final_return_ci95",
                 "env_steps_per_second", "compile_seconds", "versions"):  # fmt: skip
        assert summary[name] is not None, name
    assert checkpoints.steps(finished_run.folder.checkpoints) == [0, 200, 400, 600]


def test_curves_hold_one_row_a_seed_and_point_and_no_nan(finished_run):
    for name, points in (("training.parquet", 1), ("evaluation.parquet", 3)):
        table = pq.read_table(finished_run.path / name)
        assert table.num_rows == 3 * points
        assert not table.to_pandas().duplicated(["seed", "env_step"]).any()
        for column in table.itercolumns():
            assert not np.isnan(column.drop_null().to_numpy().astype(float)).any()


def test_the_same_seed_gives_the_same_bytes(tmp_path, finished_run):
    again = neurorl.train("CartPole-v1", out=tmp_path / "again", **{k: v for k, v in SMALL.items() if k != "log_every"})
    for name in ("training.parquet", "evaluation.parquet"):
        assert (again.path / name).read_bytes() == (finished_run.path / name).read_bytes()


def test_zero_dopamine_changes_no_plastic_weight_at_all(tmp_path):
    run = neurorl.train("CartPole-v1", out=tmp_path / "frozen", settings={"dopamine.gain": 0}, **SMALL)
    first, last = run.learners(0).agent, run.learners(600).agent
    for name in ("actor", "critic"):
        assert np.array_equal(getattr(first, name).weights, getattr(last, name).weights)
    assert np.array_equal(first.actor.slow, last.actor.slow)
    assert not np.array_equal(first.actor.eligibility, last.actor.eligibility)


def test_dopamine_changes_weights(finished_run):
    first, last = finished_run.learners(0).agent, finished_run.learners().agent
    assert not np.array_equal(first.actor.weights, last.actor.weights)
    assert not np.array_equal(first.actor.slow, last.actor.slow)


def test_slow_weights_act_and_do_not_teach(finished_run, tmp_path):
    options = {k: v for k, v in SMALL.items() if k != "log_every"}
    fast = neurorl.train("CartPole-v1", out=tmp_path / "fast", settings={"consolidation.window": 1}, **options)
    assert (fast.path / "training.parquet").read_bytes() == (finished_run.path / "training.parquet").read_bytes()
    last = fast.learners().agent
    np.testing.assert_allclose(last.actor.slow, last.actor.weights, rtol=1e-5, atol=1e-6)


# Small enough that updates, and a memory that is full, fall into 600 steps, between checkpoints and across them.
DQN = {"memory": 150, "begin": 50, "batch": 8, "train_every": 7, "target_every": 50, "hidden": [8, 8]}


@pytest.mark.parametrize(
    ("loop", "agent", "settings"),
    [
        ("jax", "spiking-actor-critic", {}),
        ("host", "spiking-actor-critic", {}),
        pytest.param("jax", "dqn", DQN, marks=pytest.mark.slow),
        pytest.param("host", "dqn", DQN, marks=pytest.mark.slow),
        pytest.param("jax", "ppo", {"rollout": 128, "hidden": 8}, marks=pytest.mark.slow),
        pytest.param("jax", "linear-sarsa", {}, marks=pytest.mark.slow),
    ],
)
def test_a_run_resumed_from_any_checkpoint_equals_the_one_never_stopped(tmp_path, loop, agent, settings):
    whole = neurorl.train("CartPole-v1", agent, out=tmp_path / "whole", loop=loop, settings=settings, **SMALL)
    stopped = tmp_path / "stopped"
    shutil.copytree(whole.path, stopped)
    for name in ("summary.json", "checkpoints/600", "checkpoints/400"):
        path = stopped / name
        subprocess.run(["rm", "-r", str(path)], check=True)
    resumed = neurorl.resume(stopped)
    for name in ("training.parquet", "evaluation.parquet"):
        assert (resumed.path / name).read_bytes() == (whole.path / name).read_bytes()
    for a, b in zip(leaves(resumed.learners()), leaves(whole.learners()), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.slow
def test_kill_and_resume_gives_the_parquet_of_the_run_never_killed(tmp_path):
    arguments = [
        "CartPole-v1",
        "--seeds",
        "3",
        "--steps",
        "6000",
        "--eval-every",
        "1000",
        "--checkpoint-every",
        "1000",
        "--quiet",
    ]
    command = [sys.executable, "-m", "neurorl.cli"]
    subprocess.run([*command, "train", *arguments, "--out", tmp_path / "whole"], check=True)
    killed = subprocess.Popen([*command, "train", *arguments, "--out", tmp_path / "killed"])
    while not (tmp_path / "killed/checkpoints/2000").is_dir():
        time.sleep(0.05)
        assert killed.poll() is None
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "killed/summary.json").exists()
    subprocess.run([*command, "resume", tmp_path / "killed", "--quiet"], check=True)
    for name in ("training.parquet", "evaluation.parquet"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.slow
def test_interrupt_saves_and_says_how_to_resume(tmp_path):
    command = [sys.executable, "-m", "neurorl.cli", "train", "CartPole-v1", "--seeds", "3", "--steps", "400000",
               "--eval-every", "100000", "--out", tmp_path / "run", "--quiet"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run/checkpoints/0").is_dir():
        time.sleep(0.05)
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert f"neurorl resume {tmp_path / 'run'}" in err
    assert "Traceback" not in err
    assert checkpoints.steps(tmp_path / "run/checkpoints")[-1] > 0


@pytest.mark.slow
def test_without_a_checkpoint_a_run_starts_again_from_its_configuration(tmp_path, finished_run):
    out = tmp_path / "young"
    neurorl.train("CartPole-v1", out=out, **SMALL)
    subprocess.run(["rm", "-r", str(out / "checkpoints"), str(out / "summary.json")], check=True)
    resumed = neurorl.resume(out)
    assert (resumed.path / "evaluation.parquet").read_bytes() == (finished_run.path / "evaluation.parquet").read_bytes()


def test_a_truncated_checkpoint_is_named(tmp_path):
    out = tmp_path / "damaged"
    neurorl.train("CartPole-v1", out=out, **SMALL)
    (out / "summary.json").unlink()
    for path in (out / "checkpoints/600").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(NeurorlError, match=r"checkpoint .*600.* is damaged"):
        neurorl.resume(out)


def test_one_compilation_a_run(tmp_path):
    before = dict(jax_loop.compilations)
    options = {**SMALL, "seeds": 2, "log_every": 150, "max_episode_steps": 123}  # as no other run in this process
    neurorl.train("CartPole-v1", out=tmp_path / "run", **options)
    after = jax_loop.compilations
    assert after["advance"] - before["advance"] == 1
    assert after["evaluate"] - before["evaluate"] == 1


@pytest.mark.parametrize("agent", [name for name in agents.names() if name != "sarsa"])  # which has a table of states
@pytest.mark.parametrize("env_id", ["CartPole-v1", "Breakout-MinAtar", "neurorl/FpgaTelemetry-v0"])
def test_what_a_step_leaves_has_the_types_of_what_a_run_begins_with(agent, env_id):
    built = config.build(env_id, agent, {}, {})
    loop = JaxLoop(built.task, built.agent, 0, 2, 1, 2)
    state, progress, world = jax.eval_shape(loop._init, loop.agent, loop.params, loop.keys)
    number = jax.ShapeDtypeStruct((), int)
    after = jax.eval_shape(loop._advance_all, loop.agent, loop.params, loop.keys, state, progress, world, number, number)
    for (path, before), now in zip(
        jax.tree_util.tree_leaves_with_path((state, progress, world)), jax.tree.leaves(after), strict=True
    ):
        told = f"{jax.tree_util.keystr(path)}: its program is compiled a second time"
        assert (before.dtype, before.weak_type) == (now.dtype, now.weak_type), told


def test_a_learner_is_bit_identical_at_any_place_and_can_be_taken_out():
    built = config.build("CartPole-v1", "spiking-actor-critic", {}, {})

    def after_500_steps(first_seed):
        loop = JaxLoop(built.task, built.agent, first_seed, 4, 1, 2)
        return jax.block_until_ready(loop.advance(loop.init(), 500))

    a, b = after_500_steps(10), after_500_steps(12)  # seeds 12 and 13 are learners 2 and 3, then 0 and 1
    for x, y in zip(leaves(a._replace(step=jax.numpy.zeros(4))), leaves(b._replace(step=jax.numpy.zeros(4))), strict=True):
        assert np.array_equal(x[2:], y[:2])


def test_a_trained_agent_repeats_itself_from_the_same_checkpoint(finished_run):
    observation = np.array([0.01, -0.2, 0.05, 0.3], np.float32)
    first, loaded = finished_run.agent(1), neurorl.load(finished_run.path).agent(1)
    actions = [first.act(observation) for _ in range(20)]
    assert set(actions) <= {0, 1}
    assert actions == [loaded.act(observation) for _ in range(20)]
    first.reset()
    assert actions == [first.act(observation) for _ in range(20)]


def test_configuration_round_trips_through_json(finished_run):
    values = json.loads((finished_run.path / "config.json").read_text())
    assert config.from_json(values).to_json() == values


def test_a_run_that_never_began_cannot_be_summarised(tmp_path, finished_run):
    with pytest.raises(NeurorlError, match="no folder"):
        neurorl.load(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NeurorlError, match="not a run"):
        neurorl.load(tmp_path / "empty")
    with pytest.raises(NeurorlError, match="out of range"):
        finished_run.agent(3)
