import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.errors import NeurorlError
from neurorl.neurons import lif
from neurorl.neurons.lif import LIF
from neurorl.neurons.neuron import Neuron
from neurorl.synapses.exponential import ExponentialCurrent

STEPS, N = 80, 3
WEIGHTS = arrays(np.float32, (STEPS, N), elements=st.one_of(st.just(0.0), st.floats(-10.0, 10.0, width=32)))


@jax.jit
def simulate(parameters, arriving, dt):
    """Return the current at the end of every step, and its mean over the following one, both [STEPS, N]."""

    def one(current, arriving):
        current = parameters.step(current, arriving, dt)
        return current, (current, Neuron().mean_current(current, parameters.tau, dt))

    return jax.lax.scan(one, parameters.init(N), arriving)[1]


@given(arriving=WEIGHTS, tau=st.floats(0.5, 50.0), dt=st.floats(0.05, 2.0))
def test_current_is_the_sum_of_decaying_weights_and_starts_at_their_height(arriving, tau, dt):
    current, _ = simulate(ExponentialCurrent(tau), arriving, dt)
    age = dt * np.arange(STEPS)[:, None] - dt * np.arange(STEPS)
    kernel = np.where(age >= 0, np.exp(-np.maximum(age, 0) / tau), 0.0)
    np.testing.assert_allclose(current, kernel @ arriving, rtol=1e-4, atol=1e-4)


@given(tau=st.floats(0.2, 5.0), dt=st.floats(0.5, 4.0), weight=st.floats(0.1, 10.0))
def test_a_spike_carries_its_weight_times_tau_whatever_the_step(tau, dt, weight):
    arriving = jnp.zeros((STEPS, N)).at[0].set(weight)
    current, mean = simulate(ExponentialCurrent(tau), arriving, dt)
    kept = np.asarray(current)[-1, 0] * np.exp(-dt / tau) * tau  # the charge still to come
    np.testing.assert_allclose(dt * np.asarray(mean)[:, 0].sum() + kept, weight * tau, rtol=1e-4)
    np.testing.assert_allclose(dt * np.asarray(current)[:, 0].sum() + kept, weight * (dt / -np.expm1(-dt / tau)), rtol=0.02)


@pytest.mark.parametrize("dt", [0.1, 2.0])
@pytest.mark.parametrize("tau", [5.0, 20.0])
def test_postsynaptic_potential_of_the_lif_neuron_is_the_closed_form_whatever_the_step(tau, dt):
    neuron, synapse, weight = LIF(), ExponentialCurrent(tau), 8.0
    steps = round(60.0 / dt)

    @jax.jit
    def potential(first):
        def one(carry, _):
            state, current = carry
            state, _ = lif.step(neuron, state, lif.equivalent_current(neuron, current, synapse.tau, dt), dt)
            return (state, synapse.step(current, jnp.zeros(1), dt)), state.v[0]

        return jax.lax.scan(one, (lif.init(1, neuron), first), None, length=steps)[1]

    time = dt * np.arange(1, steps + 1)
    tau_m = neuron.tau_m
    difference = np.exp(-time / tau_m) - np.exp(-time / tau)
    shape = time / tau_m * np.exp(-time / tau_m) if tau == tau_m else tau / (tau_m - tau) * difference
    np.testing.assert_allclose(potential(jnp.array([weight])), neuron.v_rest + weight * shape, atol=5e-4)


def test_a_time_constant_that_is_not_positive_is_refused():
    with pytest.raises(NeurorlError, match=r"ExponentialCurrent\.tau' is 0.0; it must be above 0.0"):
        ExponentialCurrent(0.0)
