import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.plasticity import three_factor

# Without denormal numbers, which XLA flushes, and without negative zero, which a sum makes positive.
NUMBERS = st.floats(-1e3, 1e3, width=32, allow_subnormal=False).map(lambda x: x + 0.0)
VALUES = arrays(np.float32, (2, 3), elements=NUMBERS)


@given(weights=VALUES, eligibility=VALUES, learning_rate=st.floats(0.0, 100.0))
def test_zero_dopamine_leaves_every_bit(weights, eligibility, learning_rate):
    for dopamine in (0.0, -0.0):
        after = three_factor.change(jnp.asarray(weights), jnp.asarray(eligibility), jnp.float32(dopamine), learning_rate)
        assert np.asarray(after).tobytes() == weights.tobytes()


@given(weights=VALUES, eligibility=VALUES, dopamine=st.floats(-10.0, 10.0), learning_rate=st.floats(0.0, 10.0))
def test_change_is_the_product_of_the_three_factors(weights, eligibility, dopamine, learning_rate):
    after = three_factor.change(jnp.asarray(weights), jnp.asarray(eligibility), jnp.float32(dopamine), learning_rate)
    np.testing.assert_allclose(after, weights + learning_rate * dopamine * eligibility.astype(float), rtol=1e-5, atol=1e-2)


def test_a_synapse_without_eligibility_does_not_change():
    weights, eligibility = jnp.ones((2, 2)), jnp.array([[0.0, 1.0], [0.0, -1.0]])
    np.testing.assert_array_equal(three_factor.change(weights, eligibility, jnp.float32(2.0), 0.25), [[1, 1.5], [1, 0.5]])
