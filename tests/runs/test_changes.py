"""Rules that change in mid-run: from the named step on, without compiling again, and through a resume."""

import json

import numpy as np
import pytest

import neurorl
from neurorl.cli import main
from neurorl.envs import resolve
from neurorl.errors import NeurorlError
from neurorl.loops import jax_loop
from neurorl.runs import changes, checkpoints

OPTIONS = {"seeds": 2, "eval_every": 200, "eval_episodes": 2, "log_every": 100, "checkpoint_every": 200}
AGENT = "linear-sarsa"  # it learns, and compiles in a moment
FLIP = ((300, "force_mag", -10.0),)


def curves_of(run):
    return run.folder.training.read_bytes(), run.folder.evaluation.read_bytes()


def test_the_rule_holds_from_its_step_on_and_what_follows_from_it_follows():
    task = resolve("CartPole-v1")
    rules = ((10, "masscart", 3.0), (20, "masscart", 5.0), (15, "gravity", 20.0))
    seen = {step: changes.at(rules, task, step).env_params for step in (9, 10, 15, 20, 99)}
    assert [p.masscart for p in seen.values()] == [1.0, 3.0, 3.0, 5.0, 5.0]
    assert [p.gravity for p in seen.values()] == [9.8, 9.8, 20.0, 20.0, 20.0]
    assert [p.total_mass for p in seen.values()] == pytest.approx([1.1, 3.1, 3.1, 5.1, 5.1])
    assert [changes.next_one(rules, step) for step in (0, 10, 15, 20)] == [10, 15, 20, None]


def test_a_shorter_time_limit_and_a_parameter_set_by_hand_survive_a_change():
    task = resolve("CartPole-v1", max_episode_steps=50).altered({"gravity": 3.0})
    assert task.env_params.max_steps_in_episode == 50
    task = resolve("CartPole-v1", settings={"total_mass": 9.0}).altered({"masscart": 2.0})
    assert task.env_params.total_mass == 9.0


@pytest.mark.slow
def test_a_run_is_the_same_up_to_the_change_and_another_after_it(tmp_path):
    plain = neurorl.train("CartPole-v1", AGENT, out=tmp_path / "plain", steps=600, **OPTIONS)
    before = dict(jax_loop.compilations)
    flipped = neurorl.train("CartPole-v1", AGENT, out=tmp_path / "flipped", steps=600, changes=FLIP, **OPTIONS)
    assert jax_loop.compilations["advance"] - before["advance"] <= 1, "a change compiles nothing"
    a, b = (run.training.drop(columns="seed") for run in (plain, flipped))
    early = a["env_step"] <= 300
    assert a[early].equals(b[early])
    assert not a[~early].equals(b[~early])
    steps = checkpoints.steps(flipped.folder.checkpoints)
    flipped.folder.summary.unlink()
    for step in (s for s in steps if s > 200):
        (flipped.folder.checkpoints / str(step)).rename(tmp_path / f"gone{step}")
    expected = curves_of(flipped)
    resumed = neurorl.resume(tmp_path / "flipped")
    assert curves_of(resumed) == expected, "interrupted before the change and resumed"


@pytest.mark.slow
def test_frozen_weights_meet_the_rule_that_was_in_force(tmp_path):
    run = neurorl.train("CartPole-v1", AGENT, out=tmp_path / "run", steps=600, changes=((300, "gravity", 0.0),), **OPTIONS)
    assert run.evaluate(episodes=2, step=200)["environment"] == "gymnasium"
    assert run.evaluate(episodes=2, step=600)["environment"] == "gymnax"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (((300, "gravty", 1.0),), "unknown parameter 'env.gravty'.*gravity"),
        (((600, "gravity", 1.0),), "names step 600"),
        (((0, "gravity", 1.0),), "names step 0"),
        (((300, "gravity", "up"),), "'env.gravity' must be a finite number"),
        (((300, "gravity"),), r"holds \[300, 'gravity'\]"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(tmp_path, rules, message):
    with pytest.raises(NeurorlError, match=message):
        neurorl.train("CartPole-v1", out=tmp_path / "run", steps=600, changes=rules, **OPTIONS)
    assert not (tmp_path / "run").exists()


def test_the_host_loop_refuses_changes(tmp_path):
    with pytest.raises(NeurorlError, match="needs a JAX environment"):
        neurorl.train("CartPole-v1", out=tmp_path / "run", steps=600, changes=FLIP, loop="host", **OPTIONS)


@pytest.mark.slow
def test_the_command_line_takes_changes(tmp_path):
    out = tmp_path / "run"
    rules = json.dumps(FLIP)
    sizes = ["--seeds", "2", "--steps", "400", "--eval-every", "400", "--set", "eval_episodes=2", "--agent", AGENT]
    assert main(["train", "CartPole-v1", *sizes, "--set", f"changes={rules}", "--out", str(out), "--quiet"]) == 0
    assert json.loads((out / "config.json").read_text())["changes"] == [[300, "force_mag", -10.0]]
    assert np.isfinite(neurorl.load(out).evaluation["eval_return"]).all()
