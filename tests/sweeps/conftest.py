import pytest

from neurorl import sweeps

# The random agent compiles fast, and the length of the pole and gravity change what it gets.
TINY = {
    **{"env": "CartPole-v1", "agent": "random", "steps": 120, "seeds": 3, "seed": 7, "group": 6},
    **{"eval_every": 60, "eval_episodes": 2},
    "set": {"env.gravity": 20.0},
    "grid": {"env.length": [0.3, 0.5, 0.9]},
    "random": {"rows": 2, "env.masspole": {"low": 0.05, "high": 0.4, "log": True}},
}


@pytest.fixture(scope="session")
def serial(tmp_path_factory):
    """The folder of the tiny sweep, done in this process; shared by tests that only read it."""
    report = sweeps.sweep(TINY, out=tmp_path_factory.mktemp("sweeps") / "serial")
    assert report.failures == []
    return report.folder
