"""The reversal bandit pays by its parameters, and `best` names the better arm."""

import jax
import numpy as np
import pytest

from neurorl.envs import resolve
from neurorl.envs.reversal_bandit import Params, ReversalBandit

ENV = ReversalBandit()


@pytest.mark.parametrize("best", [0, 1])
@pytest.mark.parametrize("arm", [0, 1])
def test_arms_pay_with_their_probabilities_and_end_the_episode(best, arm):
    params, n = Params(best=best, better=0.7, worse=0.1, reward=3.0), 4000
    state = ENV.reset(jax.random.key(0), params)[1]
    step = jax.jit(jax.vmap(lambda key: ENV.step(key, state, arm, params)))
    observation, after, reward, terminated, _, _ = step(jax.random.split(jax.random.key(best), n))
    probability = 0.7 if arm == best else 0.1
    assert set(np.unique(reward)) <= {0.0, 3.0}
    assert abs(float(np.mean(reward)) / 3.0 - probability) < 4 * np.sqrt(probability * (1 - probability) / n)
    assert np.asarray(terminated).all()
    assert not np.asarray(after.time).any(), "the next episode has begun"
    assert not np.asarray(observation).any()


def test_it_resolves_by_its_id():
    task = resolve("neurorl.envs.reversal_bandit:ReversalBandit-v0", settings={"best": 1})
    assert (task.loop, task.env_params.best, task.action_space.n, task.max_episode_steps) == ("jax", 1, 2, 1)
