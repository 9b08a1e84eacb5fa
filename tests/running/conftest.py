import pytest

import neurorl


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """A small finished run, shared by tests that only read it."""
    out = tmp_path_factory.mktemp("runs") / "finished"
    return neurorl.train("CartPole-v1", seeds=3, steps=600, eval_every=200, eval_episodes=2, checkpoint_every=200, out=out)
