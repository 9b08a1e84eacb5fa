import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import expm

from neurorl.errors import NeurorlError
from neurorl.neurons import adaptive_lif, lif, population
from neurorl.neurons.adaptive_lif import AdaptiveLIF, AdaptiveLIFState
from neurorl.neurons.lif import LIF

P = AdaptiveLIF()
run, run_lif = jax.jit(population.run), jax.jit(population.run)
firing_rate = jax.jit(adaptive_lif.firing_rate)
CURRENTS = jnp.array([18.0, 25.0, 40.0, 100.0])


def spike_times(parameters, currents, dt, duration):
    """Return the spike times of each neuron, ms."""
    start = adaptive_lif.init(len(currents), parameters)
    _, (spikes, _) = run(parameters, start, jnp.tile(currents, (round(duration / dt), 1)), dt)
    return [dt * (np.flatnonzero(train) + 1) for train in np.asarray(spikes).T]


def euler_spike_times(current, dt, duration):
    """Return the spike times of one default neuron, ms, integrated by its differential equation in steps of ``dt``."""
    v, w, free_at, times = P.v_rest, 0.0, 0.0, []
    for k in range(1, round(duration / dt) + 1):
        if k * dt > free_at + 0.5 * dt:
            v += dt / P.tau_m * (P.v_rest - v + P.resistance * (current - w))
        w -= dt / P.tau_w * w
        if v >= P.v_threshold:
            v, w, free_at = P.v_reset, w + P.b, k * dt + P.refractory
            times.append(k * dt)
    return np.array(times)


@given(currents=arrays(np.float32, (60, 3), elements=st.floats(-50.0, 100.0, width=32)), tau_w=st.floats(1.0, 500.0))
def test_without_adaptation_it_is_the_lif_neuron_bit_for_bit(currents, tau_w):
    _, (spikes, v) = run(P.replace(b=0.0, tau_w=tau_w), adaptive_lif.init(3), currents, 1.0)
    _, (expected_spikes, expected_v) = run_lif(LIF(), lif.init(3), currents, 1.0)
    np.testing.assert_array_equal(spikes, expected_spikes)
    np.testing.assert_array_equal(v, expected_v)


@given(
    tau_m=st.floats(1.0, 100.0),
    ratio=st.one_of(st.just(1.0), st.floats(0.999, 1.001), st.floats(0.02, 50.0)),
    dt=st.floats(0.01, 20.0),
    current=st.floats(-20.0, 10.0),
    adaptation=st.floats(0.0, 20.0),
)
def test_step_is_the_matrix_exponential_of_the_equations(tau_m, ratio, dt, current, adaptation):
    parameters = P.replace(tau_m=tau_m, tau_w=tau_m * ratio)
    start = AdaptiveLIFState(jnp.array([P.v_rest]), jnp.zeros(1), jnp.array([adaptation]))
    state, (spikes, _) = run(parameters, start, jnp.full((1, 1), current), dt)
    generator = np.array([[-1 / tau_m, -1 / tau_m, 1 / tau_m], [0.0, -1 / (tau_m * ratio), 0.0], [0.0, 0.0, 0.0]])
    v, w, _ = expm(generator * dt) @ [0.0, adaptation, current]
    np.testing.assert_allclose(state.v[0], P.v_rest + v, atol=3e-5)
    np.testing.assert_allclose(state.adaptation[0], w, rtol=1e-5, atol=1e-6)
    assert spikes.sum() == 0


def test_spike_times_agree_with_the_differential_equation_in_fine_steps():
    expected = euler_spike_times(30.0, 0.002, 150.0)
    (times,) = spike_times(P, jnp.array([30.0]), 0.02, 150.0)
    assert len(times) == len(expected) > 3
    late = times - expected
    assert (late > -0.01).all()
    assert (late < 0.02 * np.arange(1, len(times) + 1)).all()  # every spike adds at most a step


def test_intervals_grow_from_the_lif_neurons_to_the_steady_state():
    dt = 0.05
    exact, fresh = 1000.0 / np.asarray(firing_rate(P, CURRENTS)), 1000.0 / np.asarray(lif.firing_rate(P, CURRENTS))
    for times, last, first in zip(spike_times(P, CURRENTS, dt, 1500.0), exact, fresh, strict=True):
        intervals = np.diff(times)
        assert (np.diff(intervals[:6]) >= -1.01 * dt).all()
        assert intervals[0] > first
        assert np.abs(intervals[-5:].mean() - last) < 1.01 * dt
        assert last > 1.2 * first


def test_adaptation_is_the_sum_of_its_decaying_spikes():
    steps, dt = 800, 0.5
    state, (spikes, _) = run(P, adaptive_lif.init(4), jnp.tile(CURRENTS, (steps, 1)), dt)
    ages = dt * np.arange(steps - 1, -1, -1)
    np.testing.assert_allclose(state.adaptation, P.b * np.exp(-ages / P.tau_w) @ np.asarray(spikes), rtol=1e-4)


def test_adapted_rate_is_the_lif_rate_without_adaptation_and_falls_with_it():
    currents = jnp.array([0.0, 14.9, 15.5, 20.0, 50.0, 500.0])
    rates = np.array([firing_rate(P.replace(b=b), currents) for b in (0.0, 0.5, 2.0, 10.0)])
    np.testing.assert_allclose(rates[0], lif.firing_rate(P, currents), rtol=1e-4)
    assert (rates[:, :2] == 0).all()
    assert (np.diff(rates[:, 2:], axis=0) < 0).all()
    assert (np.diff(rates[:, 1:], axis=1) > 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tau_w": 0.0}, r"AdaptiveLIF\.tau_w' is 0.0; it must be above 0.0"),
        ({"b": -1.0}, r"b' is -1.0; it must be at least 0.0"),
        ({"v_reset": -50.0}, r"AdaptiveLIF\.v_threshold' is -55.0 mV, not above v_reset"),
    ],
)
def test_impossible_parameters_are_refused(change, message):
    with pytest.raises(NeurorlError, match=message):
        P.replace(**change)
