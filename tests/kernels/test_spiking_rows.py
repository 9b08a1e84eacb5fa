"""The lists of spikes that the rows of synapses are walked by, against a search one by one."""

import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurorl.kernels import spiking_rows


@settings(max_examples=12, deadline=None)
@given(st.sampled_from([1, 5, 31, 32, 33, 100]), st.sampled_from([0.0, 0.02, 0.3, 1.0]), st.integers(0, 2**16))
def test_following_is_the_nearest_spike_from_here_on(steps, rate, seed):
    spikes = np.random.default_rng(seed).random((steps, 3)) < rate
    expected = np.full((steps + 1, 3), steps)
    for k, i in np.ndindex(steps, 3):
        later = np.flatnonzero(spikes[k:, i])
        if later.size:
            expected[k, i] = k + later[0]
    np.testing.assert_array_equal(spiking_rows.following(jnp.asarray(spikes, float)), expected)


def test_listed_spikes_are_each_named_once_and_in_order():
    spikes = jnp.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    following = spiking_rows.following(spikes)
    rest, order = spiking_rows.listed(following, following[0], 2)
    np.testing.assert_array_equal(order, [[1, 0], [2, 4]])
    np.testing.assert_array_equal(rest, [4, 4])
