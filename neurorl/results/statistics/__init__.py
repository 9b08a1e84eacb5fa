"""Statistics over learners, after Agarwal et al. (2021), Deep RL at the edge of the statistical precipice.

``scores`` are always what a person has: [runs] of one task, [runs, tasks], or a list with the scores of each task where tasks
have different numbers of runs. Missing scores (NaN) are left out. Every interval is a percentile bootstrap that resamples runs
within each task. The definitions are rliable's, and a test compares the numbers.
"""

from neurorl.results.statistics.bootstrap import RESAMPLES, confidence_interval, interval
from neurorl.results.statistics.efficiency import Curve, sample_efficiency
from neurorl.results.statistics.improvement import improvement_interval, probability_of_improvement
from neurorl.results.statistics.interquartile import interquartile_mean
from neurorl.results.statistics.profile import performance_profile, profile_interval
from neurorl.results.statistics.threshold import Solved, median_steps, steps_to_threshold

__all__ = [
    "RESAMPLES",
    "Curve",
    "Solved",
    "confidence_interval",
    "improvement_interval",
    "interquartile_mean",
    "interval",
    "median_steps",
    "performance_profile",
    "probability_of_improvement",
    "profile_interval",
    "sample_efficiency",
    "steps_to_threshold",
]
