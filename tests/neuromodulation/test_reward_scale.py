import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.neuromodulation import reward_scale


def after(rewards, gamma=0.9, start=0.0):
    returns = reward_scale.init(start)
    for reward, ended in rewards:
        returns = reward_scale.update(returns, jnp.float32(reward), jnp.array(ended), gamma)
    return returns


def test_the_scale_of_a_constant_reward_is_its_value():
    returns = after([(-2.0, False)] * 200)
    assert float(returns.largest) == pytest.approx(2.0 / (1 - 0.9), rel=1e-3)
    assert float(returns.best) == 0.0


def test_the_scale_of_a_reward_at_the_end_is_that_reward():
    returns = after([(0.0, False)] * 50 + [(3.0, True)])
    assert (float(returns.largest), float(returns.best), float(returns.running)) == (3.0, 3.0, 0.0)


def test_nothing_met_has_no_scale_and_an_assumed_one_holds():
    assert float(reward_scale.scaled(after([]), jnp.float32(1.0))) == 0.0
    assert float(reward_scale.scaled(after([], start=2.0), jnp.float32(1.0))) == 0.5


def test_scaled_rewards_do_not_exceed_one():
    rewards = np.random.default_rng(0).normal(size=100)
    returns = reward_scale.init()
    for reward in rewards:
        returns = reward_scale.update(returns, jnp.float32(reward), jnp.array(True), 0.9)
        assert abs(float(reward_scale.scaled(returns, jnp.float32(reward)))) <= 1.0
