import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.neuromodulation import return_spread


def after(rewards, gamma=0.9):
    spread = return_spread.init()
    for reward, ended in rewards:
        spread = return_spread.update(spread, jnp.float32(reward), jnp.array(ended), gamma)
    return spread


def test_it_is_the_standard_deviation_of_the_returns_so_far():
    rewards = [(1.0, False), (0.0, False), (2.0, True), (-1.0, False), (5.0, False)]
    returns, running = [], 0.0
    for reward, ended in rewards:
        running = 0.9 * running + reward
        returns.append(running)
        running = 0.0 if ended else running
    assert float(return_spread.size(after(rewards))) == pytest.approx(np.std(returns, ddof=1), rel=1e-5)


def test_one_reward_has_no_spread_yet():
    assert float(return_spread.size(after([(7.0, False)]))) == pytest.approx(1.0)
    assert float(return_spread.size(after([]))) == pytest.approx(1.0)
