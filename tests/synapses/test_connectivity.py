import dataclasses
import tracemalloc

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.sparse import csgraph, csr_array

from neurorl import persistence
from neurorl.errors import NeurorlError
from neurorl.synapses import connectivity
from neurorl.synapses.connectivity import Connectivity, from_pairs

BUILDERS = {
    "all_to_all": lambda n, seed: connectivity.all_to_all(n, n, self_connections=False),
    "random": lambda n, seed: connectivity.random(n, n, 0.3, seed, self_connections=False),
    "fixed_out_degree": lambda n, seed: connectivity.fixed_out_degree(n, n, n // 2, seed, self_connections=False),
    "small_world": lambda n, seed: connectivity.small_world(n, 2 * ((n - 1) // 2), 0.5, seed),
    "grid": lambda n, seed: connectivity.grid(n, 3, 1.5),
    "periodic grid": lambda n, seed: connectivity.grid(n, 3, 2.5, periodic=True),
}


def matrix(synapses):
    dense = np.zeros((synapses.n_pre, synapses.n_post), bool)
    dense[synapses.pre, synapses.post] = True
    return dense


@pytest.mark.parametrize("builder", BUILDERS)
@given(n=st.integers(3, 12), seed=st.integers(0, 2**32))
def test_synapses_are_sorted_single_repeatable_and_never_of_a_neuron_onto_itself(builder, n, seed):
    synapses = BUILDERS[builder](n, seed)
    assert synapses.pre.dtype == synapses.post.dtype == np.int32
    assert matrix(synapses).sum() == len(synapses)
    assert (np.diff(synapses.pre * synapses.n_post + synapses.post) > 0).all()
    assert (synapses.pre != synapses.post).all()
    again = BUILDERS[builder](n, seed)
    assert synapses == again
    assert hash(synapses) == hash(again)
    np.testing.assert_array_equal(synapses.pre, again.pre)
    np.testing.assert_array_equal(synapses.post, again.post)
    np.testing.assert_array_equal(synapses.out_degree, matrix(synapses).sum(1))
    np.testing.assert_array_equal(synapses.in_degree, matrix(synapses).sum(0))


def test_all_to_all_and_one_to_one_are_the_full_and_the_unit_matrix():
    assert matrix(connectivity.all_to_all(3, 5)).all()
    np.testing.assert_array_equal(matrix(connectivity.all_to_all(4, 4, self_connections=False)), ~np.eye(4, dtype=bool))
    np.testing.assert_array_equal(matrix(connectivity.one_to_one(4)), np.eye(4, dtype=bool))
    assert len(connectivity.all_to_all(1, 1, self_connections=False)) == 0


@pytest.mark.parametrize(("n_pre", "n_post", "probability"), [(200, 300, 0.1), (300, 200, 0.9), (20_000, 20_000, 1e-3)])
def test_random_makes_each_pair_with_the_probability_independently(n_pre, n_post, probability):
    synapses = connectivity.random(n_pre, n_post, probability, seed=3)
    pairs = n_pre * n_post
    low, high = stats.binom(pairs, probability).interval(1 - 1e-6)
    assert low <= len(synapses) <= high
    # The degrees are binomial too: mean and variance, each within five standard errors.
    for degree, other in ((synapses.out_degree, n_post), (synapses.in_degree, n_pre)):
        variance = other * probability * (1 - probability)
        assert abs(degree.mean() - other * probability) < 5 * np.sqrt(variance / len(degree))
        assert abs(degree.var() / variance - 1) < 5 * np.sqrt(2 / len(degree))
    assert synapses != connectivity.random(n_pre, n_post, probability, seed=4)


def test_random_makes_every_pair_equally_often():
    seeds, n = 2000, 4
    counts = sum(matrix(connectivity.random(n, n, 0.3, seed, self_connections=False)).astype(int) for seed in range(seeds))
    assert (np.diag(counts) == 0).all()
    low, high = stats.binom(seeds, 0.3).interval(1 - 1e-5)
    made = counts[~np.eye(n, dtype=bool)]
    assert (made >= low).all()
    assert (made <= high).all()


@given(probability=st.floats(0.0, 1.0), seed=st.integers(0, 100))
def test_random_takes_any_probability(probability, seed):
    synapses = connectivity.random(7, 5, probability, seed)
    assert len(synapses) <= 35
    if probability in (0.0, 1.0):
        assert len(synapses) == 35 * probability


@given(n_pre=st.integers(1, 8), n_post=st.integers(1, 8), data=st.data())
def test_fixed_out_degree_gives_every_neuron_that_many_targets(n_pre, n_post, data):
    degree = data.draw(st.integers(0, n_post))
    assert (connectivity.fixed_out_degree(n_pre, n_post, degree, seed=1).out_degree == degree).all()


def test_fixed_out_degree_draws_targets_evenly():
    counts = sum(connectivity.fixed_out_degree(50, 10, 3, seed).in_degree for seed in range(40))
    assert stats.chisquare(counts).pvalue > 1e-4


def clustering_and_path(synapses):
    """Return the mean clustering coefficient and the mean shortest path of the undirected graph."""
    linked = matrix(synapses) | matrix(synapses).T
    a, degree = linked.astype(float), linked.sum(1)
    triangles = np.diag(a @ a @ a)
    paths = csgraph.shortest_path(csr_array(a), unweighted=True)
    n = len(a)
    return (triangles / (degree * (degree - 1))).mean(), paths.sum() / (n * (n - 1))


def test_a_small_world_is_clustered_as_a_ring_and_short_as_a_random_graph():
    n, k = 300, 10
    (ring_c, ring_l), (small_c, small_l), (random_c, random_l) = (
        clustering_and_path(connectivity.small_world(n, k, rewiring, seed=0)) for rewiring in (0.0, 0.02, 1.0)
    )
    # Watts and Strogatz: C = 3 (k - 2) / (4 (k - 1)) and, in the limit, L = n / 2k on the ring.
    assert ring_c == pytest.approx(3 * (k - 2) / (4 * (k - 1)))
    assert ring_l == pytest.approx(n / (2 * k), rel=0.05)
    assert small_c > 0.85 * ring_c
    assert small_l < 0.4 * ring_l
    assert random_c < 0.2 * ring_c
    assert random_l < small_l


@given(n=st.integers(3, 30), rewiring=st.floats(0.0, 1.0), seed=st.integers(0, 100), data=st.data())
def test_rewiring_keeps_the_number_of_synapses_of_every_neuron(n, rewiring, seed, data):
    neighbours = 2 * data.draw(st.integers(1, (n - 1) // 2))
    assert (connectivity.small_world(n, neighbours, rewiring, seed).out_degree == neighbours).all()


def test_rewiring_moves_the_fraction_asked_for():
    n, k, rewiring = 1000, 10, 0.3
    kept = (matrix(connectivity.small_world(n, k, rewiring, 1)) & matrix(connectivity.small_world(n, k, 0.0, 1))).sum()
    low, high = stats.binom(n * k, 1 - rewiring * (1 - k / n)).interval(1 - 1e-6)  # a few come back by chance
    assert low <= kept <= high


@given(
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    radius=st.floats(0.0, 8.0),
    periodic=st.booleans(),
    self_connections=st.booleans(),
)
def test_grid_links_exactly_the_neurons_within_the_radius(height, width, radius, periodic, self_connections):
    synapses = connectivity.grid(height, width, radius, periodic, self_connections)
    places = np.stack(np.divmod(np.arange(height * width), width), 1)
    apart = np.abs(places[:, None] - places[None])
    if periodic:
        apart = np.minimum(apart, np.array([height, width]) - apart)
    expected = (apart**2).sum(-1) <= radius**2
    expected[np.diag_indices(len(expected))] = self_connections
    np.testing.assert_array_equal(matrix(synapses), expected)


def test_pairs_may_come_in_any_order_and_twice():
    expected = Connectivity(np.array([0, 0, 2]), np.array([1, 3, 0]), 3, 4)
    assert from_pairs(np.array([2, 0, 0, 2]), np.array([0, 3, 1, 0]), 3, 4) == expected
    assert len(from_pairs(np.array([], int), np.array([], int), 3, 4)) == 0


def test_a_connectivity_is_frozen_static_and_saved():
    synapses = connectivity.random(20, 30, 0.2, seed=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        synapses.n_pre = 3
    with pytest.raises(ValueError, match="read-only"):
        synapses.pre[0] = 1
    assert persistence.from_json(persistence.to_json(synapses)) == synapses
    traces = []

    def count(synapses):
        traces.append(synapses)
        return len(synapses)

    static = jax.jit(count, static_argnums=0)
    assert static(synapses) == static(connectivity.random(20, 30, 0.2, seed=0)) == len(synapses)
    assert len(traces) == 1
    others = [dataclasses.replace(synapses, n_pre=21), dataclasses.replace(synapses, n_post=31), connectivity.one_to_one(20)]
    assert synapses not in others


def test_a_large_sparse_random_connectivity_costs_no_more_memory_than_its_synapses():
    tracemalloc.start()
    synapses = connectivity.random(20_000, 20_000, 1e-4, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 * len(synapses)  # bytes; a byte for each pair would be 10,000 a synapse


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: connectivity.random(5, 5, 1.2, 0), "'probability' is 1.2; it must be from 0.0 to 1.0"),
        (lambda: connectivity.random(5, 5, -0.1, 0), "'probability' is -0.1"),
        (lambda: connectivity.random(5, 5, float("nan"), 0), "'probability' is nan"),
        (lambda: connectivity.random(0, 5, 0.1, 0), "'n_pre' is 0; it must be a whole number from 1"),
        (lambda: connectivity.random(5, 4, 0.1, 0, self_connections=False), "'self_connections' is False between 5 and 4"),
        (lambda: connectivity.random(10**6, 10**6, 0.5, 0), "synapses are more than 2147483647"),
        (lambda: connectivity.all_to_all(5, 2.5), "'n_post' is 2.5"),
        (lambda: connectivity.all_to_all(10**5, 10**5), "1e\\+10 synapses are more"),
        (lambda: connectivity.one_to_one(-1), "'n' is -1"),
        (lambda: connectivity.fixed_out_degree(5, 5, 6, 0), "'degree' is 6; it must be a whole number from 0 to 5"),
        (lambda: connectivity.fixed_out_degree(5, 5, 5, 0, self_connections=False), "from 0 to 4"),
        (lambda: connectivity.fixed_out_degree(5, 5, 1.5, 0), "'degree' is 1.5"),
        (lambda: connectivity.small_world(10, 3, 0.1, 0), "'neighbours' is 3; it must be even"),
        (lambda: connectivity.small_world(10, 10, 0.1, 0), "'neighbours' is 10; it must be even, at least 2 and below n, 10"),
        (lambda: connectivity.small_world(10, 0, 0.1, 0), "'neighbours' is 0"),
        (lambda: connectivity.small_world(10, 4, 2.0, 0), "'rewiring' is 2.0"),
        (lambda: connectivity.grid(0, 4, 1.0), "'height' is 0"),
        (lambda: connectivity.grid(4, 4, -1.0), "'radius' is -1.0; it must be from 0.0"),
        (lambda: Connectivity(np.array([0, 3]), np.array([0, 0]), 3, 1), "'pre' has neuron 3; it must be from 0 to 2"),
        (lambda: Connectivity(np.array([0]), np.array([-1]), 3, 1), "'post' has neuron -1"),
        (lambda: Connectivity(np.array([0, 1]), np.array([0]), 3, 1), "'pre' has 2 neurons and 'post' 1"),
        (lambda: Connectivity(np.array([1, 0]), np.array([0, 0]), 3, 1), "synapse 1, \\(0, 0\\), out of order or twice"),
        (lambda: Connectivity(np.array([1, 1]), np.array([0, 0]), 3, 1), "out of order or twice; use from_pairs"),
        (lambda: Connectivity(np.array([0.0]), np.array([0]), 3, 1), "'pre' has dtype float64"),
    ],
)
def test_impossible_connectivities_are_refused(build, message):
    with pytest.raises(NeurorlError, match=message):
        build()
