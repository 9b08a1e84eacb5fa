from collections import deque

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurorl.agents import replay

CAPACITY = 5
store = jax.jit(replay.store)


def filled(wanted):
    memory = replay.init({"x": jnp.float32(0.0), "pair": jnp.zeros(2)}, CAPACITY)
    for i, keep in enumerate(wanted):
        memory = store(memory, {"x": jnp.float32(i), "pair": jnp.array([i, -i], float)}, jnp.array(keep))
    return memory


@given(st.lists(st.booleans(), max_size=17))
@settings(max_examples=40, deadline=None)
def test_the_last_ones_wanted_are_remembered(wanted):
    memory, expected = filled(wanted), deque([i for i, keep in enumerate(wanted) if keep], CAPACITY)
    assert int(memory.stored) == sum(wanted)
    held = np.asarray(memory.rows["x"])[: len(expected)]
    assert sorted(held) == sorted(expected)
    np.testing.assert_array_equal(np.asarray(memory.rows["pair"])[: len(expected)], np.stack([held, -held], 1))


def test_samples_are_uniform_over_what_is_there():
    drawn = replay.sample(filled([True] * 3), jax.random.key(0), 30_000)
    values, counts = np.unique(drawn["x"], return_counts=True)
    assert values.tolist() == [0.0, 1.0, 2.0]  # nothing of the two rows that are still empty
    np.testing.assert_allclose(counts / 30_000, 1 / 3, atol=0.01)
    np.testing.assert_array_equal(drawn["pair"][:, 0], drawn["x"])  # a transition stays together
