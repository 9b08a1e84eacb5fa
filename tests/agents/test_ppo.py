import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.agents.ppo import PPO, Decision
from neurorl.errors import NeurorlError

AGENT = PPO(rollout=8, hidden=4, entropy=0.0, value_weight=0.0)


def loss_gradient(ratio, advantage, weight=1.0):
    """Return the largest gradient on any weight from one decision among two, with a ratio of its new and old probability."""
    state = AGENT.init(jax.random.key(0))
    inputs, action = jnp.array([[0.3], [-0.7]]), jnp.array([0, 1])
    logits, value = AGENT.network.apply(state.weights, inputs)
    now = jnp.take_along_axis(jax.nn.log_softmax(logits), action[:, None], 1)[:, 0]
    # The second decision only gives the normalised advantage something to differ from; it is out of reach, so it has no gradient.
    old = now - jnp.log(jnp.array([ratio, 2.0 if advantage < 0 else 0.5]))
    decision = Decision(inputs, action, old, value)
    gradient = jax.grad(AGENT._loss)(state.weights, decision, jnp.array([advantage, -advantage]), jnp.array([weight, 1.0]))
    return max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize(
    ("ratio", "advantage", "learns"),
    [(1.0, 1.0, True), (1.3, 1.0, False), (0.7, 1.0, True), (1.0, -1.0, True), (0.7, -1.0, False), (1.3, -1.0, True)],
)
def test_a_probability_that_has_changed_enough_is_left_alone(ratio, advantage, learns):
    assert (loss_gradient(ratio, advantage) > 1e-6) == learns


def test_a_truncated_decision_has_no_weight():
    assert loss_gradient(1.0, 1.0, weight=0.0) == 0.0


def test_the_learning_rate_falls_to_nothing_over_the_run():
    agent = PPO(rollout=8, hidden=4, anneal_steps=32)
    state = agent.init(jax.random.key(0))
    rewards = jnp.arange(8.0)
    rollout = state.rollout._replace(reward=rewards, truncated=jnp.zeros(8, bool))
    moved = []
    for step in (8, 24, 40):
        after = agent.update(state._replace(rollout=rollout, step=jnp.int32(step)), jax.random.key(1))
        changes = jax.tree.map(lambda a, b: jnp.abs(a - b).max(), after.weights, state.weights)
        moved.append(max(map(float, jax.tree.leaves(changes))))
    assert moved[0] > moved[1] > 0.0
    assert moved[2] == 0.0
    assert np.isfinite(moved).all()


def test_more_minibatches_than_steps_are_refused():
    with pytest.raises(NeurorlError, match=r"'agent.minibatches' is 4; it must be at most 'agent.rollout', which is 3"):
        PPO(rollout=3).init(jax.random.key(0))
