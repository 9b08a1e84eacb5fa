import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.neurons import integrate_and_fire

STEPS, N = 30, 4
UNIT = 1 / 64  # charges in this unit add up without rounding


@jax.jit
def simulate(v, currents, leak):
    return jax.lax.scan(lambda v, current: integrate_and_fire.step(v, current, leak), v, currents)


@given(
    start=arrays(np.int32, N, elements=st.integers(0, 63)),
    charges=arrays(np.int32, (STEPS, N), elements=st.integers(0, 300)),
)
def test_spike_count_is_the_floor_of_the_integral_and_the_residual_is_kept(start, charges):
    v, spikes = simulate(jnp.float32(start * UNIT), jnp.float32(charges * UNIT), 0.0)
    integral = start + np.cumsum(charges, axis=0)
    np.testing.assert_array_equal(np.cumsum(spikes, axis=0), integral // 64)
    np.testing.assert_array_equal(v, (integral[-1] % 64) * UNIT)


@given(leak=st.floats(0.05, 0.95), share=st.floats(0.0, 0.95))
def test_leak_settles_below_threshold_without_spikes(leak, share):
    current = share * leak  # the steady state is current / leak
    v, spikes = simulate(jnp.zeros(N), jnp.full((STEPS, N), current), leak)
    np.testing.assert_allclose(v, share * (1 - (1 - leak) ** STEPS), rtol=1e-4, atol=1e-6)
    assert spikes.sum() == 0


def test_leak_above_steady_state_fires_less_than_the_perfect_integrator():
    current = jnp.full((STEPS, N), 0.7)
    _, perfect = simulate(jnp.zeros(N), current, 0.0)
    _, leaky = simulate(jnp.zeros(N), current, 0.3)
    assert 0 < leaky[:, 0].sum() < perfect[:, 0].sum()
