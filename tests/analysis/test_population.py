import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.analysis import population
from neurorl.analysis.population import PopulationActivity
from neurorl.analysis.spike_train import spike_counts
from neurorl.errors import NeurorlError
from neurorl.persistence import from_json, to_json

STEPS, N = 20_000, 12


def independent(seed=0, p=0.05):
    return (np.random.default_rng(seed).random((STEPS, N)) < p).astype(float)


def sharing(c, seed=0, p=0.05):
    """Return trains that each copy, with probability sqrt(c) a step, one mother train: their correlation is c."""
    rng = np.random.default_rng(seed)
    mother, copied = rng.random((STEPS, 1)) < p, rng.random((STEPS, N)) < math.sqrt(c)
    return np.where(copied, mother, rng.random((STEPS, N)) < p).astype(float)


def test_activity_of_a_population_counted_by_hand():
    raster = np.zeros((100, 5))
    raster[::10, 0] = raster[::20, 1] = 1
    result = population.activity(raster, 0.5)
    assert result == PopulationActivity(n=5, active_count=2, rate=60.0, sparsity=0.6, treves_rolls=pytest.approx(9 / 25))
    assert from_json(to_json(population.activity(raster[:1], 0.5))) == population.activity(raster[:1], 0.5)


def test_silence_is_wholly_sparse_and_has_no_treves_rolls_ratio():
    result = population.activity(np.zeros((10, 3)), 1.0)
    assert result[:4] == (3, 0, 0.0, 1.0)
    assert math.isnan(result.treves_rolls)


@given(active=st.integers(1, 30), rate=st.floats(0.1, 100))
def test_treves_rolls_is_the_fraction_active_where_the_active_are_alike(active, rate):
    rates = np.zeros(30)
    rates[:active] = rate
    assert population.treves_rolls(rates) == pytest.approx(active / 30)


def test_treves_rolls_of_exponential_rates_is_a_half():
    rates = np.random.default_rng(0).exponential(3.0, 200_000)
    assert population.treves_rolls(rates) == pytest.approx(0.5, abs=0.01)


def test_unison_is_one_by_every_measure():
    counts = np.repeat(spike_counts(independent()[:, :1], 1.0, 5.0), N, axis=1)
    np.testing.assert_allclose(population.correlation(counts), 1)
    assert population.mean_correlation(counts) == pytest.approx(1)
    assert population.chi(counts) == pytest.approx(1)
    assert population.variance_ratio(counts) == pytest.approx(1)


def test_independence_is_zero_but_for_chance():
    counts = spike_counts(independent(), 1.0, 5.0)
    error = 1 / math.sqrt(len(counts))
    pairs = population.correlation(counts)[np.triu_indices(N, 1)]
    assert np.abs(pairs).max() < 5 * error
    assert pairs.std() == pytest.approx(error, rel=0.3)
    mean_error = error / math.sqrt(len(pairs))
    assert abs(population.mean_correlation(counts)) < 5 * mean_error
    assert abs(population.variance_ratio(counts)) < 5 * mean_error
    assert population.chi(counts) == pytest.approx(1 / math.sqrt(N), rel=0.05)


@pytest.mark.parametrize("c", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("window", [1.0, 10.0])
def test_a_shared_source_gives_its_correlation_by_every_measure(c, window):
    counts = spike_counts(sharing(c), 1.0, window)
    tolerance = 5 / math.sqrt(len(counts))
    assert population.mean_correlation(counts) == pytest.approx(c, abs=tolerance)
    assert population.variance_ratio(counts) == pytest.approx(c, abs=tolerance)
    assert population.chi(counts) == pytest.approx(math.sqrt(c + (1 - c) / N), abs=tolerance)


def test_opposites():
    wave = np.sin(np.arange(100) * 2 * np.pi / 50)
    signals = np.stack([wave, -wave], axis=1)
    np.testing.assert_allclose(population.correlation(signals), [[1, -1], [-1, 1]])
    assert population.chi(signals) == pytest.approx(0, abs=1e-9)
    assert population.variance_ratio(signals) == pytest.approx(-1)


def test_chi_of_waves_out_of_phase_is_the_length_of_their_mean_vector():
    phases = np.array([0.0, 0.3, 1.1, 2.0])
    signals = -60 + 5 * np.cos(np.arange(1000)[:, None] * 2 * np.pi / 100 + phases)
    assert population.chi(signals) == pytest.approx(abs(np.exp(1j * phases).mean()))


@given(
    signals=arrays(float, (30, 4), elements=st.integers(-9, 9).map(float)),
    scale=st.floats(0.1, 10),
    shift=st.floats(-100, 100),
)
def test_measures_agree_with_their_definitions_and_ignore_unit_and_origin(signals, scale, shift):
    with np.errstate(invalid="ignore", divide="ignore"):
        np.testing.assert_allclose(population.correlation(signals), np.corrcoef(signals.T), atol=1e-12)
    if (signals.std(0) > 0).any():
        covariance = np.cov(signals.T, ddof=0)
        off = (covariance.sum() - np.trace(covariance)) / 12
        assert population.variance_ratio(signals) == pytest.approx(off / (np.trace(covariance) / 4), abs=1e-9)
        assert population.chi(scale * signals + shift) == pytest.approx(population.chi(signals), abs=1e-6)


def test_what_does_not_vary_is_nan_and_left_out_of_the_mean():
    counts = spike_counts(sharing(0.5), 1.0, 10.0)
    counts[:, 3] = 2.0
    matrix = population.correlation(counts)
    assert np.isnan(matrix[3]).all()
    assert np.isnan(matrix[:, 3]).all()
    assert np.isnan(matrix).sum() == 2 * N - 1
    assert population.mean_correlation(counts) == pytest.approx(0.5, abs=0.1)
    still = np.full((50, 3), 0.1)  # not a sum of powers of two: its variance is not exactly 0 in floats
    assert math.isnan(population.mean_correlation(still))
    assert math.isnan(population.chi(still))
    assert math.isnan(population.variance_ratio(still))
    assert math.isnan(population.mean_correlation(counts[:, :1]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: population.activity(np.zeros(3), 1.0), r"'raster' has the shape \(3,\)"),
        (lambda: population.activity(np.full((3, 1), 0.5), 1.0), "'raster' has 0.5"),
        (lambda: population.chi(np.zeros(3)), r"of shape \(3,\) must be finite, \[times, n\]"),
        (lambda: population.correlation(np.array([[1.0, np.nan]])), "must be finite"),
        (lambda: population.variance_ratio(np.zeros((5, 1))), "'counts' has 1 neuron; synchrony needs at least 2"),
    ],
)
def test_impossible_input_is_refused(wrong, message):
    with pytest.raises(NeurorlError, match=message):
        wrong()
