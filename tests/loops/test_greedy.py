"""Evaluation in environments of the host: a bounded number of them, each closed, and as training left them."""

import contextlib
import shutil

import gymnasium
import jax
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.wrappers import NormalizeObservation, NormalizeReward

import neurorl
from neurorl.envs import resolve
from neurorl.errors import NeurorlError, NeurorlWarning
from neurorl.loops import greedy
from neurorl.loops.greedy import Stage
from neurorl.runs import config
from neurorl.runs.run import TrainedAgent

SMALL = {"encoder.substeps": 2, "critic.neurons": 1}


class Counted(gymnasium.Env):
    """Knows how many of its kind are open, and fails in a step that is told."""

    made = alive = most = 0
    fails_at: int | None = None
    observation_space, action_space = spaces.Box(-1.0, 1.0, (2,)), spaces.Discrete(2)

    def __init__(self):
        cls = type(self)
        cls.made, cls.alive, cls.most = cls.made + 1, cls.alive + 1, max(cls.most, cls.alive + 1)

    def close(self):
        type(self).alive -= 1

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps, self.length = 0, 3 + self.np_random.integers(5)
        return self.np_random.uniform(-1, 1, 2).astype(np.float32), {}

    def step(self, action):
        self.steps += 1
        if self.fails_at == self.steps:
            raise RuntimeError("motor stuck")
        reward = float(action) + self.np_random.uniform()
        return self.np_random.uniform(-1, 1, 2).astype(np.float32), reward, self.steps == self.length, False, {}


@pytest.fixture
def kind():
    return type("Counted", (Counted,), {"made": 0, "alive": 0, "most": 0})


@pytest.mark.parametrize("learners", [3, 40])
def test_few_environments_play_all_episodes_and_are_reused(kind, learners):
    built = config.build(kind, "random", {"seeds": learners, "eval_episodes": 20}, {})
    kind.made = kind.most = 0
    with contextlib.closing(built.make_loop()) as loop:
        learned = loop.advance(loop.init(), 5)
        for _ in range(3):
            returns = loop.evaluate(learned)
    assert returns.shape == (learners, 20)
    assert kind.most == kind.made <= learners + max(learners, greedy.OPEN)
    assert kind.alive == 0


def test_episodes_are_the_same_whoever_plays_them(monkeypatch):
    """One after the other, side by side, or each alone by hand: the seed decides."""
    built = config.build(Counted, "spiking-actor-critic", {}, SMALL)
    state = jax.vmap(built.agent.init)(jax.random.split(jax.random.key(0), 2))
    seeds, returns = [7, 8, 9, 10, 11], []
    for most in (1, 5, 100):
        monkeypatch.setattr(greedy, "OPEN", most)
        with contextlib.closing(Stage(built.task, 2, seeds)) as stage:
            assert stage.width == min(5, max(1, most // 2))
            returns.append(stage.play(built.agent, state))
            np.testing.assert_array_equal(stage.play(built.agent, state), returns[-1])
    np.testing.assert_allclose(returns, np.broadcast_to(returns[0], (3, 2, 5)))
    learner = TrainedAgent(built.agent, jax.tree.map(lambda x: x[1], state), built.task)
    for seed, expected in zip(seeds, returns[0][1], strict=True):
        env, total, over = Counted(), 0.0, False
        observation, _ = env.reset(seed=seed)
        learner.reset()
        while not over:
            observation, reward, over, *_ = env.step(learner.act(observation))
            total += reward
        assert total == pytest.approx(expected)


def test_an_error_in_mid_run_leaves_none_open_and_no_empty_folder(kind, tmp_path):
    class Stuck(kind):
        fails_at = 6

    with pytest.raises(NeurorlError, match="environment 'Stuck' raised RuntimeError: motor stuck in step"):
        neurorl.train(Stuck, "random", seeds=3, steps=40, out=tmp_path / "run")
    assert Stuck.alive == 0
    assert not (tmp_path / "run").exists()


def normal():
    return NormalizeReward(NormalizeObservation(gymnasium.make("MountainCarContinuous-v0", max_episode_steps=30)), gamma=0.9)


def test_evaluation_sees_the_statistics_of_training_and_adds_nothing():
    built = config.build(normal, "random", {"seeds": 2}, {})
    with contextlib.closing(built.make_loop()) as loop:
        learned = loop.advance(loop.init(), 50)
        gathered = [env.env.obs_rms.count for env in loop.env.envs]
        means = [env.env.obs_rms.mean for env in loop.env.envs]
        assert min(gathered) > 50
        assert not np.array_equal(*means)  # each learner has its own
        loop.evaluate(learned)
        stage = loop._stage
        for index, env in enumerate(stage._environments.envs):
            np.testing.assert_array_equal(env.env.obs_rms.mean, means[index // stage.width])
            assert env.env.obs_rms.count == gathered[index // stage.width]
        assert [env.env.obs_rms.count for env in loop.env.envs] == gathered


def test_what_normalisers_have_gathered_goes_with_the_run(tmp_path):
    """Stopped and resumed, or evaluated later in another process, it is as if nothing had happened."""

    def make():
        return normal()  # of this function another process knows nothing

    options = {"seeds": 2, "steps": 120, "eval_every": 60, "eval_episodes": 3, "checkpoint_every": 40}
    whole, part = (neurorl.train(make, "random", out=tmp_path / name, **options) for name in ("whole", "part"))
    part.folder.summary.unlink()
    shutil.rmtree(part.folder.checkpoints / "120")
    for action in (lambda: neurorl.resume(part.path), lambda: neurorl.load(whole.path).evaluate()):
        with pytest.raises(
            NeurorlError, match=r"'NormalizeReward-NormalizeObservation-MountainCarContinuous-v0' is .* env=\.\.\."
        ):
            action()
    resumed = neurorl.resume(part.path, env=make)
    for name in ("training.parquet", "evaluation.parquet"):
        assert (resumed.path / name).read_bytes() == (whole.path / name).read_bytes()
    again = neurorl.load(whole.path, env=make).evaluate(episodes=4)
    assert again["returns"] == whole.evaluate(episodes=4)["returns"]
    env = whole.agent(1).environment()
    count = env.env.obs_rms.count
    env.reset(seed=0)
    assert env.env.obs_rms.count == count > 100


def test_what_is_kept_elsewhere_is_said_loudly():
    class Curriculum(gymnasium.Wrapper):
        episodes = 0

        def reset(self, **keywords):
            self.episodes += 1
            observation, info = self.env.reset(**keywords)
            return observation * self.episodes, info

    with pytest.warns(NeurorlWarning, match="answers differently to the same seed and actions: it keeps something over episodes"):
        resolve(lambda: Curriculum(gymnasium.make("CartPole-v1"))).check()


def test_a_normaliser_is_no_reason_to_warn(recwarn):
    for env in (normal, "CartPole-v1", "FrozenLake-v1", lambda: gymnasium.make("Pendulum-v1")):
        resolve(env).check()
    assert not [w for w in recwarn if w.category is NeurorlWarning]
