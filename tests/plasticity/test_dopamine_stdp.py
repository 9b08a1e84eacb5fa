import functools
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.plasticity import dopamine_stdp, rules, stdp
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP, DopamineSTDPState
from neurorl.plasticity.rules import Response
from neurorl.plasticity.stdp import STDP
from neurorl.synapses.spike_trace import SpikeTrace

P = DopamineSTDP()
UNBOUNDED = WeightBounds(kind="none")
STEPS, N, M = 30, 4, 3
SEEDS = st.integers(0, 2**32 - 1)
AGENT_STDP = STDP(a_plus=1.0, tau_plus=4.0)
AGENT_RULES = {name: jax.jit(functools.partial(rules.find(name).over, AGENT_STDP)) for name in ("td-ltp", "escape-noise")}
SYNAPSES = SimpleNamespace(pre=np.array([0, 0, 2, 3]), post=np.array([0, 2, 1, 2]))


@jax.jit
def run(parameters, weights, pre, post, dopamine, dt, rate=1.0):
    """Return the state and weights after all steps, for dopamine [STEPS]."""

    def one(carry, inputs):
        return dopamine_stdp.step(parameters, *carry, *inputs, dt, rate=rate, hazard=jnp.full(M, 0.1)), None

    return jax.lax.scan(one, (dopamine_stdp.init(N, M), weights), (pre, post, dopamine))[0]


@jax.jit
def pair_changes(parameters, pre, post):
    """Return the changes of plain STDP, [STEPS, M, N]."""
    return jax.lax.scan(lambda state, spikes: stdp.step(parameters, state, *spikes), stdp.init(N, M), (pre, post))[1]


def drawn(seed):
    rng = np.random.default_rng(seed)
    spikes = [np.float32(rng.random((STEPS, n)) < 0.3) for n in (N, M)]
    return np.float32(rng.uniform(0.2, 0.8, (M, N))), *spikes, np.float32(rng.normal(size=STEPS))


def workload_1(s, w, steps):
    """W1 of the benchmark's workloads, line by line; w [n, m]."""
    n, m = w.shape
    d20, d200, g, lr, a_plus, a_minus = np.exp(-1 / 20), np.exp(-1 / 200), 0.04 * 64 / n, 0.01, 0.01, 0.012
    v, xp, xq, e, spikes = np.zeros(m), np.zeros(n), np.zeros(m), np.zeros((n, m)), 0
    for t in range(steps):
        v = v * d20 + g * s[t] @ w
        q = np.where(v >= 1, 1.0, 0.0)
        v[q == 1] = 0
        xp, xq = xp * d20, xq * d20
        e = e * d200 + a_plus * np.outer(xp, q) - a_minus * np.outer(s[t], xq)
        xp, xq = xp + s[t], xq + q
        dopamine = 1 if t % 1000 < 500 else -1
        w = np.clip(w + lr * dopamine * e, 0, 1)
        spikes += q.sum()
    return w, e, xp, xq, spikes


def test_the_defaults_are_workload_1_step_for_step():
    """The network is closed: a change of the weights changes the spikes."""
    rng, steps, n, m = np.random.default_rng(0), 1500, 64, 16
    s, w0 = (rng.random((steps, n)) < 0.05).astype(float), rng.random((n, m))
    w, e, xp, xq, spikes = workload_1(s, w0, steps)

    def one(carry, inputs):
        state, weights, v = carry
        t, pre = inputs
        v = v * jnp.exp(-1 / 20) + 0.04 * 64 / n * weights @ pre
        post = (v >= 1).astype(v.dtype)
        state, weights = dopamine_stdp.step(P, state, weights, pre, post, jnp.where(t % 1000 < 500, 1.0, -1.0))
        return (state, weights, v * (1 - post)), post.sum()

    with jax.enable_x64(True):
        start = dopamine_stdp.init(n, m), jnp.asarray(w0.T), jnp.zeros(m)
        (state, weights, _), counts = jax.jit(lambda s: jax.lax.scan(one, start, (jnp.arange(steps), s)))(jnp.asarray(s))
    assert np.asarray(counts).sum() == spikes
    assert 5 < 1000 * spikes / (steps * m) < 100  # Hz
    assert np.abs(w - w0).max() > 0.1
    assert (w == 0).any()  # the lower bound was met
    np.testing.assert_allclose(weights.T, w, rtol=0, atol=1e-12)
    np.testing.assert_allclose(state.eligibility.T, e, rtol=0, atol=1e-12)
    np.testing.assert_allclose(state.traces.pre, xp, atol=1e-12)
    np.testing.assert_allclose(state.traces.post, xq, atol=1e-12)


@pytest.mark.parametrize("kind", ["hard", "soft", "none"])
@pytest.mark.parametrize("rule", rules.RULES)
def test_zero_dopamine_changes_no_weight_by_a_bit(rule, kind):
    weights, pre, post, _ = drawn(1)
    weights[0] = [0.0, 1e-30, 1.0, 0.3]
    state, after = run(P.replace(rule=rule, bounds=WeightBounds(kind=kind)), weights, pre, post, np.zeros(STEPS), 1.0)
    assert np.asarray(after).tobytes() == weights.tobytes()
    assert np.abs(state.eligibility).max() > 0  # there was something to gate


@given(seed=SEEDS)
def test_tonic_dopamine_scales_a_change_and_makes_none(seed):
    weights, pre, post, dopamine = drawn(seed)
    p = P.replace(bounds=UNBOUNDED)
    one, three = (run(p, weights, pre, post, dopamine, 1.0, rate)[1] - weights for rate in (1.0, 3.0))
    np.testing.assert_allclose(three, 3 * one, rtol=1e-3, atol=1e-6)
    assert np.asarray(run(p, weights, pre, post, 0 * dopamine, 1.0, 3.0)[1]).tobytes() == weights.tobytes()


@given(seed=SEEDS)
def test_opposite_dopamine_makes_the_opposite_change(seed):
    weights, pre, post, dopamine = drawn(seed)
    p = P.replace(bounds=UNBOUNDED, learning_rate=1.0)
    up, down = (run(p, weights, pre, post, sign * dopamine, 1.0)[1] - weights for sign in (1, -1))
    np.testing.assert_allclose(up, -down, rtol=1e-3, atol=1e-6)


def single_pair(steps_before, steps_after, dt, tau_e, dopamine):
    """Return eligibility and weight after a spike, another ``steps_before`` later, and ``steps_after`` steps from that one on."""
    parameters = P.replace(tau_e=tau_e, bounds=UNBOUNDED, learning_rate=1.0)
    state, weights = dopamine_stdp.init(1, 1), jnp.zeros((1, 1))
    state, weights = dopamine_stdp.step(parameters, state, weights, jnp.ones(1), jnp.zeros(1), 0.0, dt)

    def one(step, carry):
        post = jnp.where(step == steps_before, 1.0, 0.0)[None]
        return dopamine_stdp.step(parameters, *carry, jnp.zeros(1), post, dopamine, dt)

    state, weights = jax.lax.fori_loop(1, steps_before + steps_after, one, (state, weights))
    return state.eligibility[0, 0], weights[0, 0]


single_pair = jax.jit(single_pair)


@given(lag=st.floats(1.0, 40.0), steps=st.tuples(st.integers(1, 60), st.integers(1, 200)), tau_e=st.floats(20.0, 2000.0))
def test_eligibility_decays_exactly_whatever_the_step(lag, steps, tau_e):
    dt = lag / steps[0]
    eligibility, _ = single_pair(*steps, dt, tau_e, 0.0)
    expected = 0.01 * np.exp(-lag / 20.0) * np.exp(-(steps[1] - 1) * dt / tau_e)
    np.testing.assert_allclose(eligibility, expected, rtol=1e-4, atol=1e-12)


def test_the_weight_converges_to_the_integral_of_the_eligibility_at_first_order():
    lag, duration, tau_e = 10.0, 160.0, 100.0
    exact = 2.0 * 0.01 * np.exp(-lag / 20.0) * tau_e * -np.expm1(-duration / tau_e)
    errors = []
    with jax.enable_x64(True):
        for dt in (2.0, 1.0, 0.5):
            errors.append(float(single_pair(round(lag / dt), round(duration / dt), dt, tau_e, 2.0)[1]) - exact)
    np.testing.assert_allclose(errors[0] / exact, 2.0 / (2 * tau_e), rtol=0.01)  # dt / 2 tau_e
    np.testing.assert_allclose(np.array(errors[:-1]) / errors[1:], 2.0, rtol=0.01)


@pytest.mark.parametrize("gating", ["multiplicative", "additive"])
@pytest.mark.parametrize("rule", rules.RULES)
def test_listed_synapses_change_as_they_do_among_all(rule, gating):
    parameters = P.replace(rule=rule, gating=gating, learning_rate=0.5, bounds=WeightBounds(kind="soft"))
    weights, pre, post, dopamine = drawn(2)
    state, everywhere = run(parameters, weights, pre, post, dopamine, 0.5)

    def one(carry, inputs):
        return dopamine_stdp.step(parameters, *carry, *inputs, 0.5, hazard=jnp.full(M, 0.1), synapses=SYNAPSES), None

    start = dopamine_stdp.init(N, M, SYNAPSES), weights[SYNAPSES.post, SYNAPSES.pre]
    (listed_state, listed), _ = jax.lax.scan(one, start, (pre, post, dopamine))
    assert np.abs(listed - start[1]).max() > 1e-3
    np.testing.assert_allclose(listed, everywhere[SYNAPSES.post, SYNAPSES.pre], rtol=1e-5)
    np.testing.assert_allclose(listed_state.eligibility, state.eligibility[SYNAPSES.post, SYNAPSES.pre], rtol=1e-4, atol=1e-8)


def test_dopamine_may_differ_between_postsynaptic_neurons():
    weights, pre, post, _ = drawn(3)
    state = DopamineSTDPState(stdp.init(N, M), jnp.ones((M, N)))
    dopamine = jnp.array([[0.0], [1.0], [-1.0]])
    _, after = jax.jit(dopamine_stdp.step)(P, state, weights, pre[0], 0 * post[0], dopamine)
    change = np.asarray(after) - weights
    assert (change[0] == 0).all()
    np.testing.assert_allclose(change[1], -change[2], rtol=1e-4)
    assert (change[1] > 0).all()


@given(seed=SEEDS)
def test_additive_gating_is_stdp_times_one_plus_the_level(seed):
    weights, pre, post, dopamine = drawn(seed)
    omega = P.replace(gating="additive", learning_rate=1.0, bounds=UNBOUNDED)
    changes = np.asarray(pair_changes(omega.stdp, pre, post), float)
    expected = weights + np.tensordot(1 + dopamine, changes, 1)
    np.testing.assert_allclose(run(omega, weights, pre, post, dopamine, 1.0)[1], expected, rtol=1e-4, atol=1e-6)
    without = run(omega, weights, pre, post, 0 * dopamine, 1.0)[1]
    np.testing.assert_allclose(without - weights, changes.sum(0), rtol=1e-3, atol=1e-6)
    assert np.abs(without - weights).max() > 0  # it is not gated


@pytest.mark.parametrize("rule", ["td-ltp", "escape-noise"])
@given(seed=SEEDS)
def test_a_rule_means_what_it_means_in_an_agent(rule, seed):
    """Without decay the eligibility is the increment that plasticity/rules.py gives for the same substeps."""
    weights, pre, post, _ = drawn(seed)
    parameters = P.replace(rule=rule, tau_e=1e9, stdp=AGENT_STDP)
    state, _ = run(parameters, weights, pre, post, np.zeros(STEPS), 1.0)
    trace = SpikeTrace(np.zeros(N, np.float32), pre, np.exp(np.float32(-1.0 / 4.0)), np.ones((), np.float32))
    expected = AGENT_RULES[rule](trace, Response(post, np.full((STEPS, M), 0.1, np.float32)))
    np.testing.assert_allclose(state.eligibility, expected, rtol=1e-3, atol=1e-4)


def test_escape_noise_asks_for_the_hazard():
    weights, pre, post, _ = map(jnp.asarray, drawn(0))
    with pytest.raises(NeurorlError, match="'hazard' is None"):
        dopamine_stdp.step(P.replace(rule="escape-noise"), dopamine_stdp.init(N, M), weights, pre[0], post[0], 1.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tau_e": 0.0}, r"DopamineSTDP.tau_e' is 0.0; it must be above 0"),
        ({"learning_rate": -1.0}, r"learning_rate' is -1.0; it must be at least 0"),
        ({"rule": "td-lpt"}, "did you mean 'td-ltp'"),
        ({"gating": "both"}, "multiplicative, additive"),
    ],
)
def test_impossible_rules_are_refused(values, message):
    with pytest.raises(NeurorlError, match=message):
        DopamineSTDP(**values)
