"""Every spiking agent tells what its neurons did, by population and signal, so that one figure serves them all."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl import agents
from neurorl.agents.contract import Recording, restart

SPIKING = ("spiking-actor-critic", "spiking-sarsa", "spiking-deep", "r-stdp", "spiking-network")


@pytest.mark.parametrize("name", SPIKING)
def test_every_spiking_agent_records_populations_and_signals(name):
    agent = agents.find(name).for_spaces(spaces.Discrete(3), spaces.Discrete(2))
    state = agent.init(jax.random.key(0))
    learned, action = jax.jit(agent.learn)(state, restart(jnp.int32(1)), jax.random.key(1))
    recorded, same, recording = jax.jit(agent.record)(state, restart(jnp.int32(1)), jax.random.key(1))
    assert isinstance(recording, Recording)
    assert int(action) == int(same)
    for a, b in zip(jax.tree.leaves(learned), jax.tree.leaves(recorded), strict=True):
        if not jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert len(recording.spikes) >= 2
    assert all(spikes.ndim == 2 and bool((spikes >= 0).all()) for spikes in recording.spikes.values())
    assert {"value", "dopamine"} <= set(recording.signals)
    assert all(jnp.shape(signal) == () for signal in recording.signals.values())
