import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl.agents.contract import Timestep, restart
from neurorl.agents.stream_q import StreamQ
from neurorl.neuromodulation import return_spread

SPACES = spaces.Box(-1.0, 1.0, (3,)), spaces.Discrete(2)
AGENT = StreamQ.for_spaces(*SPACES).replace(hidden=(8,), epsilon_start=0.0, epsilon_end=0.0, gamma=0.9, lambda_=0.5)
SEEN = [jnp.array(x) for x in ([0.1, -0.5, 0.3], [0.7, 0.2, -0.9], [-0.4, 0.6, 0.5], [0.2, 0.2, -0.1])]


def at(observation, reward, terminated=False):
    return Timestep(observation, jnp.float32(reward), jnp.array(terminated), jnp.array(False), observation)


def test_a_step_of_obgd_by_hand():
    """Two transitions, with the traces, the bound and the normalisations written out."""
    state, action = AGENT.init(jax.random.key(0)), 0
    steps = [restart(SEEN[0]), at(SEEN[1], 1.0), at(SEEN[2], -3.0), at(SEEN[3], 0.5, terminated=True)]
    weights, trace, returns, rewards, before = state.weights, None, [], [], None
    for n, timestep in enumerate(steps):
        state, action_next = jax.jit(AGENT.learn)(state, timestep, jax.random.key(n))
        raw = np.stack([np.asarray(s.observation) for s in steps[: n + 1]])
        spread = raw.std(0, ddof=1) if n else np.ones(3)
        x = jnp.asarray((raw[-1] - raw.mean(0)) / np.sqrt(spread**2 + 1e-8))
        returns.append(0.9 * (returns[-1] if n > 1 else 0.0) + float(timestep.reward))
        rewards.append(float(timestep.reward) / np.sqrt((np.var(returns, ddof=1) if n else 1.0) + 1e-8))
        if n:
            values = AGENT.network.apply(weights, x)
            after = 0.0 if timestep.terminated else float(values.max())
            value, gradient = jax.value_and_grad(lambda w: AGENT.network.apply(w, before)[action])(weights)  # noqa: B023
            delta = rewards[-1] + 0.9 * after - float(value)
            trace = gradient if trace is None else jax.tree.map(lambda z, g: 0.45 * z + g, trace, gradient)
            bound = 2.0 * max(1.0, abs(delta)) * sum(float(jnp.abs(z).sum()) for z in jax.tree.leaves(trace))
            size = delta / max(1.0, bound)
            weights = jax.tree.map(lambda w, z: w + size * z, weights, trace)  # noqa: B023
        before, action = x, action_next
    for mine, theirs in zip(jax.tree.leaves(weights), jax.tree.leaves(state.weights), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-5)
    assert all(not np.any(z) for z in jax.tree.leaves(state.trace))
    assert float(return_spread.size(state.returns)) == pytest.approx(np.std(returns, ddof=1), rel=1e-4)


def test_images_are_seen_by_a_convolution():
    agent = StreamQ.for_spaces(spaces.Box(0.0, 1.0, (10, 10, 4)), spaces.Discrete(3))
    state = agent.init(jax.random.key(0))
    assert {leaf.shape for leaf in jax.tree.leaves(state.weights)} >= {(3, 3, 4, 16), (1024, 128), (128, 3)}
    assert agent.act(state, (), jnp.zeros((10, 10, 4)), jax.random.key(0))[1].shape == ()


def test_weights_are_sparse_at_first():
    agent = StreamQ.for_spaces(*SPACES).replace(hidden=(100, 100))
    kernels = {w.shape: w for w in jax.tree.leaves(agent.init(jax.random.key(0)).weights)}
    np.testing.assert_array_equal((kernels[100, 100] != 0.0).sum(0), 10)
