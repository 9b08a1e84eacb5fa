import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurorl.homeostasis import threshold


@given(target=st.floats(0.0, 1.0), rate=st.floats(1e-3, 1.0))
def test_activity_above_target_raises_the_threshold_and_below_lowers_it(target, rate):
    activity = target + jnp.array([0.5, 0.0, -0.25])
    after = threshold.adapt(jnp.zeros(3), activity, target, rate)
    np.testing.assert_allclose(after, [0.5 * rate, 0.0, -0.25 * rate], rtol=1e-4, atol=1e-6)


def test_one_winner_a_step_leaves_the_mean_threshold_and_settles_at_equal_shares():
    thresholds = start = jnp.array([0.3, -0.1, 0.0])
    for winner in (0, 1, 2) * 5:
        thresholds = threshold.adapt(thresholds, jnp.eye(3)[winner], 1 / 3, 0.1)
        np.testing.assert_allclose(thresholds.mean(), start.mean(), atol=1e-6)
    np.testing.assert_allclose(thresholds, start, atol=1e-6)
