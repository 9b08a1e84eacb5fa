from functools import partial

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.layers import event_network, sparse_network
from neurorl.layers.sparse_network import SparseNetworkParameters
from neurorl.neurons.lif import LIF
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP

N, K = 100, 40
WIRINGS = [sparse_network.random_wiring(80, 20, probability, seed) for seed, probability in enumerate((0.05, 0.2, 0.9))]
NEURON = LIF(v_rest=0.0, v_threshold=1.0, v_reset=0.0, resistance=float(1 / -np.expm1(-1 / 20)))


def parameters(bounds=WeightBounds(kind="none"), w_excitatory=0.02, w_inhibitory=-0.05, **constants):
    plasticity = DopamineSTDP(bounds=bounds, **constants)
    return SparseNetworkParameters(NEURON, plasticity, w_excitatory, w_inhibitory)


@partial(jax.jit, static_argnums=1)
def stepwise(p, wiring, state, current, dopamine, dt=1.0):
    return sparse_network.run(p, wiring, state, current, dopamine, dt)


@partial(jax.jit, static_argnums=(1, 5))
def by_events(p, wiring, state, current, dopamine, chunks, dt=1.0):
    rows = event_network.rows(p, wiring)
    blocks = current.reshape(chunks, -1, N), dopamine.reshape(chunks, -1)
    begun = event_network.from_stepwise(wiring, state)
    state, spikes = jax.lax.scan(lambda state, block: event_network.chunk(p, rows, state, *block, dt), begun, blocks)
    return event_network.to_stepwise(wiring, state), spikes.reshape(-1, N)


def inputs(seed, steps, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return rng.normal(0.06, 0.15, (steps, N)).astype(dtype), (rng.normal(0, 2, steps) * (rng.random(steps) < 0.5)).astype(dtype)


@pytest.mark.parametrize("dt", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("which", [0, 1, 2])
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    tau_plus=st.floats(8.0, 60.0),
    tau_minus=st.floats(5.0, 60.0),
    tau_e=st.floats(8.0, 1000.0),
)
def test_events_and_steps_give_the_same_network_while_no_weight_clips(which, dt, seed, tau_plus, tau_minus, tau_e):
    wiring, longer = WIRINGS[which], max(dt, 1.0)  # chunks of K steps must not be longer than 5 time constants
    with jax.enable_x64(True):
        p = parameters(stdp=STDP(tau_plus=longer * tau_plus, tau_minus=tau_minus), tau_e=longer * tau_e)
        state = sparse_network.init(p, wiring, 0.02)
        current, dopamine = (values / dt for values in inputs(seed, 3 * K))  # so that a step of any length changes about as much
        expected, spikes = stepwise(p, wiring, state, current, dopamine, dt)
        result, fired = by_events(p, wiring, state, current, dopamine, 3, dt)
        assert spikes.mean() > 0.01
        np.testing.assert_array_equal(fired, spikes)
        assert np.ptp(expected.weights) > 3e-4
        for one, other in zip(jax.tree.leaves(result), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def test_in_single_precision_a_chunk_of_five_time_constants_keeps_the_eligibility():
    p, wiring = parameters(), WIRINGS[1]
    state = sparse_network.init(p, wiring, 0.02)
    current, dopamine = inputs(1, 100, np.float32)
    with jax.enable_x64(True):
        exact, spikes = stepwise(p, wiring, sparse_network.init(p, wiring, 0.02), *map(np.float64, (current, dopamine)))
    result, fired = by_events(p, wiring, state, current, dopamine, 1)
    np.testing.assert_array_equal(fired, spikes)
    for one, other in ((result.synapses.eligibility, exact.synapses.eligibility), (result.weights, exact.weights)):
        one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
        assert np.abs(one - other).max() < 3e-4 * np.std(other)  # 1e-4 when this was written


def test_fixed_synapses_may_have_a_weight_each():
    wiring, rng = WIRINGS[1], np.random.default_rng(0)
    excitatory, inhibitory = rng.uniform(0, 0.2, len(wiring.excitatory)), -rng.uniform(0, 0.2, len(wiring.inhibitory))
    current, dopamine = inputs(6, K)
    with jax.enable_x64(True):
        p = parameters(w_excitatory=excitatory, w_inhibitory=inhibitory)
        state = sparse_network.init(p, wiring, 0.02)
        expected, spikes = stepwise(p, wiring, state, current, dopamine)
        result, fired = by_events(p, wiring, state, current, dopamine, 1)
        assert spikes.mean() > 0.02
        np.testing.assert_array_equal(fired, spikes)
        for one, other in zip(jax.tree.leaves(result), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("tau_plus", "tau_e", "dt"), [(20.0, 8.0, 1.0), (16.0, 200.0, 2.0)])
def test_a_chunk_too_long_for_traced_constants_gives_nan_and_one_that_fits_what_known_ones_give(tau_plus, tau_e, dt):
    wiring = WIRINGS[1]
    rows = event_network.rows(parameters(), wiring)
    state = event_network.from_stepwise(wiring, sparse_network.init(parameters(), wiring, 0.02))
    block = inputs(7, K, np.float32)

    def chunk(tau_plus, tau_e, dt):
        p = parameters(stdp=STDP(tau_plus=tau_plus), tau_e=tau_e)
        return event_network.chunk(p, rows, state, *block, dt)

    known, spikes = jax.jit(partial(chunk, tau_plus, tau_e, dt))()
    chunk = jax.jit(chunk)
    traced, fired = chunk(tau_plus, tau_e, dt)
    np.testing.assert_array_equal(fired, spikes)
    assert np.ptp(known.weights) > 1e-3
    np.testing.assert_allclose(traced.weights, known.weights, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(traced.eligibility, known.eligibility, rtol=1e-4, atol=1e-5)
    for too_long in ((0.9 * tau_plus, 0.9 * tau_e, dt), (tau_plus, tau_e, 1.01 * dt), (tau_plus, tau_e, 10 * dt)):
        broken = event_network.to_stepwise(wiring, chunk(*too_long)[0])
        assert np.isnan(broken.weights).all()
        assert np.isnan(broken.synapses.eligibility).all()


def test_nothing_is_dropped_when_all_neurons_fire_at_once():
    p, wiring = parameters(), WIRINGS[2]
    state = sparse_network.init(p, wiring, 0.02)
    current = np.zeros((K, N), np.float32)
    current[[0, 5, K - 1]] = 100.0
    dopamine = np.ones(K, np.float32)
    expected, spikes = stepwise(p, wiring, state, current, dopamine)
    result, fired = by_events(p, wiring, state, current, dopamine, 1)
    assert fired.sum() == spikes.sum() == 3 * N
    np.testing.assert_allclose(result.arriving, expected.arriving, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(result.weights, expected.weights, rtol=1e-5)


def test_without_dopamine_no_weight_changes_to_the_bit():
    p, wiring = parameters(WeightBounds(0.0, 0.04)), WIRINGS[1]
    weights = np.random.default_rng(0).uniform(0, 0.04, len(wiring.plastic)).astype(np.float32)
    state = sparse_network.init(p, wiring, weights)
    current, dopamine = inputs(2, 2 * K, np.float32)
    result, _ = by_events(p, wiring, state, current, 0 * dopamine, 2)
    np.testing.assert_array_equal(result.weights, weights)
    assert np.abs(result.synapses.eligibility).max() > 0.01


def test_a_network_saved_between_chunks_goes_on_to_the_bit():
    p, wiring = parameters(), WIRINGS[1]
    state = sparse_network.init(p, wiring, 0.02)
    current, dopamine = inputs(3, 2 * K, np.float32)
    whole, _ = by_events(p, wiring, state, current, dopamine, 2)
    half, _ = by_events(p, wiring, state, current[:K], dopamine[:K], 1)
    resumed, _ = by_events(p, wiring, half, current[K:], dopamine[K:], 1)
    for one, other in zip(jax.tree.leaves(resumed), jax.tree.leaves(whole), strict=True):
        np.testing.assert_array_equal(one, other)


def test_clipping_at_spikes_and_chunk_ends_stays_close_to_clipping_at_every_step():
    # Weights too small to change the spikes: two networks whose weights differ at all soon fire differently.
    w_max = 4e-6
    p, wiring = parameters(WeightBounds(0.0, w_max), learning_rate=2e-7), WIRINGS[1]
    weights = np.random.default_rng(0).uniform(0, w_max, len(wiring.plastic)).astype(np.float32)
    state = sparse_network.init(p, wiring, weights)
    current, _ = inputs(4, 4000, np.float32)
    dopamine = np.where(np.arange(4000) % 1000 < 500, 1.0, -1.0).astype(np.float32)
    expected, spikes = stepwise(p, wiring, state, current, dopamine)
    result, fired = by_events(p, wiring, state, current, dopamine, 40)
    np.testing.assert_array_equal(fired, spikes)
    assert np.mean((expected.weights <= 0) | (expected.weights >= w_max)) > 0.05
    assert 0 <= result.weights.min() <= result.weights.max() <= np.float32(w_max)
    difference = (result.weights - expected.weights) / w_max
    assert 0 < np.abs(difference).mean() < 3e-4  # 1e-4 when this was written, the largest 0.006
    assert np.abs(difference).max() < 0.02
    assert abs(difference.mean()) < 1e-5


@pytest.mark.parametrize(
    ("constants", "steps", "message"),
    [
        ({}, 101, "chunk must not be longer"),
        ({"tau_e": 10.0}, 51, "chunk must not be longer"),
        ({}, 0, "'dopamine' has 0 steps"),
        ({"bounds": WeightBounds(kind="soft")}, 10, r"bounds\.kind"),
        ({"rule": "td-ltp"}, 10, "rule"),
        ({"gating": "additive"}, 10, "gating"),
        ({"stdp": STDP(pairing="nearest")}, 10, "pairing"),
    ],
)
def test_what_has_no_event_driven_form_is_refused(constants, steps, message):
    p, wiring = parameters(**constants), WIRINGS[0]
    state = event_network.from_stepwise(wiring, sparse_network.init(p, wiring, 0.02))
    with pytest.raises(NeurorlError, match=message):
        event_network.chunk(p, event_network.rows(p, wiring), state, *inputs(5, steps, np.float32))
