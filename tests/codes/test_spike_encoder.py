import functools

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.codes import spike_encoder
from neurorl.neurons import integrate_and_fire

C, S = 5, 12
UNIT = 1 / 64  # charges in this unit add up without rounding
integrate = jax.jit(functools.partial(spike_encoder.integrate, substeps=S))


@jax.jit
def scanned(potential, rates):
    return jax.lax.scan(lambda v, _: integrate_and_fire.step(v, rates), potential, length=S)


@given(potential=arrays(np.int32, C, elements=st.integers(0, 63)), rates=arrays(np.int32, C, elements=st.integers(0, 200)))
def test_integrate_is_the_scan_of_integrate_and_fire(potential, rates):
    potential, rates = jnp.float32(potential * UNIT), jnp.float32(rates * UNIT)
    for closed, reference in zip(integrate(potential, rates), scanned(potential, rates), strict=True):
        np.testing.assert_array_equal(closed, reference)


@given(seed=st.integers(0, 2**32 - 1))
def test_integrate_differs_from_the_scan_by_rounding_only(seed):
    potential, rates = np.random.default_rng(seed).uniform(size=(2, C)).astype(np.float32)
    after, spikes = integrate(potential, rates)
    reference_after, reference = scanned(potential, rates)
    charge, reference_charge = after + np.cumsum(spikes, 0)[-1], reference_after + np.cumsum(reference, 0)[-1]
    np.testing.assert_allclose(charge, reference_charge, atol=1e-5)  # no charge is lost
    assert np.abs(np.cumsum(spikes, 0) - np.cumsum(reference, 0)).max() <= 1  # a tie moves a spike, by one substep


def test_mean_rate_is_exact_to_one_spike_over_many_calls():
    rates = np.array([0.0, 0.003, 1 / 3, 0.77, 1.0], np.float32)
    potential = spike_encoder.init(jax.random.key(0), C).potential
    count, calls = np.zeros(C), 100
    for _ in range(calls):
        potential, spikes = integrate(potential, rates)
        count += np.asarray(spikes.sum(0))
        assert ((potential >= -1e-5) & (potential <= 1)).all()
    assert (np.abs(count - calls * S * rates) < 1 + 1e-2).all()


def test_a_rate_up_to_one_never_puts_two_spikes_in_a_substep():
    rates = np.random.default_rng(0).uniform(size=C).astype(np.float32)
    _, spikes = integrate(jnp.full(C, 0.5), rates)
    assert set(np.unique(spikes)) <= {0.0, 1.0}


def test_a_new_population_is_out_of_step():
    state = spike_encoder.init(jax.random.key(3), 2000)
    assert ((state.potential >= 0) & (state.potential < 1)).all()
    np.testing.assert_allclose(np.histogram(state.potential, bins=4, range=(0, 1))[0] / 2000, 0.25, atol=0.05)
    assert (state.trace == 0).all()


def test_poisson_spikes_have_the_mean_and_the_variance_of_their_rates():
    rates, substeps = jnp.array([0.0, 0.02, 0.3, 0.9, 1.0]), 20_000
    spikes = np.asarray(spike_encoder.poisson(jax.random.key(0), rates, substeps))
    assert set(np.unique(spikes)) == {0.0, 1.0}
    deviation = np.sqrt(rates * (1 - rates) / substeps)
    assert (np.abs(spikes.mean(0) - rates) <= 5 * deviation + 1e-7).all()
    successive = (spikes[1:] * spikes[:-1]).mean(0)  # substeps are independent
    assert (np.abs(successive - rates**2) <= 10 * deviation + 1e-6).all()
