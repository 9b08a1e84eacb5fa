import numpy as np
import pytest

from experiments import board_parts
from neurorl.runs import config


@pytest.mark.parametrize("task", ["CartPole-v1", "Pendulum-v1", board_parts.BOARD])
def test_every_condition_is_a_configuration_of_its_own(task):
    """A part that changes nothing would be found to be worth nothing."""
    built = [
        config.build(task, board_parts.AGENT, {"steps": 1_000}, settings).agent for settings in board_parts.changes(task).values()
    ]
    assert len({repr(agent) for agent in built}) == len(built) > 7


def test_differences_are_of_the_same_seeds():
    rows = {
        board_parts.WHOLE: {"evaluated": [1.0, 10.0, 100.0]},
        "better": {"evaluated": [2.0, 11.0, 101.0]},
        "other": {"evaluated": [1.0]},
    }
    board_parts.compare(rows)
    assert rows["better"]["difference"] == pytest.approx(1.0)
    assert rows["better"]["difference_se"] == pytest.approx(0.0, abs=1e-12)
    assert np.isclose(rows[board_parts.WHOLE]["difference"], 0.0)
    assert "difference" not in rows["other"]
