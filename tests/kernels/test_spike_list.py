import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurorl.kernels.spike_list import COUNTED, WORD, each_batch, spike_list

BATCH = 8
SIZES = [1, 31, 100, WORD * COUNTED + 100]  # the last is searched, the others counted
listed = {n: jax.jit(lambda spikes: spike_list(spikes, BATCH)) for n in SIZES}


@pytest.mark.parametrize("n", SIZES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), share=st.sampled_from([0.0, 0.02, 0.3, 1.0]))
def test_the_list_holds_every_neuron_that_spikes_once(n, seed, share):
    spikes = (np.random.default_rng(seed).random(n) < share).astype(np.float32)
    neurons, count = (np.asarray(values) for values in listed[n](spikes))
    assert count == spikes.sum()
    np.testing.assert_array_equal(np.sort(neurons[:count]), np.flatnonzero(spikes))
    assert (neurons[count : -(-count // BATCH) * BATCH] == n).all()


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_batches_walk_through_the_whole_list(share):
    spikes = (np.random.default_rng(1).random(100) < share).astype(np.float32)

    @jax.jit
    def visits(spikes):
        neurons, count = spike_list(spikes, BATCH)
        return each_batch(neurons, count, BATCH, lambda batch, seen: seen.at[batch].add(1.0), jnp.zeros(101))

    np.testing.assert_array_equal(visits(spikes)[:100], spikes)
