"""SARSA(lambda) against its forward view and against a plain loop over dictionaries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl.agents.contract import Timestep, restart
from neurorl.agents.sarsa import Sarsa
from neurorl.codes import OneHot, Tilings
from neurorl.errors import NeurorlError

GAMMA, LAMBDA = 0.9, 0.8
CODES = {"table": OneHot(n=4), "tilings": Tilings(low=(0.0,), high=(4.0,), tiles=3, tilings=2)}


def episode(code, length, seed, discrete):
    """Return the observations [length + 1] and rewards [length] of an episode that terminates."""
    draw = np.random.default_rng(seed)
    observations = draw.integers(4, size=length + 1) if discrete else draw.uniform(0.0, 4.0, (length + 1, 1))
    return jnp.asarray(observations, jnp.int32 if discrete else jnp.float32), draw.normal(size=length)


def played(agent, observations, rewards):
    """Return the actions taken in an episode and the weights after every step, from random weights on."""
    state = agent.init(jax.random.key(0))
    weights = np.random.default_rng(1).normal(size=state.weights.shape) / 4
    state = state._replace(weights=jnp.asarray(weights, jnp.float32))
    learn, timestep, actions, history = jax.jit(agent.learn), restart(observations[0]), [], [weights]
    for t, reward in enumerate([*rewards, None]):
        state, action = learn(state, timestep, jax.random.key(t))
        actions.append(int(action))
        if t > 0:
            history.append(np.asarray(state.weights, float))
        if reward is not None:
            last = t == len(rewards) - 1
            timestep = Timestep(observations[t + 1], jnp.float32(reward), jnp.array(last), jnp.array(False), observations[t + 1])
    return actions, history


def features(agent, observations, actions):
    """Return the features of every observation and action, [T + 1, actions * C]; of the terminal one, zeros."""
    rows = np.zeros((len(actions), agent.actions, agent.code.size))
    for t, action in enumerate(actions[:-1]):
        rows[t, action, np.asarray(agent.code.active(observations[t])[0])] = 1.0
    return rows.reshape(len(actions), -1)


@pytest.mark.parametrize("name", CODES)
def test_dutch_traces_give_the_weights_of_the_online_lambda_return(name):
    code = CODES[name]
    agent = Sarsa(code=code, step_size=0.3, gamma=GAMMA, lambda_=LAMBDA, traces="dutch")
    observations, rewards = episode(code, 9, 3, name == "table")
    actions, history = played(agent, observations, rewards)
    x, alpha = features(agent, observations, actions), 0.3 / code.groups

    # Forward view (van Seijen et al. 2016): at every horizon the whole past is done again with its lambda-returns so far.
    online = [history[0].ravel()]
    for horizon in range(1, len(rewards) + 1):
        w = online[0]
        for k in range(horizon):
            returns, ahead = [], 0.0
            for n in range(1, horizon - k + 1):
                ahead += GAMMA ** (n - 1) * rewards[k + n - 1]
                returns.append(ahead + GAMMA**n * online[k + n - 1] @ x[k + n])
            shares = [(1 - LAMBDA) * LAMBDA ** (n - 1) for n in range(1, len(returns))] + [LAMBDA ** (len(returns) - 1)]
            w = w + alpha * (np.dot(shares, returns) - w @ x[k]) * x[k]
        online.append(w)
    np.testing.assert_allclose([w.ravel() for w in history], online, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CODES)
def test_replacing_traces_follow_their_definition(name):
    code = CODES[name]
    agent = Sarsa(code=code, step_size=0.3, gamma=GAMMA, lambda_=LAMBDA)
    observations, rewards = episode(code, 9, 5, name == "table")
    actions, history = played(agent, observations, rewards)
    w, e = history[0].copy(), np.zeros_like(history[0])
    active = [np.asarray(code.active(o)[0]) for o in observations]
    for t, reward in enumerate(rewards):
        after = 0.0 if t == len(rewards) - 1 else w[actions[t + 1], active[t + 1]].sum()
        delta = reward + GAMMA * after - w[actions[t], active[t]].sum()
        e *= GAMMA * LAMBDA
        e[:, active[t]] = 0.0
        e[actions[t], active[t]] = 1.0
        w = w + 0.3 / code.groups * delta * e
        np.testing.assert_allclose(history[t + 1], w, rtol=1e-4, atol=1e-5)


def test_truncation_teaches_nothing():
    agent = Sarsa(code=CODES["table"])
    state = agent.init(jax.random.key(0))
    state, _ = agent.learn(state, restart(jnp.int32(0)), jax.random.key(1))
    cut = Timestep(jnp.int32(2), jnp.float32(5.0), jnp.array(False), jnp.array(True), jnp.int32(1))
    after, _ = agent.learn(state, cut, jax.random.key(2))
    assert not np.asarray(after.weights).any()
    assert not np.asarray(after.trace).any()
    ended, _ = agent.learn(state, cut._replace(terminated=jnp.array(True), truncated=jnp.array(False)), jax.random.key(2))
    assert np.asarray(ended.weights).sum() == pytest.approx(0.1 * 5.0)


def test_a_table_needs_numbered_observations():
    with pytest.raises(NeurorlError, match="linear-sarsa"):
        Sarsa.for_spaces(spaces.Box(0.0, 1.0, (2,)), spaces.Discrete(2))
