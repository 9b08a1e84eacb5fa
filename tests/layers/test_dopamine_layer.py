from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl import counter_random
from neurorl.layers import batched_plasticity, chunked_plasticity, dopamine_layer, rowwise_plasticity
from neurorl.layers.dopamine_layer import DopamineLayerParameters

N, M, STEPS = 30, 7, 60
run = jax.jit(dopamine_layer.run)
run_rows = jax.jit(rowwise_plasticity.run)
run_chunked = jax.jit(chunked_plasticity.run_chunked, static_argnames="steps")


def parameters(**changes):
    return DopamineLayerParameters(**{"g": 0.04 * 64 / N * 2, **changes})


def literal(p, weights, pre, dopamine, dt=1.0, chunk=1):
    """The rule of WORKLOADS.md, synapse by synapse, in float64; weights are clipped every ``chunk`` steps."""
    n, m = weights.shape
    w, e = weights.astype(float).copy(), np.zeros((n, m))
    v, xp, xq = np.zeros(m), np.zeros(n), np.zeros(m)
    spikes = []
    for step, (s, da) in enumerate(zip(pre, dopamine, strict=True), 1):
        v = v * np.exp(-dt / p.tau_m)
        for j in range(m):
            v[j] += p.g * sum(w[i, j] for i in range(n) if s[i])
        q = (v >= 1).astype(float)
        v[q == 1] = 0
        xp, xq = xp * np.exp(-dt / p.tau_plus), xq * np.exp(-dt / p.tau_minus)
        for i in range(n):
            for j in range(m):
                e[i, j] = e[i, j] * np.exp(-dt / p.tau_e) + p.a_plus * xp[i] * q[j] - p.a_minus * s[i] * xq[j]
                w[i, j] += p.learning_rate * da * e[i, j]
                if step % chunk == 0:
                    w[i, j] = min(max(w[i, j], p.w_min), p.w_max)
        xp, xq = xp + s, xq + q
        spikes.append(q)
    return w, e, np.array(spikes)


def case(seed, rate=0.2, low=0.0, high=1.0, steps=STEPS):
    rng = np.random.default_rng(seed)
    weights = rng.uniform(low, high, (N, M))
    return weights, (rng.random((steps, N)) < rate).astype(float), rng.normal(0, 3, steps)


@pytest.mark.parametrize("dt", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("form", [run, run_rows, partial(run_chunked, steps=1)], ids=["run", "rows", "K=1"])
def test_stepwise_forms_are_the_rule_written_out(form, dt):
    with jax.enable_x64(True):
        p = parameters(learning_rate=0.1)
        weights, pre, dopamine = case(1)
        expected = literal(p, weights, pre, dopamine, dt)
        assert expected[2].sum() > 50
        assert ((expected[0] == 0) | (expected[0] == 1)).any()  # weights clip
        state, post = form(p, dopamine_layer.init(jnp.asarray(weights)), jnp.asarray(pre), jnp.asarray(dopamine), dt)
        np.testing.assert_array_equal(post, expected[2])
        np.testing.assert_allclose(state.weights, expected[0], atol=1e-13)
        np.testing.assert_allclose(state.eligibility, expected[1], atol=1e-13)


@pytest.mark.parametrize("dt", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("rate", [0.2, 0.9])  # 0.9: all inputs have more spikes in 20 steps than the one pass of a flush takes in
@pytest.mark.parametrize("steps", [1, 20])
def test_a_flush_clips_what_the_whole_chunk_has_added(steps, rate, dt):
    with jax.enable_x64(True):
        p = parameters(g=0.03 / rate, learning_rate=0.04 / rate, a_plus=0.012, w_min=0.2, w_max=0.6)
        weights, pre, dopamine = case(2, rate, 0.2, 0.6)
        expected = literal(p, weights, pre, dopamine, dt, steps)
        unclipped = literal(p, weights, pre, dopamine, dt, STEPS + 1)[0]
        assert ((unclipped < p.w_min) | (unclipped > p.w_max)).mean() > 0.2
        assert 0.2 < expected[2].mean() < 0.6
        state, post = run_chunked(p, dopamine_layer.init(jnp.asarray(weights)), pre, dopamine, dt, steps=steps)
        np.testing.assert_array_equal(post, expected[2])
        np.testing.assert_allclose(state.weights, expected[0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(state.eligibility, expected[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("form", [run, run_rows, partial(run_chunked, steps=20)], ids=["run", "rows", "K=20"])
def test_neurons_that_fill_up_a_layer_change_nothing_for_the_others(form):
    with jax.enable_x64(True):
        p = parameters(learning_rate=0.1, w_min=0.1)  # so that theirs leave 0 too
        weights, pre, dopamine = (jnp.asarray(array) for array in case(3, low=0.1))
        alone, spikes = form(p, dopamine_layer.init(weights), pre, dopamine)
        state, post = form(p, dopamine_layer.padded(dopamine_layer.init(weights)), pre, dopamine)
        assert state.weights.shape == (N, 16)
        assert spikes.sum() > 50
        np.testing.assert_array_equal(post[:, :M], spikes)
        for name in ("v", "post", "eligibility", "weights"):
            np.testing.assert_allclose(getattr(state, name)[..., :M], getattr(alone, name), atol=1e-13)
        np.testing.assert_array_equal(state.pre, alone.pre)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    rate=st.sampled_from([0.0, 0.02, 0.1, 0.5, 1.0]),  # 1.0: more spikes of an input in a chunk than one pass takes in
    taus=st.tuples(*[st.floats(1.0, 300.0)] * 4),
    constant=st.one_of(st.none(), st.floats(-3, 3)),
    steps=st.sampled_from([4, 15, 30]),  # less than a block of a chunk, not a multiple of it, several
    dt=st.sampled_from([0.5, 1.0, 2.0]),
)
def test_chunks_are_the_stepwise_rule_while_nothing_clips(seed, rate, taus, constant, steps, dt):
    with jax.enable_x64(True):
        tau_m, tau_plus, tau_minus, tau_e = taus
        p = parameters(
            tau_m=tau_m, tau_plus=tau_plus, tau_minus=tau_minus, tau_e=tau_e, learning_rate=1e-3, w_min=-100.0, w_max=100.0
        )
        weights, pre, dopamine = case(seed, rate, 0.3, 0.7)
        dopamine = dopamine if constant is None else np.full(STEPS, constant)
        start = dopamine_layer.init(jnp.asarray(weights))
        expected, spikes = run(p, start, jnp.asarray(pre), jnp.asarray(dopamine), dt)
        state, post = run_chunked(p, start, jnp.asarray(pre), jnp.asarray(dopamine), dt, steps=steps)
        np.testing.assert_array_equal(post, spikes)
        for ours, theirs in zip(state, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)


def test_a_chunk_of_more_than_its_blocks_steps_is_the_stepwise_rule_too():
    with jax.enable_x64(True):
        p = parameters(learning_rate=1e-3, w_min=-100.0, w_max=100.0)
        weights, pre, dopamine = (jnp.asarray(a) for a in case(5, 0.1, 0.3, 0.7, steps=100))
        start = dopamine_layer.init(weights)
        expected, spikes = run(p, start, pre, dopamine)
        state, post = run_chunked(p, start, pre, dopamine, steps=100)
        np.testing.assert_array_equal(post, spikes)
        np.testing.assert_allclose(state.weights, expected.weights, rtol=1e-12, atol=1e-13)


def test_chunks_agree_in_single_precision():
    weights, pre, dopamine = (jnp.asarray(a, jnp.float32) for a in case(3, low=0.3, high=0.7))
    p = parameters(learning_rate=1e-3)
    start = dopamine_layer.init(weights)
    expected, spikes = run(p, start, pre, dopamine)
    state, post = run_chunked(p, start, pre, dopamine, steps=30)
    np.testing.assert_array_equal(post, spikes)
    np.testing.assert_allclose(state.weights, expected.weights, atol=2e-6)


def test_clipping_at_the_flush_alone_moves_single_weights_and_hardly_the_mean():
    n, m, steps = 100, 100, 2000
    lanes = counter_random.lanes(0, (n,))
    pre = counter_random.bernoulli(lanes, jnp.arange(steps)[:, None], 0.05)
    dopamine = jnp.where(jnp.arange(steps) % 1000 < 500, 1.0, -1.0)
    p = DopamineLayerParameters(g=0.04 * 64 / n)
    start = dopamine_layer.init(counter_random.uniform(counter_random.lanes(1, (n, m)), 0))
    exact, spikes = run(p, start, pre, dopamine)
    clipped, post = run_chunked(p, start, pre, dopamine, steps=50)
    assert float(jnp.abs(clipped.weights - exact.weights).mean()) > 1e-5  # the rule differs
    assert float(jnp.abs(clipped.weights - exact.weights).mean()) < 0.03
    assert abs(float(clipped.weights.mean() - exact.weights.mean())) < 3e-3
    np.testing.assert_allclose(post.mean(), spikes.mean(), rtol=0.02)
    assert clipped.weights.min() >= 0
    assert clipped.weights.max() <= 1


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_broken_weight_reaches_no_eligibility_of_other_neurons(broken):
    weights, pre, dopamine = (jnp.asarray(array, jnp.float32) for array in case(6, 0.5))
    start = dopamine_layer.init(weights.at[0, 0].set(broken))
    expected, _ = run(parameters(), start, pre, dopamine)
    state, _ = run_chunked(parameters(), start, pre, dopamine, steps=20)
    assert np.isfinite(state.eligibility[1:]).all()
    assert np.isfinite(expected.eligibility[1:]).all()
    assert jnp.abs(state.eligibility[1:]).max() > 0
    np.testing.assert_allclose(state.eligibility[:, 1:], expected.eligibility[:, 1:], atol=1e-5)


def test_a_run_of_no_steps_changes_nothing():
    start = dopamine_layer.init(jnp.asarray(case(7)[0], jnp.float32))
    for form in (run, partial(run_chunked, steps=20)):
        state, post = form(parameters(), start, jnp.zeros((0, N)), jnp.zeros(0))
        assert post.shape == (0, M)
        jax.tree.map(np.testing.assert_array_equal, state, start)


def test_without_dopamine_no_weight_changes():
    weights, pre, _ = case(4)
    start = dopamine_layer.init(jnp.asarray(weights, jnp.float32))
    for form in (run, run_rows, partial(run_chunked, steps=30)):
        state, post = form(parameters(), start, jnp.asarray(pre, jnp.float32), jnp.zeros(STEPS))
        assert post.sum() > 0
        assert jnp.abs(state.eligibility).max() > 0
        np.testing.assert_array_equal(state.weights, start.weights)


def test_copies_are_independent_layers():
    copies, steps = 4, 40
    lanes = counter_random.lanes(5, (copies, N))

    def spikes(index, t):
        return counter_random.bernoulli(lanes[index], t[:, None, None], 0.2)

    def dopamine(t):
        return jnp.where(t % 20 < 10, 3.0, -3.0)

    p = parameters(learning_rate=0.1)
    starts = jax.vmap(dopamine_layer.init)(counter_random.uniform(counter_random.lanes(6, (copies, N, M)), 0))
    advance = jax.jit(batched_plasticity.run, static_argnums=(2, 3, 5), static_argnames="group")
    state, count = advance(p, starts, spikes, dopamine, 0, steps // 2, group=2)
    state, more = advance(p, state, spikes, dopamine, steps // 2, steps // 2, group=2)
    t = jnp.arange(steps)
    pre = jnp.swapaxes(spikes(jnp.arange(copies), t), 0, 1)
    expected, post = jax.vmap(run, (None, 0, 0, None))(p, starts, pre, dopamine(t))
    np.testing.assert_array_equal(count + more, post.sum(1))
    assert post.sum() > 50
    for ours, theirs in zip(state, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=3e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tau_e": 0.0}, "'DopamineLayerParameters.tau_e' is 0.0; it must be above 0.0"),
        ({"a_plus": -1.0}, "'DopamineLayerParameters.a_plus' is -1.0; it must be at least 0.0"),
        ({"g": float("nan")}, "'DopamineLayerParameters.g' is nan; it must be a finite number"),
        ({"w_min": 2.0}, "'DopamineLayerParameters.w_min' is 2.0, above w_max 1.0"),
    ],
)
def test_impossible_parameters_are_refused(change, message):
    with pytest.raises(NeurorlError, match=message):
        DopamineLayerParameters(**change)


def test_impossible_shapes_are_refused():
    with pytest.raises(NeurorlError, match=r"'weights' has the shape \(3,\)"):
        dopamine_layer.init(jnp.zeros(3))
    start = dopamine_layer.init(jnp.zeros((2, 2)))
    with pytest.raises(NeurorlError, match="'steps' is 3; it must be at least 1 and divide the 10 steps"):
        chunked_plasticity.run_chunked(parameters(), start, jnp.zeros((10, 2)), jnp.zeros(10), steps=3)
    copies = jax.tree.map(lambda array: jnp.stack([array] * 3), start)
    with pytest.raises(NeurorlError, match=r"'state.weights' has the shape \(3, 2, 2\); it must be \[inputs, neurons\]"):
        dopamine_layer.padded(copies)
    with pytest.raises(NeurorlError, match="'group' is 2; it must divide the 3 copies"):
        batched_plasticity.run(parameters(), copies, lambda index, t: jnp.zeros((1, 2, 2)), jnp.zeros_like, 0, 1, group=2)
