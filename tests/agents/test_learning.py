"""What the spiking actor-critic learns, on problems small enough to know the answer."""

import gymnasium
import pytest
from gymnasium import spaces

import neurorl


class Cue(gymnasium.Env):
    """One step: the observation names the action that is paid 1; the other costs 1."""

    observation_space, action_space = spaces.Discrete(2), spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cue = int(self.np_random.integers(2))
        return self.cue, {}

    def step(self, action):
        return self.cue, 1.0 if action == self.cue else -1.0, True, False, {}


def learn(tmp_path, steps=1500, **settings):
    # Without discounting the reward is the whole prediction error, so that a bandit takes hundreds of steps, not thousands.
    settings = {"gamma": 0.0, "actor.learning_rate": 2.0, **settings}
    return neurorl.train(
        Cue,
        "spiking-actor-critic",
        seeds=4,
        steps=steps,
        eval_every=steps,
        settings=settings,
        out=tmp_path / "run",
        max_episode_steps=10,
    )


def test_the_rewarded_action_of_each_cue_is_learned(tmp_path):
    run = learn(tmp_path)
    assert run.summary["eval_return"] == [[1.0]] * 4
    assert min(run.summary["final_return"]) > 0.8


@pytest.mark.parametrize("ablation", [{"dopamine.gain": 0.0}, {"actor.learning_rate": 0.0}])
def test_nothing_is_learned_without_dopamine_or_plasticity(tmp_path, ablation):
    assert learn(tmp_path, **ablation).summary["final_return_iqm"] == pytest.approx(0.0, abs=0.25)
