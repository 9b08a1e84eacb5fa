import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.plasticity import stdp
from neurorl.plasticity.stdp import STDPParameters

STEPS, N_PRE, N_POST = 40, 3, 2
P = STDPParameters()


@jax.jit
def online(parameters, pre, post, dt):
    """Return the changes of all steps, [STEPS, N_POST, N_PRE]."""

    def one(state, spikes):
        return stdp.step(parameters, state, *spikes, dt)

    return jax.lax.scan(one, stdp.init(N_PRE, N_POST), (pre, post))[1]


@given(
    seed=st.integers(0, 2**32 - 1),
    density=st.floats(0.02, 0.9),
    dt=st.floats(0.1, 5.0),
    taus=st.tuples(st.floats(2.0, 50.0), st.floats(2.0, 50.0)),
)
def test_online_traces_sum_to_the_window_over_all_pairs(seed, density, dt, taus):
    rng = np.random.default_rng(seed)
    pre, post = rng.random((STEPS, N_PRE)) < density, rng.random((STEPS, N_POST)) < density
    parameters = STDPParameters(a_plus=1.0, a_minus=1.2, tau_plus=taus[0], tau_minus=taus[1])
    change = online(parameters, jnp.float32(pre), jnp.float32(post), dt).sum(0)
    lag = dt * (np.arange(STEPS)[:, None] - np.arange(STEPS)[None, :])  # [post step, pre step]
    pairs = np.asarray(stdp.window(parameters, jnp.float32(lag)), float)
    np.testing.assert_allclose(change, np.einsum("ki,kj,jc->ic", post, pairs, pre), rtol=1e-3, atol=1e-3)


@given(dt=st.floats(1e-3, 100.0), taus=st.tuples(st.floats(5.0, 50.0), st.floats(5.0, 50.0)))
def test_window_is_an_exponential_on_each_side(dt, taus):
    p = P._replace(tau_plus=taus[0], tau_minus=taus[1])
    np.testing.assert_allclose(stdp.window(p, jnp.float32(dt)), p.a_plus * np.exp(-dt / p.tau_plus), rtol=1e-5)
    np.testing.assert_allclose(stdp.window(p, jnp.float32(-dt)), -p.a_minus * np.exp(-dt / p.tau_minus), rtol=1e-5)


@pytest.mark.parametrize(("pre_step", "post_step", "sign"), [(3, 5, 1), (5, 3, -1), (4, 4, 0)])
def test_pre_before_post_potentiates_and_post_before_pre_depresses(pre_step, post_step, sign):
    pre, post = jnp.zeros((STEPS, N_PRE)).at[pre_step, 0].set(1), jnp.zeros((STEPS, N_POST)).at[post_step, 1].set(1)
    change = np.asarray(online(P, pre, post, 1.0))
    assert np.sign(change.sum(0)[1, 0]) == sign
    assert np.count_nonzero(change) == abs(sign)  # at one synapse, in the step of the later spike
