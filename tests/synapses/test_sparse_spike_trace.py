import jax
import jax.numpy as jnp
import numpy as np
from gymnasium import spaces

from neurorl.agents import restart
from neurorl.agents.spiking_actor_critic import SpikingActorCritic
from neurorl.codes import sensory
from neurorl.plasticity import STDP, rules
from neurorl.synapses.sparse_spike_trace import SparseSpikeTrace
from neurorl.synapses.spike_trace import SpikeTrace

S, C, N = 5, 30, 3
INDEX = np.array([4, 0, 21, 4])  # the last one is listed a second time, and silent


def both():
    rng = np.random.default_rng(0)
    spikes = rng.integers(0, 3, (S, len(INDEX))).astype(np.float32)
    spikes[:, 3] = 0
    dense = np.zeros((S, C), np.float32)
    dense[:, INDEX[:3]] = spikes[:, :3]
    decay, gain = jnp.float32(0.8), jnp.float32(0.2)
    listed = SparseSpikeTrace(SpikeTrace(jnp.zeros(len(INDEX)), jnp.asarray(spikes), decay, gain), jnp.asarray(INDEX), C)
    return listed, SpikeTrace(jnp.zeros(C), jnp.asarray(dense), decay, gain)


def test_its_linear_forms_are_those_of_the_whole_population():
    listed, dense = both()
    weights, post = (jax.random.normal(jax.random.key(i), shape) for i, shape in enumerate([(N, C), (S, N)]))
    np.testing.assert_allclose(listed.project(weights), dense.project(weights), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(listed.correlate(post), dense.correlate(post), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(listed.total(), dense.total(), rtol=1e-6)
    np.testing.assert_array_equal(listed.spikes, dense.spikes)
    did = rules.Response(jnp.abs(post), jnp.abs(post) / 2)
    for rule in rules.RULES.values():
        np.testing.assert_allclose(rule.over(STDP(), listed, did), rule.over(STDP(), dense, did), rtol=1e-4, atol=1e-5)


def test_an_agent_learns_the_same_either_way(monkeypatch):
    agent = SpikingActorCritic.for_spaces(spaces.Box(0.0, 1.0, (6, 6)), spaces.Discrete(3))
    agent = agent.replace(code=agent.code.replace(conjunctions=20))  # few, so that most are named more than once
    rows = []
    for large in (10, 10**6):
        monkeypatch.setattr(sensory, "LARGE", large)
        assert agent.sensory._few_fire() == (large == 10)
        state, learn = agent.init(jax.random.key(0)), jax.jit(lambda s, t, k: agent.learn(s, t, k))
        for step in range(12):
            image = jax.random.bernoulli(jax.random.key(step), 0.2, (6, 6)).astype(jnp.float32)
            timestep = restart(image)._replace(reward=jnp.float32(step), truncated=jnp.array(step == 0))
            state, _ = learn(state, timestep, jax.random.key(step))
        rows.append(state)
    listed, dense = rows
    assert np.abs(dense.critic.weights).max() > 1e-3
    np.testing.assert_allclose(listed.critic.weights, dense.critic.weights, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(listed.sensory.potential, dense.sensory.potential, atol=1e-4)
