"""Experiments of the lab still run from end to end, in their quick modes."""

import json

import numpy as np
import pytest

from experiments import ablations, continual, hidden_layer, neuromodulators, tasks
from neurorl.runs import config

pytestmark = pytest.mark.slow


def test_ablations(tmp_path):
    table = ablations.main(["--quick", "--out", str(tmp_path / "runs"), "--results", str(tmp_path)])
    assert list(table["conditions"]) == ["full", "no dopamine"]
    assert table["conditions"]["no dopamine"]["greedy_at_the_end"]["iqm"] < 15.0, "the policy of zero weights"
    assert (tmp_path / "ablations.png").is_file()
    again = ablations.main(["--quick", "--finished", "--out", str(tmp_path / "runs"), "--results", str(tmp_path)])
    assert again["conditions"] == table["conditions"], "read from the runs"


def test_continual(tmp_path):
    table = continual.main(["--quick", "--out", str(tmp_path / "runs"), "--results", str(tmp_path)])
    agents = table["bandit"]["agents"]
    after = {name: row["better_arm_in_100_pulls_before_a_reversal"]["iqm"] for name, row in agents.items()}
    assert after["spiking"] > 0.7
    assert (tmp_path / "continual_bandit.png").is_file()


def test_neuromodulators(tmp_path):
    table = neuromodulators.main(["short", "--quick", "--out", str(tmp_path / "runs"), "--results", str(tmp_path)])
    assert list(table["short"]["conditions"]) == list(neuromodulators.TASKS["short"].conditions)
    assert (tmp_path / "neuromodulators.png").is_file()


def test_tasks(tmp_path):
    arguments = ["--quick", "--task", "Catch-bsuite", "--out", str(tmp_path / "runs"), "--results", str(tmp_path)]
    tasks.main(arguments)
    cell = json.loads((tmp_path / "tasks.json").read_text())["cells"]["Catch-bsuite"]["spiking-sarsa, default"]
    assert len(cell["final"]) == 2
    assert (tmp_path / "tasks.png").is_file()


def test_a_task_without_a_threshold_is_compared_and_not_judged():
    class Finished:
        summary = {"eval_return": [[1.0, 3.0], [2.0, 5.0]], "eval_steps": [10, 20], "seeds": [0, 1], "env_steps": 20}

    cell = tasks.measure("Breakout-MinAtar, published rules", Finished())
    assert (cell["mean"], cell["holds"], cell["seeds_at_the_bar"]) == (4.0, None, None)
    assert tasks.row(cell).endswith("[3.000, 5.000]")
    assert tasks.measure("Freeway-MinAtar", Finished())["holds"] is False


def test_hidden_layer(tmp_path):
    table = hidden_layer.main(["--quick", "--out", str(tmp_path / "runs"), "--results", str(tmp_path)])
    assert list(table["games"]["Breakout"]) == ["full", "hidden layer frozen"]
    for figure in ("hidden_layer.png", "hidden_fields.png"):
        assert (tmp_path / figure).is_file()


def test_the_share_of_variance_that_a_place_explains():
    place = np.array([0, 0, 1, 1])
    counts = np.array([[1.0, 1.0, 5.0], [1.0, 3.0, 5.0], [4.0, 1.0, 5.0], [4.0, 3.0, 5.0]])
    np.testing.assert_allclose(hidden_layer.variance_explained(counts, place), [1.0, 0.0, 0.0])


def test_the_agents_of_all_conditions_can_be_made():
    for settings in hidden_layer.CONDITIONS.values():
        assert config.build("Breakout-MinAtar", "spiking-deep", {}, settings).agent is not None
    for task in neuromodulators.TASKS.values():
        for settings in task.conditions.values():
            assert config.build(task.env, "spiking-actor-critic", {}, settings).agent is not None
