from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.plasticity import stdp
from neurorl.plasticity.stdp import STDP

STEPS, N_PRE, N_POST = 40, 3, 2
P = STDP()
SEEDS = st.integers(0, 2**32 - 1)
TAUS = st.tuples(st.floats(2.0, 50.0), st.floats(2.0, 50.0))
SYNAPSES = SimpleNamespace(pre=np.array([0, 0, 2, 1, 2]), post=np.array([0, 1, 1, 0, 1]))  # one pair of neurons twice


@jax.jit
def online(parameters, pre, post, dt):
    """Return the changes of all steps, [STEPS, N_POST, N_PRE]."""

    def one(state, spikes):
        return stdp.step(parameters, state, *spikes, dt)

    return jax.lax.scan(one, stdp.init(N_PRE, N_POST), (pre, post))[1]


@jax.jit
def listed(parameters, pre, post, dt):
    """Return the changes of all steps at SYNAPSES, [STEPS, s]."""

    def one(state, spikes):
        return stdp.step(parameters, state, *spikes, dt, SYNAPSES)

    return jax.lax.scan(one, stdp.init(N_PRE, N_POST), (pre, post))[1]


def trains(seed, density=0.3):
    rng = np.random.default_rng(seed)
    return np.float32(rng.random((STEPS, N_PRE)) < density), np.float32(rng.random((STEPS, N_POST)) < density)


@given(seed=SEEDS, density=st.floats(0.02, 0.9), dt=st.floats(0.1, 5.0), taus=TAUS)
def test_online_traces_sum_to_the_window_over_all_pairs(seed, density, dt, taus):
    pre, post = trains(seed, density)
    parameters = STDP(a_plus=1.0, a_minus=1.2, tau_plus=taus[0], tau_minus=taus[1])
    change = online(parameters, pre, post, dt).sum(0)
    lag = dt * (np.arange(STEPS)[:, None] - np.arange(STEPS)[None, :])  # [post step, pre step]
    pairs = np.asarray(stdp.window(parameters, jnp.float32(lag)), float)
    np.testing.assert_allclose(change, np.einsum("ki,kj,jc->ic", post, pairs, pre), rtol=1e-3, atol=1e-3)


@given(seed=SEEDS, density=st.floats(0.02, 0.9), dt=st.floats(0.1, 5.0), taus=TAUS)
def test_nearest_pairing_meets_only_the_latest_spike_of_the_other_side(seed, density, dt, taus):
    pre, post = trains(seed, density)
    parameters = STDP(a_plus=1.0, a_minus=1.2, tau_plus=taus[0], tau_minus=taus[1], pairing="nearest")
    change = np.asarray(online(parameters, pre, post, dt), float).sum(0)
    expected = np.zeros((N_POST, N_PRE))
    for i, c in np.ndindex(N_POST, N_PRE):
        for k in range(STEPS):
            pre_before, post_before = np.flatnonzero(pre[:k, c]), np.flatnonzero(post[:k, i])
            if post[k, i] and pre_before.size:
                expected[i, c] += np.exp(-dt * (k - pre_before[-1]) / taus[0])
            if pre[k, c] and post_before.size:
                expected[i, c] -= 1.2 * np.exp(-dt * (k - post_before[-1]) / taus[1])
    np.testing.assert_allclose(change, expected, rtol=1e-4, atol=1e-4)


@given(seed=SEEDS, dt=st.floats(0.1, 5.0), taus=TAUS)
def test_listed_synapses_change_as_they_do_among_all(seed, dt, taus):
    pre, post = trains(seed)
    parameters = P.replace(tau_plus=taus[0], tau_minus=taus[1])
    everywhere = np.asarray(online(parameters, pre, post, dt))
    np.testing.assert_allclose(
        listed(parameters, pre, post, dt), everywhere[:, SYNAPSES.post, SYNAPSES.pre], rtol=1e-5, atol=1e-9
    )


def test_synapses_with_delays_pair_what_arrives():
    """Two synapses join the same neurons, 0 and 3 ms apart: a presynaptic spike reaches one before the postsynaptic spike."""
    synapses = SimpleNamespace(pre=np.arange(2), post=np.array([0, 0]))
    arriving, post = np.zeros((6, 2)), np.zeros((6, 1))
    arriving[1, 0] = arriving[4, 1] = post[2, 0] = 1

    def one(state, spikes):
        return stdp.step(P, state, *spikes, 1.0, synapses)

    _, changes = jax.lax.scan(one, stdp.init(2, 1), (jnp.float32(arriving), jnp.float32(post)))
    np.testing.assert_allclose(changes.sum(0), stdp.window(P, jnp.array([1.0, -2.0])), rtol=1e-5)


@given(dt=st.floats(1e-3, 100.0), taus=st.tuples(st.floats(5.0, 50.0), st.floats(5.0, 50.0)))
def test_window_is_an_exponential_on_each_side(dt, taus):
    p = P.replace(tau_plus=taus[0], tau_minus=taus[1])
    np.testing.assert_allclose(stdp.window(p, jnp.float32(dt)), p.a_plus * np.exp(-dt / p.tau_plus), rtol=1e-5)
    np.testing.assert_allclose(stdp.window(p, jnp.float32(-dt)), -p.a_minus * np.exp(-dt / p.tau_minus), rtol=1e-5)


@pytest.mark.parametrize(("pre_step", "post_step", "sign"), [(3, 5, 1), (5, 3, -1), (4, 4, 0)])
def test_pre_before_post_potentiates_and_post_before_pre_depresses(pre_step, post_step, sign):
    pre, post = jnp.zeros((STEPS, N_PRE)).at[pre_step, 0].set(1), jnp.zeros((STEPS, N_POST)).at[post_step, 1].set(1)
    change = np.asarray(online(P, pre, post, 1.0))
    assert np.sign(change.sum(0)[1, 0]) == sign
    assert np.count_nonzero(change) == abs(sign)  # at one synapse, in the step of the later spike


def test_the_two_halves_of_a_change_can_be_had_apart():
    x, y, spikes = jnp.array([0.5, 2.0]), jnp.array([1.0, 0.25]), jnp.ones(2)
    potentiation, depression = stdp.change(P, x, y, 0.0, spikes), stdp.change(P, x, y, spikes, 0.0)
    np.testing.assert_allclose(potentiation, P.a_plus * x)
    np.testing.assert_allclose(depression, -P.a_minus * y)
    np.testing.assert_allclose(potentiation + depression, stdp.change(P, x, y, spikes, spikes), rtol=1e-6)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tau_plus": 0.0}, r"STDP.tau_plus' is 0.0; it must be above 0"),
        ({"tau_minus": np.array([20.0, -1.0])}, r"STDP.tau_minus' is -1.0"),
        ({"a_plus": np.nan}, r"STDP.a_plus' is nan; it must be a finite number"),
        ({"pairing": "nearst"}, "did you mean 'nearest'"),
    ],
)
def test_impossible_windows_are_refused(values, message):
    with pytest.raises(NeurorlError, match=message):
        STDP(**values)


def test_a_side_without_neurons_is_refused():
    with pytest.raises(NeurorlError, match="'n_post' is 0"):
        stdp.init(3, 0)
