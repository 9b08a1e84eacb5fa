"""Statistical tests of the counter hash. The seeds are fixed; a good generator fails a test once in 10,000 seeds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from neurorl import counter_random

STREAMS, STEPS = 512, 2048


@pytest.fixture(scope="module", params=[0, 1, 2**32 - 1])
def bits(request):
    streams = counter_random.streams(request.param, (STREAMS,))
    return np.asarray(counter_random.bits(streams, jnp.arange(STEPS, dtype=jnp.uint32)[:, None]))


def correlation(a, b):
    """Return the correlation of two arrays in standard errors."""
    return np.corrcoef(a.ravel(), b.ravel())[0, 1] * np.sqrt(a.size)


def test_numbers_are_equally_distributed(bits):
    for shift in (24, 12, 0):  # high, middle and low bits
        counts = np.bincount((bits >> shift).ravel() & 255, minlength=256)
        assert stats.chisquare(counts).pvalue > 1e-4
    assert stats.kstest((bits.ravel()[::7] + 0.5) / 2**32, "uniform").pvalue > 1e-4


def test_every_bit_is_balanced_and_independent_of_every_other(bits):
    ones = (bits.ravel()[:, None] >> np.arange(32, dtype=np.uint32)) & 1
    assert np.abs(ones.mean(0) - 0.5).max() < 5 * 0.5 / np.sqrt(bits.size)
    products = np.corrcoef(ones[: 2**18].T) - np.eye(32)
    assert np.abs(products).max() < 5.5 / np.sqrt(2**18)


@pytest.mark.parametrize("lag", [1, 2, 3, 7, 64, 1000])
def test_successive_steps_and_neighbouring_streams_are_uncorrelated(bits, lag):
    x = bits.astype(float)
    assert abs(correlation(x[:-lag], x[lag:])) < 4
    if lag < STREAMS // 2:
        assert abs(correlation(x[:, :-lag], x[:, lag:])) < 4
        assert abs(correlation(x[:-lag, :-lag], x[lag:, lag:])) < 4


def test_pairs_of_successive_numbers_fill_the_square(bits):
    for first, second in ((bits[:-1], bits[1:]), (bits[:, :-1], bits[:, 1:])):
        cell = (first >> 27).astype(np.int64) * 32 + (second >> 27)
        assert stats.chisquare(np.bincount(cell.ravel(), minlength=1024)).pvalue > 1e-4


def test_spike_counts_are_binomial_in_every_stream_and_every_step(bits):
    spikes = (bits >> 8) * 2.0**-24 < 0.05
    for axis, trials in ((0, STEPS), (1, STREAMS)):
        counts = spikes.sum(axis)
        z2 = ((counts - 0.05 * trials) ** 2 / (0.05 * 0.95 * trials)).sum()
        assert 1e-4 < stats.chi2.sf(z2, len(counts)) < 1 - 1e-4  # neither over- nor underdispersed


def test_gaps_between_spikes_are_geometric(bits):
    spikes = (bits >> 8) * 2.0**-24 < 0.05
    gaps = np.concatenate([np.diff(np.flatnonzero(train)) for train in spikes.T])
    # Gaps longer than a stream are cut off, which matters for long gaps only.
    observed = np.bincount(np.minimum(gaps, 60), minlength=61)[1:60]
    expected = 0.95 ** np.arange(59)
    assert stats.chisquare(observed, expected / expected.sum() * observed.sum()).pvalue > 1e-4


def test_seeds_give_other_streams_and_a_flipped_bit_flips_half_of_the_output():
    index = jnp.arange(4096, dtype=jnp.uint32)
    streams = [np.asarray(counter_random.bits(counter_random.streams(seed, (64,)), index[:, None])) for seed in (1, 2, 3, 2**31)]
    for i, a in enumerate(streams):
        for b in streams[:i]:
            assert abs(correlation(a.astype(float), b.astype(float))) < 4
    hashed = counter_random.mix(index)
    for bit in range(32):
        flipped = np.asarray(hashed ^ counter_random.mix(index ^ np.uint32(1 << bit)))
        share = ((flipped[:, None] >> np.arange(32, dtype=np.uint32)) & 1).mean()
        assert abs(share - 0.5) < 0.01


def test_uniform_and_bernoulli():
    streams = counter_random.streams(7, (100, 100))
    u = np.asarray(counter_random.uniform(streams, 3))
    assert u.shape == (100, 100)
    assert u.min() >= 0
    assert u.max() < 1
    np.testing.assert_array_equal(counter_random.bernoulli(streams, 3, 0.3), (u < np.float32(0.3)).astype(np.float32))
    assert counter_random.bernoulli(streams, 3, 0.0).sum() == 0
    assert counter_random.bernoulli(streams, 3, 1.0).sum() == 10_000
    assert len(np.unique(np.asarray(streams))) > 9_990


def test_keys_that_are_folded_in_differ_and_give_independent_bits():
    key = jax.random.key(5)
    keys = jax.vmap(lambda step: jax.random.key_data(counter_random.fold_in(key, step, 2)))(jnp.arange(2000))
    assert len(np.unique(np.asarray(keys), axis=0)) == 2000
    drawn = jax.vmap(lambda step: counter_random.bits_of(counter_random.fold_in(key, step, 2), 32))(jnp.arange(2000))
    ones = ((np.asarray(drawn)[..., None] >> np.arange(32)) & 1).reshape(2000, -1)
    assert abs(ones.mean() - 0.5) < 4 * 0.5 / np.sqrt(ones.size)
    assert np.abs(ones.mean(0) - 0.5).max() < 5 * 0.5 / np.sqrt(2000)
    assert abs(np.mean(ones[1:] == ones[:-1]) - 0.5) < 4 * 0.5 / np.sqrt(ones.size), "successive steps"
