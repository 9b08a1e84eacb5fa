"""Performance profile: the share of runs, of all tasks together, whose score is above each threshold.

Unlike a mean it shows the whole distribution: where one profile lies above another everywhere, so do all quantiles.
"""

import numpy as np

from neurorl.results.statistics import bootstrap
from neurorl.results.statistics.tasks import Scores, by_task, pooled


def performance_profile(scores: Scores, thresholds: np.ndarray) -> np.ndarray:
    """Return the share of runs with a score above each threshold, [thresholds]."""
    return _shares(pooled(by_task(scores)), np.asarray(thresholds, float))


def profile_interval(
    scores: Scores, thresholds: np.ndarray, level: float = bootstrap.LEVEL
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the pointwise interval of the profile, each end [thresholds]; None where no task has two scores."""
    thresholds = np.asarray(thresholds, float)
    return bootstrap.interval(lambda tasks: _shares(pooled(tasks), thresholds), scores, level=level)


def _shares(runs: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return the shares [..., thresholds] of runs [..., runs]; one threshold at a time, since there may be many resamples."""
    return np.stack([(runs > threshold).mean(axis=-1) for threshold in thresholds], axis=-1)
