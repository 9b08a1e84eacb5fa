import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl import persistence
from neurorl.errors import NeurorlError
from neurorl.synapses import connectivity, delay_line, projection
from neurorl.synapses.projection import Projection, project

STEPS = 25
SPARSE = connectivity.random(30, 12, 0.3, seed=1)  # few synapses a neuron: all of them in one operation
WIDE = connectivity.random(9, 120, 0.5, seed=2)  # many: row after row
UNEVEN = connectivity.from_pairs(np.r_[WIDE.pre[WIDE.pre % 3 > 0], 8], np.r_[WIDE.post[WIDE.pre % 3 > 0], 0], 9, 120)
PROJECTIONS = {
    "sparse": project(SPARSE, (1.0, 6.0)),
    "wide": project(WIDE, (1.0, 7.0), max_delay=8.0),
    "wide, one step": project(WIDE),
    "wide, one delay": project(WIDE, 4.0),
    "uneven": project(UNEVEN, (1.0, 3.0)),
    "full": project(connectivity.all_to_all(7, 40), 2.0),
    "one to one": project(connectivity.one_to_one(6), 3.0),
    "empty": project(connectivity.random(4, 5, 0.0, seed=0)),
}


def runner(p):
    """Return the compiled run of a projection: currents [steps, n_post] by sending, and by reading a delay line."""

    def one(carry, spikes, weights):
        state, line = carry
        line = delay_line.push(line, spikes)
        state, sent = p.step(weights, state, spikes)
        return (state, line), (sent, p.arriving(weights, line))

    @jax.jit
    def run(weights, trains):
        start = p.init(), delay_line.init(p.connectivity.n_pre, p.max_delay)
        return jax.lax.scan(lambda carry, spikes: one(carry, spikes, weights), start, trains)[1]

    return run


RUN = {name: runner(p) for name, p in PROJECTIONS.items()}


def dense_reference(p, weights, trains):
    """Return the currents of one dense matrix for each delay, in float64."""
    currents = np.zeros((STEPS + p.max_delay, p.connectivity.n_post))
    for delay in range(1, p.max_delay + 1):
        dense = np.zeros((p.connectivity.n_pre, p.connectivity.n_post))
        at = p.delay == delay
        dense[p.connectivity.pre[at], p.connectivity.post[at]] = weights[at]
        currents[delay - 1 : delay - 1 + STEPS] += trains.astype(float) @ dense
    return currents[:STEPS]


def trains_of(p, activity, rng):
    """Return spikes times an efficacy, [steps, n_pre]."""
    shape = STEPS, p.connectivity.n_pre
    return ((rng.random(shape) < activity) * rng.random(shape)).astype(np.float32)


@pytest.mark.parametrize("name", PROJECTIONS)
@given(seed=st.integers(0, 2**32), activity=st.sampled_from([0.0, 0.02, 0.3, 1.0]))
def test_currents_are_those_of_a_dense_matrix_for_each_delay(name, seed, activity):
    p, rng = PROJECTIONS[name], np.random.default_rng(seed)
    weights = rng.normal(size=len(p.connectivity)).astype(np.float32)
    trains = trains_of(p, activity, rng)
    expected = dense_reference(p, weights, trains)
    for currents in RUN[name](weights, trains):
        np.testing.assert_allclose(currents, expected, atol=1e-4)


def test_the_examples_above_cover_both_ways_to_send():
    assert {p.by_rows for name, p in PROJECTIONS.items() if name != "empty"} == {True, False}
    assert not PROJECTIONS["one to one"].by_rows
    assert PROJECTIONS["full"].by_rows


@pytest.mark.parametrize("wide", [False, True])
def test_a_spike_arrives_once_exactly_its_delay_after_it_was_sent(wide):
    targets = 60 if wide else 3
    delays = np.resize([1, 2, 5], targets)
    p = project(connectivity.all_to_all(1, targets), 0.5 * delays, dt=0.5)
    assert p.by_rows == wide
    trains = np.zeros((STEPS, 1), np.float32)
    trains[3] = 1.0
    expected = np.zeros((STEPS, targets))
    expected[3 + delays - 1, np.arange(targets)] = 2.0  # what is sent after a step arrives, with a delay of 1, in the next
    for currents in runner(p)(jnp.full(targets, 2.0), trains):
        np.testing.assert_array_equal(currents, expected)


def test_rows_of_a_batch_are_the_projection_alone_to_the_bit():
    p, run, rng = PROJECTIONS["uneven"], RUN["uneven"], np.random.default_rng(0)
    weights = rng.normal(size=(3, len(p.connectivity))).astype(np.float32)
    # One copy silent and one all active, so that their numbers of spikes differ as much as they can.
    trains = np.stack([trains_of(p, activity, rng) for activity in (0.0, 0.1, 1.0)])
    batch = jax.vmap(run)(weights, trains)[0]
    for index in range(3):
        np.testing.assert_array_equal(batch[index], run(weights[index], trains[index])[0])
    shared = jax.vmap(run, (None, 0))(weights[0], trains)[0]
    np.testing.assert_array_equal(shared[2], run(weights[0], trains[2])[0])


@pytest.mark.parametrize("name", ["sparse", "wide", "uneven"])
def test_all_synapses_at_once_gives_the_same_as_row_after_row(name):
    # The first is what runs off a CPU, so it is checked here for the projections that a CPU sends by rows, too.
    p, rng = PROJECTIONS[name], np.random.default_rng(1)
    weights = rng.normal(size=len(p.connectivity)).astype(np.float32)
    flat = rng.normal(size=p.max_delay * p.connectivity.n_post).astype(np.float32)
    cursor, spikes = np.int32(p.max_delay - 1), trains_of(p, 0.5, rng)[0]
    by_rows, at_once = jax.jit(p._send_rows)(weights, flat, cursor, spikes), jax.jit(p._send_all)(weights, flat, cursor, spikes)
    np.testing.assert_allclose(by_rows, at_once, atol=1e-5)
    assert (np.asarray(by_rows) != flat).any()


def test_a_weight_counts_as_it_was_at_the_spike_in_flight_and_as_it_is_on_arrival_from_a_line():
    p = project(connectivity.one_to_one(1), 3.0)

    def one(carry, now):
        state, line = carry
        weight, spike = now
        line = delay_line.push(line, spike)
        state, sent = p.step(weight, state, spike)
        return (state, line), (sent, p.arriving(weight, line))

    weights, spikes = jnp.array([[1.0], [10.0], [100.0]]), jnp.array([[1.0], [0.0], [0.0]])
    sent, read = jax.lax.scan(one, (p.init(), delay_line.init(1, 3)), (weights, spikes))[1]
    np.testing.assert_array_equal(sent, [[0.0], [0.0], [1.0]])
    np.testing.assert_array_equal(read, [[0.0], [0.0], [100.0]])


def test_the_current_from_a_line_is_differentiable_in_the_weights():
    p = PROJECTIONS["sparse"]
    spikes = jnp.asarray(np.random.default_rng(0).random(30), jnp.float32)
    line = delay_line.push(delay_line.init(30, p.max_delay), spikes)
    gradient = jax.jit(jax.grad(lambda weights: p.arriving(weights, line).sum()))(jnp.ones(len(SPARSE)))
    np.testing.assert_allclose(gradient, np.where(p.delay == 1, spikes[SPARSE.pre], 0.0))


def test_an_elementwise_rule_sees_both_neurons_of_each_synapse():
    p = PROJECTIONS["sparse"]
    pre, post = np.random.default_rng(0).random(30), np.random.default_rng(1).random(12)
    change = p.of_pre(jnp.asarray(pre)) * p.of_post(jnp.asarray(post))
    np.testing.assert_allclose(change, np.outer(pre, post)[SPARSE.pre, SPARSE.post], rtol=1e-6)


@given(weights=st.lists(st.floats(-3, 3, width=32, allow_subnormal=False), min_size=6, max_size=6))
def test_dales_law_is_kept_and_a_lawful_weight_is_left_alone(weights):
    given_weights = np.array(weights, np.float32)
    for sign, lawful in (("excitatory", given_weights >= 0), ("inhibitory", given_weights <= 0), ("mixed", np.ones(6, bool))):
        p = project(connectivity.one_to_one(6), sign=sign)
        kept = np.asarray(p.constrain(jnp.asarray(given_weights)))
        np.testing.assert_array_equal(kept, np.where(lawful, given_weights, 0.0))
        np.testing.assert_array_equal(p.weights(kept), kept)
        if lawful.all():
            np.testing.assert_array_equal(p.weights(given_weights), given_weights)
        else:
            with pytest.raises(NeurorlError, match=f"of an {sign} projection .* \\(Dale's law\\)"):
                p.weights(given_weights)


def test_one_weight_serves_all_synapses():
    np.testing.assert_array_equal(PROJECTIONS["sparse"].weights(0.25), np.full(len(SPARSE), 0.25))


def test_delays_drawn_from_a_range_are_whole_steps_evenly_spread_and_repeatable():
    p = project(connectivity.all_to_all(100, 100), (1.0, 2.5), dt=0.5, seed=3)
    counts = np.bincount(p.delay, minlength=6)
    assert counts[[0, 1]].sum() == 0
    assert p.max_delay == 5
    assert np.abs(counts[2:6] - 2500).max() < 5 * np.sqrt(10_000 * 0.25 * 0.75)
    assert p == project(connectivity.all_to_all(100, 100), (1.0, 2.5), dt=0.5, seed=3)
    assert p != project(connectivity.all_to_all(100, 100), (1.0, 2.5), dt=0.5, seed=4)


def test_delays_may_be_given_for_each_synapse():
    p = project(connectivity.one_to_one(3), np.array([0.2, 0.1, 0.3]), dt=0.1, max_delay=0.7)
    np.testing.assert_array_equal(p.delay, [2, 1, 3])
    assert p.max_delay == 7
    assert project(connectivity.one_to_one(3), np.array([2.0, 1.0, 4.0])).max_delay == 4
    assert project(connectivity.one_to_one(3), dt=0.1).max_delay == 1


def test_a_projection_is_static_and_saved_in_the_middle_of_a_run():
    p = PROJECTIONS["wide"]
    again = persistence.from_json(persistence.to_json(p))
    assert again == p
    assert hash(again) == hash(p)
    assert again != dataclasses.replace(p, sign="excitatory")
    assert again != dataclasses.replace(p, max_delay=9)
    with pytest.raises(ValueError, match="read-only"):
        p.delay[0] = 1
    step = jax.jit(Projection.step, static_argnums=0)
    weights, spikes = jnp.ones(len(WIDE)), jnp.ones(9)
    state, _ = step(p, weights, p.init(), spikes)
    saved = persistence.from_json(persistence.to_json(state))
    assert isinstance(saved, projection.ProjectionState)
    np.testing.assert_array_equal(step(again, weights, saved, spikes)[1], step(p, weights, state, spikes)[1])
    assert step._cache_size() == 1


ONE = connectivity.one_to_one(3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: project(ONE, 11.0, max_delay=10.0), "'delay' is 11.0 ms; it must be at most max_delay, 10.0 ms"),
        (lambda: project(ONE, (1.0, 11.0), max_delay=10.0), "'delay' is 11.0 ms"),
        (lambda: project(ONE, 0.0), "'delay' is 0.0 ms; a synapse takes at least one step"),
        (lambda: project(ONE, 1.5), "'delay' is 1.5 ms; it must be a multiple of the step"),
        (lambda: project(ONE, (3.0, 2.0)), "'delay' is \\(3.0, 2.0\\); a range is"),
        (lambda: project(ONE, (1.0, 2.0, 3.0)), "a range is \\(low, high\\)"),
        (
            lambda: project(ONE, np.array([1.0, 2.0])),
            "'delay' has dtype int32 and shape \\(2,\\); give one",
        ),
        (lambda: project(ONE, sign="excitotory"), "'sign' is 'excitotory'.*did you mean 'excitatory'"),
        (lambda: Projection(ONE, np.array([1, 2, 4]), 3), "'delay' is 4 steps; it must be from 1 to max_delay, 3"),
        (lambda: Projection(ONE, np.array([0, 2, 3]), 3), "'delay' is 0 steps"),
        (lambda: Projection(ONE, np.array([1.0, 2.0, 3.0]), 3), "'delay' has dtype float64"),
        (lambda: Projection(ONE, np.array([1, 1, 1]), 0), "'max_delay' is 0"),
        (lambda: project(ONE).weights(np.ones(2)), "'weights' has shape \\(2,\\); give one number, or one for each of the 3"),
        (lambda: project(ONE).weights(np.array([1.0, np.nan, 2.0])), "'weights' has nan; it must be a finite number"),
        (lambda: project(ONE, sign="inhibitory").weights(0.5), "'weights' has 0.5; .* at most 0"),
    ],
)
def test_impossible_projections_are_refused(build, message):
    with pytest.raises(NeurorlError, match=message):
        build()
