import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from neurorl.errors import NeurorlError
from neurorl.neurons import lif, population
from neurorl.neurons.lif import LIF, LIFState

P = LIF()
RHEOBASE = (P.v_threshold - P.v_rest) / P.resistance
run = jax.jit(population.run)


def simulated_intervals(parameters, currents, dt, duration=400.0):
    """Return the mean interval between spikes of each neuron, ms."""
    steps = round(duration / dt)
    _, (spikes, _) = run(parameters, lif.init(len(currents), parameters), jnp.tile(currents, (steps, 1)), dt)
    times = [np.flatnonzero(train) for train in np.asarray(spikes).T]
    return np.array([dt * (t[-1] - t[0]) / (len(t) - 1) for t in times])


def test_firing_rate_converges_to_the_analytic_curve_as_the_step_shrinks():
    currents = jnp.array([16.0, 18.0, 22.0, 30.0, 50.0, 100.0])
    exact = 1000.0 / np.asarray(lif.firing_rate(P, currents))
    worst = []
    for dt in (1.0, 0.2, 0.02):
        error = simulated_intervals(P, currents, dt) - exact
        # A crossing of the threshold is seen at the end of its step: late by no more than the step, never early.
        assert (error > -0.01 * dt).all(), dt
        assert (error < 1.01 * dt).all(), dt
        worst.append(np.abs(error / exact).max())
    assert worst[0] > worst[1] > worst[2]
    assert worst[-1] < 0.005


def test_firing_rate_is_zero_up_to_rheobase_and_saturates_at_the_refractory_period():
    currents = jnp.array([0.0, 0.5 * RHEOBASE, RHEOBASE, 1.01 * RHEOBASE, 2 * RHEOBASE, 1e9])
    rates = np.asarray(lif.firing_rate(P, currents))
    assert (rates[:3] == 0).all()
    assert (np.diff(rates[2:]) > 0).all()
    np.testing.assert_allclose(rates[-1], 1000.0 / P.refractory, rtol=1e-4)
    _, (spikes, _) = run(P, lif.init(2), jnp.tile(currents[1:3] * 0.999, (2000, 1)), 0.5)
    assert spikes.sum() == 0


@given(
    tau=st.floats(1.0, 100.0),
    dt=st.floats(0.01, 5.0),
    current=st.floats(-30.0, 10.0),
    above_rest=st.floats(-20.0, 10.0),
)
def test_membrane_decays_exactly_exponentially_below_threshold(tau, dt, current, above_rest):
    steps = 50
    parameters = P.replace(tau_m=tau)
    start = LIFState(jnp.array([P.v_rest + above_rest]), jnp.zeros(1))
    _, (spikes, v) = run(parameters, start, jnp.full((steps, 1), current), dt)
    v_inf = P.v_rest + P.resistance * current
    expected = v_inf + (P.v_rest + above_rest - v_inf) * np.exp(-dt * np.arange(1, steps + 1) / tau)
    np.testing.assert_allclose(v[:, 0], expected, atol=2e-4)
    assert spikes.sum() == 0


@pytest.mark.parametrize(
    ("refractory", "dt", "held"),
    [
        (0.0, 1.0, 0),
        (2.0, 1.0, 2),
        (2.0, 0.1, 20),
        (0.3, 0.1, 3),
        (7.7, 0.1, 77),
        (1.4, 1.0, 2),
        (0.05, 0.1, 1),
        (100.0, 0.1, 1000),
    ],
)
def test_neuron_is_held_at_reset_for_the_refractory_period_in_whole_steps_rounded_up(refractory, dt, held):
    parameters = P.replace(refractory=refractory)
    _, (spikes, v) = run(parameters, lif.init(1, parameters), jnp.full((3003, 1), 1e6), dt)
    times = np.flatnonzero(spikes)
    assert times[0] == 0
    assert (np.diff(times) == held + 1).all()  # a current this strong needs a single step
    assert (np.asarray(v) == P.v_reset).all()


@given(
    tau_m=st.floats(1.0, 100.0),
    ratio=st.one_of(st.just(1.0), st.floats(0.999, 1.001), st.floats(0.02, 50.0)),
    dt=st.floats(0.01, 20.0),
    current=st.floats(-20.0, 10.0),
)
def test_equivalent_current_integrates_an_exponential_current_exactly(tau_m, ratio, dt, current):
    parameters, tau = P.replace(tau_m=tau_m, resistance=1.5), tau_m * ratio
    constant = equivalent(parameters, jnp.array([current]), tau, dt)
    state, _ = step(parameters, lif.init(1, parameters), constant, dt)
    propagator = expm(np.array([[-1 / tau_m, 1.5 / tau_m], [0.0, -1 / tau]]) * dt)
    np.testing.assert_allclose(state.v[0], P.v_rest + propagator[0, 1] * current, atol=3e-5)


step, equivalent = jax.jit(lif.step), jax.jit(lif.equivalent_current)


def test_equivalent_current_of_extreme_steps_is_finite_and_lies_within_the_decay():
    share = equivalent(P.replace(tau_m=jnp.array([1e-3, 1.0, 1e6])), 1.0, jnp.array([[1e-3], [1.0], [1e6]]), 1.0)
    assert np.isfinite(share).all()
    assert (share >= 0).all()
    assert (share <= 1.00001).all()


def test_parameters_may_differ_within_a_population():
    parameters = P.replace(v_threshold=jnp.array([-55.0, -40.0]))
    _, (spikes, _) = run(parameters, lif.init(2, parameters), jnp.full((400, 2), 25.0), 0.5)
    assert spikes[:, 0].sum() > 0
    assert spikes[:, 1].sum() == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tau_m": 0.0}, r"LIF\.tau_m' is 0.0; it must be above 0.0"),
        ({"tau_m": np.array([20.0, -1.0])}, r"tau_m' is -1.0"),
        ({"v_rest": float("nan")}, r"v_rest' is nan; it must be a finite number"),
        ({"refractory": -1.0}, r"refractory' is -1.0; it must be at least 0.0"),
        ({"v_reset": -55.0}, r"v_threshold' is -55.0 mV, not above v_reset, -55.0 mV"),
        ({"v_reset": np.array([-75.0, -50.0])}, r"not above v_reset"),
    ],
)
def test_impossible_parameters_are_refused_when_they_are_made(change, message):
    with pytest.raises(NeurorlError, match=message):
        P.replace(**change)


@pytest.mark.parametrize(("n", "change", "message"), [(0, {}, "n is 0"), (3, {"tau_m": np.ones(2)}, r"tau_m' has shape \(2,\)")])
def test_impossible_populations_are_refused(n, change, message):
    with pytest.raises(NeurorlError, match=message):
        lif.init(n, P.replace(**change))
