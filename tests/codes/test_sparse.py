import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.codes import sparse
from neurorl.codes.sparse import SparseCode
from neurorl.errors import NeurorlError

INPUTS = 20
CODE = SparseCode(inputs=INPUTS, n=400, active=0.1, fan_in=8)
DRIVES = SparseCode(inputs=INPUTS, n=400, active=0.2, fan_in=8, binary=False)
encode = jax.jit(lambda code, values: code.encode(values))
decode = jax.jit(lambda code, spikes: code.decode(spikes))
many = jax.jit(jax.vmap(CODE.encode))

# Whole numbers add up without rounding, so that what is equal in theory is a tie here too.
whole = arrays(np.int32, INPUTS, elements=st.integers(-50, 50)).map(np.float32)


@given(values=whole)
def test_exactly_k_fire_and_they_are_the_most_driven(values):
    spikes, drive = np.asarray(encode(CODE, values)), np.asarray(CODE.drive(values))
    assert set(np.unique(spikes)) == {0.0, 1.0}
    assert spikes.sum() == CODE.k == 40
    np.testing.assert_allclose(sparse.sparsity(spikes), 0.9, rtol=1e-6)
    order = np.argsort(-drive, kind="stable")  # among equals the first
    np.testing.assert_array_equal(np.flatnonzero(spikes), np.sort(order[:40]))


def test_the_first_neurons_win_where_all_are_equal():
    spikes = SparseCode(inputs=100, n=1000, active=0.1).encode(jnp.full(100, 0.5))  # omega-snn's example
    np.testing.assert_array_equal(np.flatnonzero(spikes), np.arange(100))


@given(values=whole, shift=st.integers(-100, 100), factor=st.sampled_from([0.25, 2.0, 64.0]))
def test_the_code_is_of_the_pattern_not_of_its_mean_or_contrast(values, shift, factor):
    np.testing.assert_array_equal(encode(CODE, values), encode(CODE, factor * values + shift))


def test_neurons_sample_different_inputs_all_of_them_as_often():
    wiring = sparse.wiring(50, 2000, 6, seed=3)
    assert wiring.shape == (2000, 6)
    assert (np.diff(np.sort(wiring), axis=1) > 0).all()
    expected = 2000 * 6 / 50
    assert (np.abs(np.bincount(wiring.ravel(), minlength=50) - expected) < 5 * np.sqrt(expected)).all()
    assert (wiring != sparse.wiring(50, 2000, 6, seed=4)).any()
    np.testing.assert_array_equal(wiring, sparse.wiring.__wrapped__(50, 2000, 6, seed=3))  # the seed alone decides


def test_the_less_alike_the_inputs_the_less_their_codes_overlap():
    rng = np.random.default_rng(0)
    values, noise = rng.normal(size=(2, 100, INPUTS)).astype(np.float32)
    overlap = []
    for angle in np.linspace(0, np.pi / 2, 6):  # the inputs' correlation is its cosine
        overlap.append(sparse.similarity(many(values), many(np.cos(angle) * values + np.sin(angle) * noise)))
    overlap = np.asarray(overlap)
    mean, error = overlap.mean(1), overlap.std(1) / 10
    assert (mean[0] == 1).all()
    assert (np.diff(mean) < -2 * error[1:]).all()
    assert abs(mean[-1] - 0.1) < 5 * error[-1]  # independent inputs share as many winners as chance has it
    opposite = sparse.similarity(many(values), many(-values))
    assert opposite.mean() < 0.01


def test_similarity_of_binary_codes_is_the_fraction_of_shared_winners():
    a, b = np.zeros((2, 10))
    a[:4], b[3:7] = 1, 1
    np.testing.assert_allclose(sparse.similarity(a, b), 0.25)
    np.testing.assert_allclose(sparse.similarity(a, np.stack([a, b, 0 * a])), [1, 0.25, 0])
    np.testing.assert_allclose(sparse.sparsity(np.stack([a, 0 * a])), [0.6, 1.0])


@given(values=arrays(np.float32, INPUTS, elements=st.floats(0.0625, 1, width=32)))
def test_a_code_of_drives_is_decoded_exactly_where_its_equations_suffice(values):
    spikes = encode(DRIVES, values)
    winners = np.flatnonzero(spikes)
    assert len(winners) == DRIVES.k == 80
    samples = np.zeros((80, INPUTS))
    np.put_along_axis(samples, sparse.wiring(INPUTS, 400, 8, 0)[winners], 1.0, axis=1)
    decoded = np.asarray(decode(DRIVES, spikes))
    np.testing.assert_allclose(samples @ decoded, samples @ values, atol=1e-3)  # whatever their rank
    smallest = np.linalg.svd(samples, compute_uv=False)[-1]
    if smallest > 0.1:
        np.testing.assert_allclose(decoded, values, atol=1e-3)


def test_too_few_equations_give_the_smallest_input_that_fits():
    code = SparseCode(inputs=INPUTS, n=400, active=0.01, fan_in=8, binary=False)
    values = np.random.default_rng(1).uniform(0.1, 1, INPUTS).astype(np.float32)
    decoded = np.asarray(code.decode(code.encode(values)))
    assert np.linalg.norm(decoded) < np.linalg.norm(values)
    assert np.abs(decoded - values).max() > 0.1
    np.testing.assert_array_equal(code.decode(jnp.zeros(400)), 0.0)


def test_a_binary_code_tells_most_of_the_pattern_but_not_its_size():
    values = np.random.default_rng(2).uniform(size=(50, INPUTS)).astype(np.float32)
    decoded = np.asarray(jax.vmap(CODE.decode)(many(values)))
    np.testing.assert_allclose(decoded.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(decoded, axis=1), 1, rtol=1e-5)
    agreement = [np.corrcoef(d, v)[0, 1] for d, v in zip(decoded, values, strict=True)]
    assert min(agreement) > 0.85
    assert max(agreement) < 0.99
    strangers = [np.corrcoef(d, v)[0, 1] for d, v in zip(decoded, np.roll(values, 1, axis=0), strict=True)]
    assert abs(np.mean(strangers)) < 5 / np.sqrt(50 * INPUTS)


@pytest.mark.parametrize(("active", "k"), [(1e-6, 1), (0.5, 5), (1.0, 10)])
def test_the_number_of_winners_is_at_least_one_and_at_most_all(active, k):
    code = SparseCode(inputs=6, n=10, active=active)
    assert code.k == code.encode(jnp.arange(6.0)).sum() == k


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: SparseCode(active=0.0), "'SparseCode.active' is 0.0"),
        (lambda: SparseCode(active=1.1), "'SparseCode.active' is 1.1"),
        (lambda: SparseCode(n=0), "'SparseCode.n' is 0"),
        (lambda: SparseCode(inputs=4), "'SparseCode.fan_in' is 6, but there are only 4 inputs"),
        (lambda: CODE.encode(jnp.full(INPUTS, jnp.nan)), "'values' is nan"),
        (lambda: CODE.encode(jnp.zeros(7)), r"the shape \(7,\); this SparseCode encodes \(20,\)"),
    ],
)
def test_impossible_input_is_refused(wrong, message):
    with pytest.raises(NeurorlError, match=message):
        wrong()
