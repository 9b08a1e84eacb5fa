"""The ablations, the flips and the modulators still run from end to end, in their quick modes."""

import pytest

from experiments import ablations, continual, neuromodulators
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


def test_the_agents_of_all_conditions_can_be_made():
    for task in neuromodulators.TASKS.values():
        for settings in task.conditions.values():
            assert config.build(task.env, "spiking-actor-critic", {}, settings).agent is not None
