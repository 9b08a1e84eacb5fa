import numpy as np
import pytest

from neurorl.loggers import Job, Point


@pytest.fixture
def job(tmp_path):
    """A run of two learners that a logger may be told of by hand."""
    values = {"seed": 5, "seeds": 2, "steps": 80, "agent": {"gamma": 0.9, "hidden": [8, 8]}, "max_episode_steps": None}
    return Job("ab12cd34ef56", "cart", tmp_path / "cart", values)


@pytest.fixture
def point():
    """Return a function that makes the point after a number of steps, whose returns are that number, and one more."""

    def make(step):
        returns = np.array([step, step + 1.0])
        training = {"recent_return": returns, "episode_return": np.array([np.nan, 1.0]), "episodes": np.array([step, step])}
        return Point(step, training, {"eval_return": returns, "eval_return_min": returns}, np.array([True, False]), 100.0)

    return make
