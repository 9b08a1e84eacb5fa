import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.neurons import lif
from neurorl.neurons.lif import LIFParameters, LIFState

P = LIFParameters()
RHEOBASE = (P.v_threshold - P.v_rest) / P.resistance
run = jax.jit(lif.run)


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
    parameters = P._replace(tau_m=tau)
    start = LIFState(jnp.array([P.v_rest + above_rest]), jnp.zeros(1))
    _, (spikes, v) = run(parameters, start, jnp.full((steps, 1), current), dt)
    v_inf = P.v_rest + P.resistance * current
    expected = v_inf + (P.v_rest + above_rest - v_inf) * np.exp(-dt * np.arange(1, steps + 1) / tau)
    np.testing.assert_allclose(v[:, 0], expected, atol=2e-4)
    assert spikes.sum() == 0


@pytest.mark.parametrize(("refractory", "dt"), [(0.0, 1.0), (2.0, 1.0), (2.0, 0.1), (5.0, 0.25), (0.3, 0.1)])
def test_neuron_is_silent_and_held_at_reset_for_the_refractory_period(refractory, dt):
    parameters = P._replace(refractory=refractory)
    _, (spikes, v) = run(parameters, lif.init(1, parameters), jnp.full((500, 1), 1e6), dt)
    times = np.flatnonzero(spikes)
    assert times[0] == 0
    assert (np.diff(times) == round(refractory / dt) + 1).all()  # a current this strong needs a single step
    assert (np.asarray(v) == P.v_reset).all()


def test_parameters_may_differ_within_a_population():
    parameters = P._replace(v_threshold=jnp.array([-55.0, -40.0]))
    _, (spikes, _) = run(parameters, lif.init(2, parameters), jnp.full((400, 2), 25.0), 0.5)
    assert spikes[:, 0].sum() > 0
    assert spikes[:, 1].sum() == 0


@pytest.mark.parametrize(
    ("n", "change", "message"),
    [
        (0, {}, "n is 0"),
        (1, {"tau_m": 0.0}, "tau_m is 0.0 ms"),
        (2, {"tau_m": jnp.array([20.0, -1.0])}, "time constant must be positive"),
        (1, {"refractory": -1.0}, "refractory is -1.0 ms"),
        (1, {"v_reset": -55.0}, "not above v_reset -55.0 mV"),
    ],
)
def test_impossible_populations_are_refused(n, change, message):
    with pytest.raises(ValueError, match=message):
        lif.init(n, P._replace(**change))
