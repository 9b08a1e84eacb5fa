"""Statistics against rliable's answers to the same scores (experiments/rliable_reference.py), scipy, and theory."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurorl.errors import NeurorlError
from neurorl.results import statistics
from neurorl.results.statistics import bootstrap, improvement
from neurorl.results.statistics.interquartile import over_tasks

REFERENCE = json.loads((Path(__file__).parents[2] / "experiments" / "results" / "rliable.json").read_text())
X, Y, CURVES, THRESHOLDS = (np.array(REFERENCE[name]) for name in ("x", "y", "curves", "thresholds"))
NOISE = 0.02  # of an end of an interval over 20,000 resamples, in widths of the interval; the standard error is about 0.007


class Replay:
    """A generator that draws what rliable drew."""

    def __init__(self, drawn):
        self.columns = [
            np.array([rep[which] for rep in drawn])[:, :, task] for which in range(len(drawn[0])) for task in range(3)
        ]

    def integers(self, low, high, shape):
        column = self.columns.pop(0)
        assert column.shape == shape
        assert column.max() < high
        return column


def test_the_interquartile_mean_is_that_of_rliable_over_tasks_and_runs_together():
    assert statistics.interquartile_mean(X) == pytest.approx(REFERENCE["interquartile_mean"], rel=1e-12)
    by_task = np.mean([statistics.interquartile_mean(task) for task in X.T])
    assert by_task != pytest.approx(REFERENCE["interquartile_mean"], rel=1e-3), "the mean over tasks is something else"


def test_the_interval_from_the_same_draws_is_that_of_rliable():
    ours = bootstrap.interval(over_tasks, X, resamples=60, rng=Replay(REFERENCE["drawn"]))
    assert ours == pytest.approx(REFERENCE["interval"], rel=1e-12)


def test_the_probability_of_improvement_and_its_interval_are_those_of_rliable():
    assert statistics.probability_of_improvement(X, Y) == pytest.approx(REFERENCE["improvement"], rel=1e-12)
    ours = bootstrap.interval(improvement._over_tasks, X, Y, resamples=60, rng=Replay(REFERENCE["improvement_drawn"]))
    assert ours == pytest.approx(REFERENCE["improvement_interval"], rel=1e-12)


def test_the_profile_and_the_sample_efficiency_curve_are_those_of_rliable():
    assert statistics.performance_profile(X, THRESHOLDS) == pytest.approx(REFERENCE["profile"], rel=1e-12)
    curve = statistics.sample_efficiency(list(np.moveaxis(CURVES, 1, 0)))
    assert curve.middle == pytest.approx(REFERENCE["sample_efficiency"], rel=1e-12)


@pytest.mark.parametrize(
    ("expected", "statistic", "scores"),
    [
        ("interval_20000", over_tasks, (X,)),
        ("improvement_interval_20000", improvement._over_tasks, (X, Y)),
        ("profile_interval_20000", lambda tasks: statistics.profile._shares(np.concatenate(tasks, -1), THRESHOLDS), (X,)),
    ],
)
def test_intervals_from_our_own_draws_are_those_of_rliable_within_the_noise(expected, statistic, scores):
    ours = np.array(bootstrap.interval(statistic, *scores, resamples=20_000))
    theirs = np.array(REFERENCE[expected])
    widest = (theirs[1] - theirs[0]).max()
    # A share moves in whole runs of 33, so a profile's ends can differ by one of them.
    step = 1 / X.size if "profile" in expected else 0.0
    assert np.abs(ours - theirs).max() <= NOISE * widest + step + 1e-12


def test_sample_efficiency_bands_are_those_of_rliable_within_the_noise():
    curve = statistics.sample_efficiency(list(np.moveaxis(CURVES, 1, 0)))
    low, high = np.array(REFERENCE["sample_efficiency_interval_20000"])
    assert np.abs(np.stack([curve.low - low, curve.high - high])).max() < 0.07 * (high - low).max()  # 2,000 resamples


def test_without_strata_the_interval_would_be_another():
    pooled = np.array(bootstrap.interval(over_tasks, X.ravel(), resamples=20_000))
    theirs = np.array(REFERENCE["interval_20000"])
    assert np.abs(pooled - theirs).max() > 0.3 * (theirs[1] - theirs[0])


def test_for_one_task_the_interval_is_scipys_bootstrap():
    scores = np.random.default_rng(5).normal(size=20)
    found = stats.bootstrap(
        (scores,), lambda sample, axis: stats.trim_mean(sample, 0.25, axis=axis), n_resamples=statistics.RESAMPLES,
        method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    assert statistics.confidence_interval(scores) == pytest.approx([found.low, found.high], rel=1e-12)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(300):
        low, high = bootstrap.interval(over_tasks, rng.normal([0.0, 4.0], 1.0, (20, 2)), resamples=300)
        inside += low <= 2.0 <= high
    # The interquartile mean of two far clusters of the same size is 2; percentile intervals of 40 runs are a little narrow.
    assert 0.86 <= inside / 300 <= 0.99


scores = st.lists(st.floats(-1e3, 1e3).map(lambda v: round(v, 3)), min_size=1, max_size=15)


@given(scores, scores)
def test_probability_of_improvement_is_the_mann_whitney_statistic_and_the_other_way_round_its_rest(x, y):
    found = statistics.probability_of_improvement(x, y)
    assert found == pytest.approx(stats.mannwhitneyu(x, y).statistic / (len(x) * len(y)), abs=1e-12)
    assert found + statistics.probability_of_improvement(y, x) == pytest.approx(1.0)


@given(scores)
def test_the_profile_falls_from_one_to_zero_and_its_area_is_the_mean(x):
    thresholds = np.unique([-1001.0, *x, 1001.0])
    profile = statistics.performance_profile(np.array(x), thresholds)
    assert profile[0] == 1.0
    assert profile[-1] == 0.0
    assert (np.diff(profile) <= 0.0).all()
    assert -1001.0 + (profile[:-1] * np.diff(thresholds)).sum() == pytest.approx(np.mean(x), abs=1e-6)


def test_missing_scores_are_left_out_and_tasks_may_have_other_numbers_of_runs():
    assert statistics.interquartile_mean([1.0, np.nan, 3.0]) == 2.0
    assert statistics.interquartile_mean([np.nan]) is None
    assert statistics.confidence_interval([1.0, np.nan]) is None
    ragged = [[1.0, 2.0, 3.0], [10.0]]
    assert statistics.interquartile_mean(ragged) == statistics.interquartile_mean([1.0, 2.0, 3.0, 10.0]) == 2.5
    assert statistics.probability_of_improvement([1.0], [np.nan]) is None


def test_scores_of_another_shape_or_of_other_tasks_are_refused():
    with pytest.raises(NeurorlError, match="3 axes"):
        statistics.interquartile_mean(np.zeros((2, 2, 2)))
    with pytest.raises(NeurorlError, match="2 tasks and Y of 3"):
        statistics.probability_of_improvement(np.zeros((4, 2)), np.zeros((4, 3)))


def test_three_successive_evaluations_at_the_threshold_solve_a_task_and_two_do_not():
    steps = np.array([10, 20, 30, 40, 50])
    returns = np.array([[9, 9, 1, 9, 9], [1, 9, 9, 9, 1], [9, 9, 9, 9, 9]])
    assert statistics.steps_to_threshold(steps, returns, 9) == [None, 20, 10]
    assert statistics.steps_to_threshold(steps, returns, None) == [None, None, None]
