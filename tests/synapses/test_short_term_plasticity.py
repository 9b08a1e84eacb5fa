import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.errors import NeurorlError
from neurorl.synapses import short_term_plasticity
from neurorl.synapses.short_term_plasticity import DEPRESSING, FACILITATING, ShortTermPlasticity

PARAMETERS = st.builds(
    ShortTermPlasticity,
    u=st.floats(0.05, 1.0),
    tau_rec=st.floats(5.0, 1000.0),
    tau_facil=st.one_of(st.just(0.0), st.floats(5.0, 1000.0)),
)


@jax.jit
def simulate(parameters, spikes, dt):
    """Return the last state, and the efficacy of every step, [steps, n]."""
    start = short_term_plasticity.init(spikes.shape[1])
    return jax.lax.scan(lambda state, s: short_term_plasticity.step(parameters, state, s, dt), start, spikes)


def recurrence(p, intervals):
    """Return the efficacies of a train by equations 4 and 5 of Maass and Markram (2002), one after every interval and at 0."""
    u, x, efficacies = p.u, 1.0, [p.u]
    for interval in intervals:
        x = 1.0 + (x - u * x - 1.0) * np.exp(-interval / p.tau_rec)
        u = p.u + u * (1.0 - p.u) * (np.exp(-interval / p.tau_facil) if p.tau_facil else 0.0)
        efficacies.append(u * x)
    return np.array(efficacies)


@given(parameters=PARAMETERS, rate=st.floats(1.0, 200.0))
def test_a_regular_train_converges_to_the_steady_state(parameters, rate):
    state, efficacy = simulate(parameters, jnp.ones((400, 1)), 1000.0 / rate)
    u, x = short_term_plasticity.steady_state(parameters, rate)
    np.testing.assert_allclose(efficacy[-1, 0], u * x, rtol=2e-4)
    np.testing.assert_allclose(state.u[0], u, rtol=2e-4)
    np.testing.assert_allclose(state.x[0], x * (1 - u), rtol=2e-3, atol=1e-6)


@given(parameters=PARAMETERS, spikes=arrays(np.bool_, 60), dt=st.floats(0.1, 20.0))
def test_efficacies_of_any_train_are_those_of_the_recurrence(parameters, spikes, dt):
    spikes[3] = True
    _, efficacy = simulate(parameters, jnp.float32(spikes)[:, None], dt)
    expected = recurrence(parameters, dt * np.diff(np.flatnonzero(spikes)))
    np.testing.assert_allclose(np.asarray(efficacy)[spikes, 0], expected, rtol=1e-3, atol=1e-6)
    assert (np.asarray(efficacy)[~spikes] == 0).all()


@given(parameters=PARAMETERS, dt=st.floats(0.1, 20.0))
def test_between_spikes_many_steps_are_one(parameters, dt):
    spikes = jnp.zeros((60, 1)).at[jnp.array([0, 30])].set(1.0)
    fine, _ = simulate(parameters, spikes, dt)
    coarse, _ = simulate(parameters, jnp.ones((2, 1)), 30 * dt)
    coarse, _ = short_term_plasticity.step(parameters, coarse, jnp.zeros(1), 29 * dt)
    np.testing.assert_allclose(fine, coarse, rtol=1e-3, atol=1e-6)


@given(spikes=arrays(np.bool_, (60, 3)), parameters=PARAMETERS, dt=st.floats(0.1, 20.0))
def test_utilisation_and_resources_are_fractions(spikes, parameters, dt):
    state, efficacy = simulate(parameters, jnp.float32(spikes), dt)
    for value in (*state, efficacy):
        assert (np.asarray(value) >= 0).all()
        assert (np.asarray(value) <= 1).all()


def test_a_depressing_synapse_only_weakens_and_a_facilitating_one_first_strengthens():
    train = jnp.ones((20, 1))
    _, depressing = simulate(DEPRESSING, train, 50.0)  # 20 Hz
    _, facilitating = simulate(FACILITATING, train, 50.0)
    assert depressing[0, 0] == pytest.approx(DEPRESSING.u)
    assert facilitating[0, 0] == pytest.approx(FACILITATING.u)
    assert (np.diff(depressing[:6, 0]) < 0).all()  # later peaks are smaller
    assert (np.diff(depressing[:, 0]) < 1e-7).all()
    assert depressing[-1, 0] < 0.2 * depressing[0, 0]
    assert (np.diff(facilitating[:5, 0]) > 0).all()
    assert facilitating.max() > 3 * facilitating[0, 0]


def test_steady_efficacy_falls_with_rate_when_depressing_and_peaks_between_when_facilitating():
    rates = jnp.array([1e-3, 1.0, 5.0, 10.0, 20.0, 50.0, 200.0])
    falling, peaked = (np.prod(short_term_plasticity.steady_state(p, rates), axis=0) for p in (DEPRESSING, FACILITATING))
    assert falling[0] == pytest.approx(DEPRESSING.u)
    assert peaked[0] == pytest.approx(FACILITATING.u)
    assert (np.diff(falling) < 0).all()
    assert 0 < peaked.argmax() < len(rates) - 1


def test_parameters_may_differ_within_a_population():
    both = jax.tree.map(lambda *values: jnp.array(values), DEPRESSING, FACILITATING)
    _, efficacy = simulate(both, jnp.ones((5, 2)), 50.0)
    for column, parameters in enumerate((DEPRESSING, FACILITATING)):
        np.testing.assert_allclose(efficacy[:, column], simulate(parameters, jnp.ones((5, 1)), 50.0)[1][:, 0], rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"u": 0.0}, r"ShortTermPlasticity\.u' is 0.0; it must be above 0.0"),
        ({"u": 1.5}, r"u' is 1.5; it must be at most 1.0"),
        ({"tau_rec": 0.0}, r"tau_rec' is 0.0; it must be above 0.0"),
        ({"tau_facil": -1.0}, r"tau_facil' is -1.0; it must be at least 0.0"),
    ],
)
def test_impossible_parameters_are_refused(change, message):
    with pytest.raises(NeurorlError, match=message):
        DEPRESSING.replace(**change)
