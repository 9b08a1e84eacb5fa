import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurorl.plasticity import eligibility

STEPS = 12


@given(seed=st.integers(0, 2**32 - 1), factor=st.floats(0.0, 1.0))
def test_eligibility_is_the_discounted_sum_of_increments_since_the_episode_began(seed, factor):
    rng = np.random.default_rng(seed)
    increments, ended = rng.normal(size=(STEPS, 2, 3)), rng.random(STEPS) < 0.2
    trace, begin = jnp.zeros((2, 3)), 0
    for step in range(STEPS):
        trace = eligibility.decay(trace, factor, jnp.array(ended[step])) + increments[step]
        begin = step if ended[step] else begin
        weight = factor ** np.arange(step - begin, -1, -1)
        np.testing.assert_allclose(trace, np.tensordot(weight, increments[begin : step + 1], 1), rtol=1e-4, atol=1e-4)


def test_nothing_crosses_an_episode_end():
    assert (eligibility.decay(jnp.ones((2, 3)), 0.9, jnp.array(True)) == 0).all()
