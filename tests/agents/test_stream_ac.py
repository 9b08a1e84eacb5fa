import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl.agents import actions, policy
from neurorl.agents.contract import Timestep, restart
from neurorl.agents.stream_ac import StreamAC

SEEN = [jnp.array(x) for x in ([0.1, -0.5, 0.3], [0.7, 0.2, -0.9], [-0.4, 0.6, 0.5], [0.2, 0.2, -0.1])]
BOX = spaces.Box(-1.0, 1.0, (3,))
MIXED = spaces.Dict({"a": spaces.Box(-2.0, 4.0, (2,)), "b": spaces.Discrete(3, start=1)})


def at(observation, reward, terminated=False):
    return Timestep(observation, jnp.float32(reward), jnp.array(terminated), jnp.array(False), observation)


def agent(action_space):
    small = {"hidden": (8,), "normalise": False, "gamma": 0.9, "lambda_": 0.5}
    return StreamAC.for_spaces(BOX, action_space).replace(**small)


def bounded(delta, kappa, trace):
    mass = sum(float(jnp.abs(z).sum()) for z in jax.tree.leaves(trace))
    return delta / max(1.0, kappa * max(1.0, abs(delta)) * mass)


@pytest.mark.parametrize("space", [spaces.Discrete(2), spaces.Box(-1.0, 1.0, (2,))], ids=["discrete", "continuous"])
def test_two_transitions_by_hand(space):
    """With the densities of NumPy and the traces, the bounds and the sign of the entropy written out."""
    ours = agent(space)
    state = ours.init(jax.random.key(0))
    learn = jax.jit(ours.learn)
    actor, critic, traces, returns = state.actor.weights, state.critic.weights, None, [0.0]

    def value(w, x):
        return ours.network(1).apply(w, x)[0]

    def praise(w, x, drawn, sign):
        out = ours.network(policy.size(ours.actions)).apply(w, x)
        if isinstance(space, spaces.Discrete):
            p = jax.nn.softmax(out)
            return jnp.log(p[int(drawn[0])]) - 0.01 * sign * (p * jnp.log(p)).sum()
        mean, sd = out[0::2], jnp.log1p(jnp.exp(out[1::2]))
        density = -0.5 * ((drawn - mean) / sd) ** 2 - jnp.log(sd * np.sqrt(2.0 * np.pi))
        return density.sum() + 0.01 * sign * (0.5 * jnp.log(2.0 * np.pi * np.e * sd**2)).sum()

    state, _ = learn(state, restart(SEEN[0]), jax.random.key(0))
    for n, (reward, ends) in enumerate([(1.0, False), (-3.0, True)]):
        drawn, x, after = state.drawn, SEEN[n], SEEN[n + 1]
        state, _ = learn(state, at(after, reward, ends), jax.random.key(n + 1))
        returns.append(0.9 * returns[-1] + reward)
        delta = reward / np.sqrt(np.var(returns, ddof=1) + 1e-8) - float(value(critic, x))
        delta += 0.0 if ends else 0.9 * float(value(critic, after))
        gradients = jax.grad(praise)(actor, x, drawn, np.sign(delta)), jax.grad(value)(critic, x)
        traces = gradients if traces is None else jax.tree.map(lambda z, g: 0.45 * z + g, traces, gradients)
        actor = jax.tree.map(lambda w, z: w + bounded(delta, 3.0, traces[0]) * z, actor, traces[0])  # noqa: B023
        critic = jax.tree.map(lambda w, z: w + bounded(delta, 2.0, traces[1]) * z, critic, traces[1])  # noqa: B023
    for mine, theirs in zip(
        jax.tree.leaves((actor, critic)), jax.tree.leaves((state.actor.weights, state.critic.weights)), strict=True
    ):
        np.testing.assert_allclose(mine, theirs, atol=2e-5)
    assert not any(np.any(z) for z in jax.tree.leaves((state.actor.trace, state.critic.trace)))


def test_a_policy_says_how_often_it_draws_what():
    told = actions.for_space(MIXED)
    outputs = jnp.array([0.2, -0.5, -0.1, 0.3, 0.5, -1.0, 0.1])
    drawn = jax.vmap(lambda k: policy.draw(k, outputs, told))(jax.random.split(jax.random.key(0), 4000))
    shares = [(drawn[:, 2] == n).mean() for n in range(3)]
    np.testing.assert_allclose(shares, jax.nn.softmax(outputs[4:]), atol=0.03)
    np.testing.assert_allclose(drawn[:, :2].mean(0), [0.2, -0.1], atol=0.04)
    np.testing.assert_allclose(drawn[:, :2].std(0), jax.nn.softplus(jnp.array([-0.5, 0.3])), rtol=0.05)
    surprise = jax.vmap(lambda x: -policy.log_probability(outputs, x, told))(drawn).mean()
    assert float(policy.entropy(outputs, told)) == pytest.approx(float(surprise), abs=0.05)
    np.testing.assert_allclose(policy.likeliest(outputs, told), [0.2, -0.1, 0.0], atol=1e-6)


def test_a_variate_is_an_action_in_its_range():
    told = actions.for_space(MIXED)
    np.testing.assert_allclose(policy.action(jnp.array([0.0, 5.0, 2.0]), told), [1.0, 4.0, 2.0])  # packed: choices count from 0
