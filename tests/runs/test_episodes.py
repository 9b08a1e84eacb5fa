"""The log of episodes has every training episode that ended, once, and changes nothing else."""

import shutil
import subprocess

import gymnasium
import numpy as np
import pytest

import neurorl
from neurorl.errors import NeurorlError, NeurorlWarning
from neurorl.runs import session
from neurorl.sweeps import sweep

TINY = {"seeds": 3, "seed": 4, "steps": 400, "eval_every": 200, "log_every": 150, "checkpoint_every": 200, "eval_episodes": 1}
FILES = ("training.parquet", "evaluation.parquet", "episodes.parquet")


class Count(gymnasium.Env):
    """Episode n takes n steps, of reward n each; every third is cut."""

    observation_space = gymnasium.spaces.Box(0, 1, (1,))
    action_space = gymnasium.spaces.Discrete(2)
    episode = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.step_of = self.episode + 1, 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.step_of += 1
        ends, cut = self.step_of == self.episode, self.episode % 3 == 0
        return np.zeros(1, np.float32), float(self.episode), ends and not cut, ends and cut, {}


def test_episodes_are_those_that_the_environment_had(tmp_path):
    options = TINY | {"steps": 55, "checkpoint_every": 55, "seeds": 2}
    with pytest.warns(NeurorlWarning, match="keeps something over episodes"):  # it counts them
        run = neurorl.train(Count, "random", out=tmp_path / "run", log_episodes=True, max_episode_steps=99, **options)
    for seed in (4, 5):
        of_seed = run.episodes[run.episodes.seed == seed]
        lengths = list(range(2, 11))  # the loop compiles with the first, which takes no step
        assert of_seed.length.to_list() == lengths
        assert of_seed["return"].to_list() == [float(n * n) for n in lengths]
        assert of_seed.env_step.to_list() == list(np.cumsum(lengths))


@pytest.mark.parametrize("loop", ["jax", "host"])
def test_the_log_agrees_with_the_curves_and_changes_none(tmp_path, loop, monkeypatch):
    monkeypatch.setattr(session, "LONGEST", 70)  # read between points too
    off = neurorl.train("CartPole-v1", "random", out=tmp_path / "off", loop=loop, **TINY)
    on = neurorl.train("CartPole-v1", "random", out=tmp_path / "on", loop=loop, log_episodes=True, **TINY)
    for name in FILES[:2]:
        assert (on.path / name).read_bytes() == (off.path / name).read_bytes()
    assert not off.folder.episodes.exists()
    assert off.episodes.empty
    for (seed, step), point in on.training.set_index(["seed", "env_step"]).iterrows():
        ended = on.episodes[(on.episodes.seed == seed) & (on.episodes.env_step <= step)]
        assert len(ended) == point.episodes
        assert ended["return"].mean() == pytest.approx(point.recent_return)  # fewer than 100
        assert (ended["return"] == ended.length).all()
        assert ended.env_step.is_monotonic_increasing
        if loop == "jax":
            assert ended.env_step.to_list() == ended.length.cumsum().to_list()
    assert len(on.episodes) > 20
    assert on.agent(2).act(np.zeros(4, np.float32)) in (0, 1), "checkpoints are the same"


@pytest.mark.parametrize("loop", ["jax", "host"])
def test_a_resumed_run_has_the_log_of_the_whole_one(tmp_path, loop):
    whole = neurorl.train("CartPole-v1", "random", out=tmp_path / "whole", loop=loop, log_episodes=True, **TINY)
    cut = tmp_path / "cut"
    shutil.copytree(whole.path, cut)
    for name in ("checkpoints/400", "summary.json"):
        subprocess.run(["rm", "-r", cut / name], check=True)
    neurorl.resume(cut)
    for name in FILES:
        assert (cut / name).read_bytes() == (whole.path / name).read_bytes()


def test_a_learner_that_ends_no_episode_has_an_empty_log(tmp_path):
    run = neurorl.train("MountainCar-v0", "random", out=tmp_path / "run", log_episodes=True, **TINY | {"steps": 100})
    assert run.folder.episodes.is_file()
    assert run.episodes.empty
    assert list(run.episodes.columns) == ["seed", "env_step", "length", "return"]


def test_a_sweep_refuses_it(tmp_path):
    with pytest.raises(NeurorlError, match="'log_episodes' is for single runs"):
        sweep({"env": "CartPole-v1", "agent": "random", "set": {"log_episodes": True}}, out=tmp_path / "sweep")
