"""The distal reward network is the published script, step for step, and its rewarded synapse learns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.examples import distal_reward
from experiments.examples.distal_reward import BLOCK
from neurorl.errors import NeurorlError
from neurorl.kernels import event_rows
from neurorl.neurons.izhikevich import IzhikevichState
from neurorl.synapses import connectivity

SIZE = {"n_excitatory": 32, "n_inhibitory": 8, "degree": 10}


def script(targets_e, targets_i, synapse, noise, delays):
    """Return spikes, dopamine, weights, tags, v and u after every ms, as the paper's script goes through it, on dense arrays."""
    n_e, n = len(targets_e), len(targets_e) + len(targets_i)
    excitatory = np.arange(n) < n_e
    a, d = np.where(excitatory, 0.02, 0.1), np.where(excitatory, 8.0, 2.0)
    connected = np.zeros((n, n), bool)
    connected[np.arange(n_e)[:, None], targets_e] = True
    connected[np.arange(n_e, n)[:, None], targets_i] = True
    plastic = connected & excitatory[:, None]
    weights = connected * np.where(excitatory, 1.0, -1.0)[:, None]
    n1, n2 = 0, targets_e[0, synapse]
    weights[n1, n2] = 0.0
    v, dopamine, last, due, history = np.full(n, -65.0), 0.0, -100, set(), []
    u, tags, before, after = 0.2 * v, np.zeros((n, n)), np.zeros(n), np.zeros(n)
    for t in range(1, len(noise) + 1):
        current = noise[t - 1].copy()
        fired = v >= 30
        v[fired] = -65.0
        u[fired] += d[fired]
        now = after.copy()
        now[fired] = 0.1
        for j in np.flatnonzero(fired):
            tags[:, j] += plastic[:, j] * before
        for i in np.flatnonzero(fired):
            current += weights[i]
            tags[i] -= 1.5 * plastic[i] * now
        for _ in range(2):
            v = v + 0.5 * ((0.04 * v + 5) * v + 140 - u + current)
        u = u + a * (0.2 * v - u)
        before, after = now, 0.95 * now
        dopamine *= 0.995
        if t % 10 == 0:
            weights[plastic] = np.clip(weights + (0.002 + dopamine) * tags, 0.0, 4.0)[plastic]
            tags *= 0.99
        if fired[n1]:
            last = t
        if fired[n2] and last < t < last + 20:
            due.add(t + int(delays[t - 1]))
        if t in due:
            dopamine += 0.5
        history.append((fired.sum(), dopamine, weights.copy(), tags.copy(), v.copy(), u.copy()))
    return history, d, due


def test_the_event_driven_network_is_the_script_step_for_step():
    """The network is chaotic: every block starts from the membranes of the script, and all the rest is carried for 3 s."""
    blocks = 300
    rng = np.random.default_rng(3)
    with jax.enable_x64(True):
        net = distal_reward.network(3, **SIZE)
        n = len(net.neurons.a)
        noise = rng.uniform(-12.0, 22.0, (blocks, BLOCK, n))
        delays = rng.integers(BLOCK, 300, (blocks, BLOCK))
        targets = [np.asarray(rows.targets) for rows in (net.excitatory, net.inhibitory)]
        history, d, due = script(*targets, int(net.synapse), noise.reshape(-1, n), delays.ravel())
        advance = jax.jit(lambda *arguments: distal_reward.block(net, *arguments))
        state = jax.tree.map(lambda x: x.astype(float) if x.dtype == jnp.float32 else x, distal_reward.init(net))
        rows, columns = np.arange(SIZE["n_excitatory"])[:, None], targets[0]
        for k in range(blocks):
            state, seen = advance(state, jnp.asarray(noise[k]), jnp.asarray(delays[k], jnp.int32))
            spikes = sum(h[0] for h in history[BLOCK * k : BLOCK * (k + 1)])
            _, dopamine, weights, tags, v, u = history[BLOCK * (k + 1) - 1]
            reset = v >= 30
            v, u = np.where(reset, -65.0, v), u + d * reset
            assert seen.spikes == spikes
            np.testing.assert_array_equal(state.spikes, reset)
            np.testing.assert_allclose(state.neurons.v, v, atol=1e-6)
            np.testing.assert_allclose(state.neurons.u, u, atol=1e-6)
            np.testing.assert_allclose(seen.dopamine, dopamine, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(state.weights, weights[rows, columns], rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(state.tags, tags[rows, columns], rtol=1e-9, atol=1e-9)
            state = state._replace(neurons=IzhikevichState(jnp.asarray(v), jnp.asarray(u)))
    assert len(due) > 10
    assert dopamine > 0.01
    assert np.ptp(state.weights) > 0.5


@pytest.mark.slow
def test_a_repeated_seed_is_the_same_run_and_another_is_not():
    first, again, other = (distal_reward.simulate(seed, 1) for seed in (0, 0, 1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["weights"], other["weights"])
    assert 0.5 < first["spikes"].sum() / 1000 < 5.0, "rate in Hz"


def test_every_spike_is_visited_once_and_in_order():
    visit = jax.jit(lambda s: event_rows.each_spike(s, lambda i, e: event_rows.append(e, i, i + 1), event_rows.no_events(70, 1)))
    for share in (0.0, 0.02, 0.5, 1.0):
        spikes = np.random.default_rng(0).random(70) < share
        events = visit(jnp.asarray(spikes, float))
        assert np.array_equal(events.neuron[: events.total], np.flatnonzero(spikes))
        assert np.array_equal(events.step[: events.total], np.flatnonzero(spikes) + 1)


def test_incoming_lists_name_every_synapse_once():
    synapses = connectivity.fixed_out_degree(12, 9, 4, seed=0)
    rows = event_rows.rows(synapses)
    for neuron, numbers in enumerate(np.asarray(rows.incoming)):
        assert np.array_equal(numbers[numbers < len(synapses)], np.flatnonzero(synapses.post == neuron))


def test_rows_of_unequal_length_are_refused():
    with pytest.raises(NeurorlError, match="'connectivity'"):
        event_rows.rows(connectivity.random(12, 9, 0.5, seed=0))


@pytest.mark.slow
def test_the_rewarded_synapse_grows_away_from_the_others():
    result = distal_reward.simulate(900, 600)
    assert result["weight"][0] == 0.0
    assert result["rewards"].sum() > 3
    assert result["weight"][-1] > result["others_mean"][-1]
