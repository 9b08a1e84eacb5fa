import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.errors import NeurorlError
from neurorl.plasticity import bounds
from neurorl.plasticity.bounds import WeightBounds

SHARES = arrays(np.float32, (2, 3), elements=st.floats(0.0, 1.0, width=32, allow_subnormal=False))
CHANGES = arrays(np.float32, (2, 3), elements=st.floats(-5.0, 5.0, width=32, allow_subnormal=False))
RANGE = st.tuples(st.floats(-5.0, 5.0), st.floats(0.1, 10.0))  # lower end, span
KIND = st.sampled_from(["hard", "soft"])
MU = st.sampled_from([0.0, 0.25, 1.0])
apply = jax.jit(bounds.apply)


@given(share=SHARES, change=CHANGES, ends=RANGE, kind=KIND, mu=MU)
def test_weights_stay_within_their_range_and_move_with_the_change(share, change, ends, kind, mu):
    low, high = np.float32(ends[0]), np.float32(ends[0] + ends[1])
    weights = np.clip(low + share * (high - low), low, high)
    after = np.asarray(apply(WeightBounds(w_min=low, w_max=high, kind=kind, mu_plus=mu, mu_minus=mu), weights, change))
    assert (after >= low).all()
    assert (after <= high).all()
    assert ((after - weights) * change >= 0).all()


@given(weights=SHARES, change=CHANGES)
def test_hard_bounds_clip(weights, change):
    np.testing.assert_array_equal(apply(WeightBounds(), weights, change), np.clip(weights + change, 0.0, 1.0))


@given(weights=SHARES, change=CHANGES)
def test_without_bounds_the_change_is_added(weights, change):
    np.testing.assert_array_equal(apply(WeightBounds(kind="none"), weights, change), weights + change)


@given(share=SHARES, change=CHANGES, ends=RANGE, mu=st.tuples(st.floats(0.0, 3.0), st.floats(0.0, 3.0)))
def test_soft_bounds_scale_a_change_by_the_distance_to_its_end(share, change, ends, mu):
    low, span = ends
    soft = WeightBounds(w_min=low, w_max=low + span, kind="soft", mu_plus=mu[0], mu_minus=mu[1])
    share = 0.01 + 0.98 * share  # away from the ends, where rounding of the weight itself decides
    expected = change * np.where(change > 0, (1.0 - share.astype(float)) ** mu[0], share.astype(float) ** mu[1])
    scaled = bounds.scale(soft, jnp.float32(low + span * share), jnp.asarray(change))
    np.testing.assert_allclose(scaled, expected, rtol=2e-3, atol=1e-6)


@given(weights=SHARES, change=CHANGES)
def test_exponents_of_zero_are_hard_bounds(weights, change):
    soft = apply(WeightBounds(kind="soft", mu_plus=0.0, mu_minus=0.0), weights, change)
    np.testing.assert_array_equal(soft, apply(WeightBounds(), weights, change))


def test_repeated_changes_approach_a_soft_bound_as_an_exponential_and_never_leave_it():
    weights, soft = jnp.array([0.0, 0.9]), WeightBounds(kind="soft")
    for _ in range(20):
        weights = apply(soft, weights, jnp.float32(0.1))
    np.testing.assert_allclose(weights, 1.0 - np.array([1.0, 0.1]) * 0.9**20, rtol=1e-5)


def test_soft_bounds_balance_where_potentiation_and_depression_cancel():
    """With mu = 1, A+ (1 - w) = A- w has the solution A+ / (A+ + A-), the mean weight under uncorrelated spikes."""
    weights, soft = jnp.array([0.05, 0.95]), WeightBounds(kind="soft")
    for _ in range(300):
        weights = apply(soft, weights, jnp.float32(0.02), jnp.float32(-0.03))
    np.testing.assert_allclose(weights, 0.4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["hard", "soft", "none"])
def test_no_change_leaves_every_bit_of_weights_within_the_range(kind):
    weights = np.array([0.0, 1.0, 0.3, 1e-30], np.float32)
    for zero in (0.0, -0.0):
        after = apply(WeightBounds(kind=kind), weights, np.full(4, zero, np.float32))
        assert np.asarray(after).tobytes() == weights.tobytes()


def test_a_range_of_one_point_holds_the_weight():
    for kind in ("hard", "soft"):
        after = apply(WeightBounds(w_min=0.5, w_max=0.5, kind=kind), jnp.array([0.5, 0.5]), jnp.array([1.0, -1.0]))
        np.testing.assert_array_equal(after, [0.5, 0.5])


def test_ranges_may_differ_between_synapses():
    signed = WeightBounds(w_min=np.array([0.0, -1.0]), w_max=np.array([1.0, 0.0]))
    np.testing.assert_array_equal(apply(signed, jnp.array([0.5, -0.5]), jnp.array([-1.0, 1.0])), [0.0, 0.0])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"w_min": 1.5}, r"'WeightBounds.w_min' is 1.5, above w_max 1.0"),
        ({"w_min": np.array([0.0, 0.7]), "w_max": 0.5}, "above w_max 0.5"),
        ({"w_max": np.inf}, r"'WeightBounds.w_max' is inf; it must be a finite number"),
        ({"mu_plus": -1.0}, r"'WeightBounds.mu_plus' is -1.0; it must be at least 0"),
        ({"kind": "sotf"}, "did you mean 'soft'"),
    ],
)
def test_impossible_bounds_are_refused(values, message):
    with pytest.raises(NeurorlError, match=message):
        WeightBounds(**values)
