"""A learner taken out of its run refuses what is no observation of its task."""

import jax
import numpy as np
import pytest
from gymnasium import spaces

from neurorl.agents.random import Random
from neurorl.envs import resolve
from neurorl.errors import NeurorlError
from neurorl.runs.run import TrainedAgent


def learner(env="CartPole-v1"):
    task = resolve(env)
    agent = Random.for_spaces(task.observation_space, task.action_space)
    return TrainedAgent(agent, agent.init(jax.random.key(0)), task)


@pytest.mark.parametrize(
    ("env", "observation", "says"),
    [
        ("CartPole-v1", np.zeros(3), r"act\(\) was given an array of shape \(3,\) of float64 as observation; the space has Box"),
        ("CartPole-v1", np.zeros((20, 4)), r"an array of shape \(20, 4\)"),
        ("CartPole-v1", np.zeros((4, 1)), r"an array of shape \(4, 1\)"),
        ("CartPole-v1", 0.5, "act.* 0.5 as observation; the space has Box"),
        ("CartPole-v1", [0.0, np.nan, 0.0, 0.0], "with a NaN or an infinite number"),
        ("CartPole-v1", [0.0, 0.0, 0.0, -np.inf], "with a NaN or an infinite number"),
        ("FrozenLake-v1", 16, "act.* 16 as observation, and the space has the whole numbers 0 to 15"),
        ("FrozenLake-v1", -1, "the whole numbers 0 to 15"),
        ("Blackjack-v1", (12, 3), r"a tuple \(\(12, 3\)\) as observation"),
        ("Blackjack-v1", (12, 3, 1, 1), r"a tuple \(\(12, 3, 1, 1\)\) as observation"),
        ("Blackjack-v1", (12, 30, 1), r"act\(\) was given 30 as observation \(part \[1\]\)"),
    ],
)
def test_what_is_no_observation_is_refused(env, observation, says):
    with pytest.raises(NeurorlError, match=says):
        learner(env).act(observation)


@pytest.mark.parametrize(
    ("env", "observation"),
    [
        ("CartPole-v1", np.zeros(4)),
        ("CartPole-v1", [0, 0, 0, 0]),
        ("FrozenLake-v1", np.int64(15)),
        ("Blackjack-v1", (12, 3, True)),
    ],
)
def test_what_is_one_is_taken(env, observation):
    one = learner(env)
    assert isinstance(one.task.action_space, spaces.Discrete)
    assert one.act(observation) in range(int(one.task.action_space.n))
