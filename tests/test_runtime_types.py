"""What the annotations say of arrays is checked in every test; here, that the check is there and can fail."""

import jax
import jax.numpy as jnp
import pytest
from jaxtyping import Float, TypeCheckError

from neurorl.neurons import LIF, lif
from neurorl.plasticity import three_factor
from neurorl.synapses import delay_line
from tests import runtime_types

STATE, CURRENT = lif.init(3), jnp.full(3, 20.0)


def test_the_right_shape_passes_plain_and_traced():
    plain = lif.step(LIF(), STATE, CURRENT)
    traced = jax.jit(lif.step)(LIF(), STATE, CURRENT)
    assert plain[1].shape == traced[1].shape == (3,)


@pytest.mark.parametrize(
    "current", [jnp.full((2, 3), 20.0), jnp.float32(20.0), jnp.full(3, 20)], ids=["an axis more", "a scalar", "integers"]
)
def test_a_current_that_is_no_vector_of_floats_is_told(current):
    for step in (lif.step, jax.jit(lif.step)):
        with pytest.raises(TypeCheckError, match="parameter 'current'"):
            step(LIF(), STATE, current)


def test_sizes_that_broadcast_by_chance_are_told():
    """One current for three neurons would give three spikes; the letter n stands for one number."""
    with pytest.raises(TypeCheckError, match="return value"):
        lif.step(LIF(), STATE, jnp.full(1, 20.0))
    with pytest.raises(TypeCheckError, match="parameter 'eligibility'"):
        three_factor.change(jnp.ones((2, 3)), jnp.ones((1, 3)), jnp.float32(1.0), 0.1)


def test_methods_and_groups_of_arrays_are_checked_and_what_is_no_array_is_left_to_the_library():
    with pytest.raises(TypeCheckError):
        LIF().step(STATE, jnp.ones((2, 3)))
    with pytest.raises(TypeCheckError, match="parameter 'values'"):
        delay_line.push(delay_line.init(3, 2), jnp.ones((2, 3)))
    assert LIF(tau_m=jnp.ones(3)).tau_m.shape == (3,)
    assert jax.tree.map(lambda _: object(), LIF()).tau_m is not None  # a placeholder in a field


def test_without_the_check_the_same_fault_passes():
    """The control: JAX alone broadcasts."""
    unchecked = three_factor.change.__wrapped__
    assert unchecked(jnp.ones((2, 3)), jnp.ones((1, 3)), jnp.float32(1.0), 0.1).shape == (2, 3)


def test_only_annotations_of_arrays_are_checked():
    assert runtime_types.of_arrays(Float[jax.Array, " n"] | None)
    assert runtime_types.of_arrays(tuple[int, Float[jax.Array, ""]])
    assert not runtime_types.of_arrays(int | None)
