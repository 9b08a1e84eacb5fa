import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.analysis.spike_train import SpikeTrain, fano_factor, spike_counts, trains
from neurorl.errors import NeurorlError
from neurorl.persistence import from_json, to_json

EXAMPLE = SpikeTrain([10.0, 25.0, 42.0, 60.0], duration=100.0)


def poisson_train(seed, rate=50.0, duration=200_000.0):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(1000 / rate, int(rate * duration / 1000 * 1.2)))
    return SpikeTrain(times[times < duration], duration)


def gamma_train(seed, shape, n=20_000):
    return SpikeTrain(np.cumsum(np.random.default_rng(seed).gamma(shape, 10.0, n)))


def test_the_example_of_omega_snn():
    assert EXAMPLE.count == 4
    assert EXAMPLE.rate(100.0) == EXAMPLE.rate() == 40.0
    np.testing.assert_array_equal(EXAMPLE.isis, [15, 17, 18])
    assert EXAMPLE.mean_isi == pytest.approx(50 / 3)
    assert EXAMPLE.cv_isi == pytest.approx(math.sqrt((15**2 + 17**2 + 18**2) / 3 - (50 / 3) ** 2) / (50 / 3))
    assert EXAMPLE.local_variation == pytest.approx(3 / 2 * ((2 / 32) ** 2 + (1 / 35) ** 2))


def test_rate_counts_the_spikes_of_its_window():
    assert EXAMPLE.rate(50.0) == 60.0
    assert EXAMPLE.rate(5.0) == 0.0


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_what_too_few_spikes_cannot_tell_is_nan(n):
    train = SpikeTrain(np.arange(n) * 10.0, duration=50.0)
    assert train.count == n
    assert train.rate() == 20 * n
    assert len(train.isis) == max(n - 1, 0)
    assert math.isnan(train.mean_isi) == (n < 2)
    assert math.isnan(train.cv_isi) == math.isnan(train.local_variation) == (n < 3)


def test_variability_is_one_for_poisson_and_zero_for_a_clock():
    train = poisson_train(0)
    error = 5 / math.sqrt(train.count)
    assert train.rate() == pytest.approx(50, rel=error)
    assert train.cv_isi == pytest.approx(1, abs=error)
    assert train.local_variation == pytest.approx(1, abs=error)
    clock = SpikeTrain(np.arange(1000) * 7.0)
    assert clock.mean_isi == 7
    assert clock.cv_isi == clock.local_variation == 0


@pytest.mark.parametrize("shape", [0.5, 2.0, 8.0])
def test_gamma_intervals_have_the_variability_of_theory(shape):
    train = gamma_train(1, shape)
    assert train.cv_isi == pytest.approx(1 / math.sqrt(shape), rel=0.03)
    assert train.local_variation == pytest.approx(3 / (2 * shape + 1), rel=0.03)


def test_local_variation_is_blind_to_a_slowly_varying_rate_where_cv_is_not():
    train = poisson_train(2)
    warped = SpikeTrain(train.times + 0.9 * 100_000 / (2 * np.pi) * np.sin(2 * np.pi * train.times / 100_000))
    assert warped.local_variation == pytest.approx(train.local_variation, abs=0.01)
    assert warped.cv_isi > 1.1


@given(
    rows=st.lists(st.integers(0, 199), unique=True, max_size=30),
    dt=st.sampled_from([0.1, 0.25, 1.0, 0.3, 5.0]),
)
def test_a_raster_survives_the_way_through_times_and_json(rows, dt):
    raster = np.zeros(200)
    raster[rows] = 1
    train = SpikeTrain.from_raster(raster, dt)
    assert train.count == len(rows)
    np.testing.assert_array_equal(train.to_raster(dt), raster)
    np.testing.assert_array_equal(train.to_raster(dt, steps=250)[:200], raster)
    assert from_json(to_json(train)) == train


@pytest.mark.parametrize("dt", [0.025, 0.1, 1 / 3, 1000 / 30_000, 1.0])
def test_a_long_raster_survives_times_in_single_precision(dt):
    rows = np.unique(np.random.default_rng(0).integers(0, 4_000_000, 2000))
    rounded = (rows * dt).astype(np.float32)
    for times in (rounded, jnp.array(rows) * dt, rounded.astype(float), rounded.tolist()):
        back = SpikeTrain(times, 4_000_000 * dt).to_raster(dt)
        assert len(back) == 4_000_000
        np.testing.assert_array_equal(np.flatnonzero(back), rows)


def test_times_that_float32_cannot_tell_apart_are_refused_for_that_and_not_for_dt():
    rows = np.array([9_999_999, 10_000_000])
    with pytest.raises(NeurorlError, match=r"in float64"):
        SpikeTrain((rows * (1 / 3)).astype(np.float32)).to_raster(1 / 3, steps=10_000_001)
    with pytest.raises(NeurorlError, match=r"twice.* \(float32 has numbers only every 4 ms there: give the times in float64\)"):
        SpikeTrain(np.float32([4e7 + 1, 4e7]))
    raster = SpikeTrain(rows * (1 / 3)).to_raster(1 / 3, steps=10_000_001)
    np.testing.assert_array_equal(np.flatnonzero(raster), rows)


def test_a_time_that_rounding_put_after_the_end_is_the_end():
    assert SpikeTrain([0.1, 3 * 0.1], 0.3).rate() == pytest.approx(2 / 0.3e-3)
    assert SpikeTrain(np.float32([0.1, 0.3]), 0.3).rate() == pytest.approx(2 / 0.3e-3)
    assert SpikeTrain(np.float32([0.1, 0.3]).tolist(), 0.3).count == 2
    with pytest.raises(NeurorlError, match=r"'times' has 0.300000001 ms; it must be finite and in \[0, 0.3\]"):
        SpikeTrain([0.1, 0.3 + 1e-9], 0.3)


def test_intervals_of_times_in_single_precision_are_their_differences():
    times = np.float32([100_000.1, 100_000.2])
    np.testing.assert_array_equal(SpikeTrain(times).isis, np.diff(times.astype(float)))
    assert from_json(to_json(SpikeTrain(times, 2e5))) == SpikeTrain(times, 2e5)


def test_times_survive_a_raster_to_within_a_step():
    train = poisson_train(3, rate=5.0, duration=2000.0)
    back = SpikeTrain.from_raster(train.to_raster(0.5), 0.5)
    late = train.times - back.times
    assert ((late >= -1e-6) & (late < 0.5)).all()
    assert back.duration == 2000


def test_times_are_sorted_copied_and_fixed():
    times = np.array([30.0, 10.0, 20.0])
    train = SpikeTrain(times, 30)
    times[0] = 99
    np.testing.assert_array_equal(train.times, [10, 20, 30])
    assert train == SpikeTrain((10, 20, 30), 30.0)
    assert train != SpikeTrain((10, 20, 30))
    assert train != SpikeTrain((10, 20, 31), 31)
    assert train != "train"
    np.testing.assert_array_equal(np.flatnonzero(train.to_raster(1.0)), [10, 20, 29])  # the end belongs to the last step
    with pytest.raises(ValueError, match="read-only"):
        train.times[0] = 5


def test_counts_are_those_of_whole_windows():
    raster = np.zeros((25, 2))
    raster[[0, 3, 9, 10, 24], 0] = 1
    counts = spike_counts(raster, 0.5, 5.0)
    np.testing.assert_array_equal(counts, [[3, 0], [1, 0]])  # the spike of step 24 lies after the last whole window
    assert [t.count for t in trains(raster, 0.5)] == [5, 0]


def test_fano_factor_is_one_for_poisson_zero_for_a_clock_and_nan_for_silence():
    rng = np.random.default_rng(0)
    p = np.array([0.01, 0.3, 0.0, 1.0])
    raster = (rng.random((200_000, 4)) < p).astype(float)
    raster[:, 3] = np.arange(200_000) % 20 == 0
    fano = fano_factor(spike_counts(raster, 1.0, 100.0))
    error = 5 * math.sqrt(2 / 2000)
    np.testing.assert_allclose(fano[:2], 1 - p[:2], atol=error)
    assert np.isnan(fano[2])
    assert fano[3] == 0
    np.testing.assert_allclose(fano_factor(rng.poisson(7.0, (5000, 3))), 1, atol=5 * math.sqrt(2 / 5000))
    # A rate that differs from trial to trial adds its own variance: 1 + var(rate) / mean(rate).
    np.testing.assert_allclose(fano_factor(rng.poisson(rng.choice([5.0, 15.0], 20_000))), 1 + 25 / 10, rtol=0.05)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: SpikeTrain([1.0, math.nan]), "'times' has nan ms"),
        (lambda: SpikeTrain([-1.0]), "'times' has -1.0 ms"),
        (lambda: SpikeTrain([5.0], duration=4.0), r"'times' has 5.0 ms; it must be finite and in \[0, 4\]"),
        (lambda: SpikeTrain([3.0, 3.0]), "'times' has 3.0 ms twice"),
        (lambda: SpikeTrain([], duration=0.0), "'duration' is 0.0 ms"),
        (lambda: SpikeTrain(np.zeros((2, 2))), r"'times' has the shape \(2, 2\)"),
        (lambda: SpikeTrain([1.0]).rate(), "give rate the 'duration'"),
        (lambda: EXAMPLE.rate(200.0), "'duration' is 200.0 ms; .* at most the train's own, 100.0 ms"),
        (lambda: EXAMPLE.rate(-1.0), "'duration' is -1.0 ms"),
        (lambda: SpikeTrain([1.0]).to_raster(1.0), "the number of 'steps'"),
        (lambda: EXAMPLE.to_raster(1.0, steps=50), "'steps' is 50, but the spike at 60.0 ms lies in step 60"),
        (lambda: EXAMPLE.to_raster(30.0), "'dt' is 30.0 ms, and the spikes at 10.0 and 25.0 ms lie in one step"),
        (lambda: EXAMPLE.to_raster(0.0), "'dt' is 0.0 ms"),
        (lambda: SpikeTrain.from_raster([0.0, 2.0], 1.0), "'raster' has 2.0; spikes are 0.0 or 1.0"),
        (lambda: SpikeTrain.from_raster([0.0, math.nan], 1.0), "'raster' has nan"),
        (lambda: trains(np.zeros(5), 1.0), r"shape \(5,\); it must be \[steps, n\]"),
        (lambda: spike_counts(np.zeros((9, 1)), 0.0, 1.0), "'dt' is 0.0 ms"),
        (lambda: spike_counts(np.zeros((9, 1)), 0.5, 0.7), "'window' is 0.7 ms; it must be a whole number of steps"),
        (lambda: spike_counts(np.zeros((9, 1)), 1.0, 10.0), "longer than the raster of 9 ms"),
    ],
)
def test_impossible_input_is_refused(wrong, message):
    with pytest.raises(NeurorlError, match=message):
        wrong()
