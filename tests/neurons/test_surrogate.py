import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.neurons.surrogate import spike

U = jnp.linspace(-2.0, 2.0, 41)


def test_it_fires_at_the_threshold_and_above():
    np.testing.assert_array_equal(spike(U), np.asarray(U) >= 0)
    assert spike(jnp.float32(0.0)) == 1.0


@pytest.mark.parametrize("slope", [1.0, 5.0, 25.0])
def test_its_derivative_is_that_of_a_fast_sigmoid(slope):
    derivative = jax.vmap(jax.grad(spike), in_axes=(0, None))(U, slope)
    step = 1e-3
    sigmoid = lambda u: u / (1.0 + slope * np.abs(u))  # noqa: E731
    u = np.asarray(U, float)
    np.testing.assert_allclose(
        derivative, (sigmoid(u + step) - sigmoid(u - step)) / (2 * step), rtol=1e-2, atol=2e-2 * slope / 25
    )


def test_a_step_without_it_has_no_gradient():
    assert not np.asarray(jax.vmap(jax.grad(lambda u: (u >= 0.0).astype(float)))(U)).any()
