"""The figure and the table, from curves whose answers are known."""

import json

import numpy as np
import pytest

from experiments import learning_curves as script
from experiments.learning_curves import OURS, Curves

STEPS = np.arange(1_000, 11_000, 1_000)


def curves(solved, seconds_a_step):
    solved = np.array(solved)
    returns = np.where(np.arange(10) >= np.where(solved < 0, 99, solved)[:, None], 500.0, 20.0)
    return Curves(STEPS, STEPS * seconds_a_step, returns, solved)


MEASURED = {
    ("CartPole-v1", OURS): curves([1, 1, 1, 1], 1e-5),  # at 2,000 steps
    ("CartPole-v1", "dqn"): curves([5, 5, 7, -1], 1e-4),  # at 6,000, 6,000, 8,000 and not within 10,000
}


def test_a_learner_that_does_not_solve_counts_with_all_its_steps():
    row = script.row("CartPole-v1", "dqn", MEASURED["CartPole-v1", "dqn"])
    assert (row["solved"], row["seeds"], row["env_steps"]) == (3, 4, 10_000)
    assert row["steps_to_solve"]["iqm"] == 7_000  # the mean of the middle two of 6, 6, 8 and 10
    assert row["processor_seconds_to_solve"]["iqm"] == pytest.approx(0.7)
    assert row["processor_microseconds_per_step"] == pytest.approx(100)


def test_ratios_are_of_the_rival_to_ours_with_intervals():
    ratio = script.ratio("CartPole-v1", "dqn", MEASURED)
    assert ratio["steps"]["ratio"] == 3.5
    assert ratio["processor_seconds"]["ratio"] == pytest.approx(35)
    low, high = ratio["steps"]["ci95"]
    assert 3.0 <= low < 3.5 < high <= 5.0
    assert script.ratio("CartPole-v1", "ppo", MEASURED) is None


def test_the_table_says_what_is_capped(tmp_path):
    rows = [script.row(task, agent, c) for (task, agent), c in MEASURED.items()]
    text = script.markdown({"rows": rows, "ours_against": [script.ratio("CartPole-v1", "dqn", MEASURED)]})
    assert "| 4 of 4 | 2,000 [2,000, 2,000] |" in text
    assert "| 3 of 4 | > 7,000 [" in text
    assert "| CartPole-v1 | dqn | 3.5 [" in text
    script.draw(MEASURED, ["CartPole-v1"], 4, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


@pytest.mark.slow
def test_it_makes_a_figure_from_nothing_and_goes_on_from_what_is_there(tmp_path, capsys):
    arguments = ["--quick", "--tasks", "MountainCar-v0", "--agents", "linear-sarsa", "random",
                 "--out", str(tmp_path / "runs"), "--results", str(tmp_path)]  # fmt: skip
    table = script.main(arguments)
    assert [row["agent"] for row in table["rows"]] == ["linear-sarsa", "random"]
    assert table["rows"][1]["greedy_return"]["iqm"] == -200.0
    assert all(row["processor_microseconds_per_step"] > 0 for row in table["rows"])
    assert json.loads((tmp_path / "learning_curves.json").read_text())["rows"] == table["rows"]
    assert script.main(arguments)["rows"] == table["rows"]
