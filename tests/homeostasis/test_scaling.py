import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.homeostasis import scaling

WEIGHTS = arrays(np.float32, (3, 4), elements=st.floats(-50.0, 50.0, width=32, allow_subnormal=False))
NORM = st.sampled_from(["l1", "l2"])
ORDER = {"l1": 1, "l2": 2}
cap = jax.jit(scaling.cap, static_argnames="norm")


@given(weights=WEIGHTS, norm=NORM, maximum=st.floats(0.01, 100.0))
def test_norm_stays_within_the_budget_and_the_direction_is_kept(weights, norm, maximum):
    after, acted = cap(weights, norm, maximum, True)
    before_norm, after_norm = (np.linalg.norm(np.asarray(w, float), ORDER[norm], axis=-1) for w in (weights, after))
    np.testing.assert_allclose(after_norm, np.minimum(before_norm, maximum), rtol=1e-5)
    np.testing.assert_allclose(after * before_norm[:, None], weights * after_norm[:, None], rtol=1e-4, atol=1e-3)
    assert acted == (np.asarray(scaling.norms(jnp.asarray(weights), norm)) > np.float32(maximum)).any()


@given(weights=WEIGHTS, norm=NORM)
def test_a_neuron_within_its_budget_is_untouched_to_the_bit(weights, norm):
    weights = np.concatenate([weights, np.full((1, 4), 100.0, np.float32)])
    after, acted = cap(weights, norm, 200.1 if norm == "l1" else 100.1, True)
    assert np.asarray(after)[:-1].tobytes() == weights[:-1].tobytes()
    assert acted  # on the last neuron


@given(weights=WEIGHTS, norm=NORM)
def test_disabled_scaling_touches_nothing(weights, norm):
    after, acted = cap(weights, norm, 1e-3, False)
    assert np.asarray(after).tobytes() == weights.tobytes()
    assert not acted


@given(weights=WEIGHTS)
def test_scaling_can_be_left_out(weights):
    after, acted = cap(weights, "none", 1e-3, True)
    assert np.asarray(after).tobytes() == weights.tobytes()
    assert not acted


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_a_budget_of_zero_silences_and_zero_weights_stay_finite(norm):
    after, _ = cap(np.array([[0.0, 0.0], [3.0, -4.0]], np.float32), norm, 0.0, True)
    np.testing.assert_array_equal(after, np.zeros((2, 2)))


def test_norms_are_those_of_a_neurons_inputs():
    weights = jnp.array([[3.0, -4.0], [0.0, 2.0]])
    np.testing.assert_array_equal(scaling.norms(weights, "l1"), [7.0, 2.0])
    np.testing.assert_array_equal(scaling.norms(weights, "l2"), [5.0, 2.0])
