import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl.agents import categorical
from neurorl.agents.contract import Timestep, restart
from neurorl.agents.ppo import PPO
from neurorl.errors import NeurorlError

HEADS = (3, 2)
LOGITS = jnp.array([0.5, -1.0, 0.2, 1.0, 0.3])


def test_probabilities_of_all_actions_sum_to_one_and_draws_follow_them():
    every = jnp.array([[i, j] for i in range(3) for j in range(2)])
    p = np.exp([float(categorical.log_probability(LOGITS, action, HEADS)) for action in every])
    assert p.sum() == pytest.approx(1.0, abs=1e-6)
    drawn = jax.vmap(lambda k: categorical.draw(k, LOGITS, HEADS))(jax.random.split(jax.random.key(0), 20_000))
    np.testing.assert_allclose(np.bincount(np.asarray(drawn) @ [2, 1], minlength=6) / 20_000, p, atol=0.015)
    assert float(categorical.entropy(LOGITS, HEADS)) == pytest.approx(-(p * np.log(p)).sum(), abs=1e-5)
    np.testing.assert_array_equal(categorical.likeliest(LOGITS, HEADS), [0, 0])


def test_ppo_learns_which_choice_of_each_component_pays():
    agent = PPO.for_spaces(spaces.Box(0.0, 1.0, (1,)), spaces.MultiDiscrete([3, 4])).replace(learning_rate=3e-3, rollout=64)
    assert (agent.actions, agent.heads) == (7, (3, 4))
    learn, update = jax.jit(agent.learn), jax.jit(agent.update)
    state, timestep = agent.init(jax.random.key(0)), restart(jnp.ones(1))
    for step in range(64 * 12):
        state, action = learn(state, timestep, jax.random.key(step))
        paid = (action[0] == 2).astype(jnp.float32) + (action[1] == 1).astype(jnp.float32)
        timestep = Timestep(jnp.ones(1), paid, jnp.array(True), jnp.array(False), jnp.ones(1))
        if (step + 1) % 64 == 0:
            state = update(state, jax.random.key(step))
    np.testing.assert_array_equal(agent.act(state, (), jnp.ones(1), jax.random.key(0))[1], [2, 1])


def test_another_space_is_refused():
    with pytest.raises(NeurorlError, match="not supported by PPO"):
        PPO.for_spaces(spaces.Box(0.0, 1.0, (1,)), spaces.Box(0.0, 1.0, (2,)))
