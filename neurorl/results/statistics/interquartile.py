"""Interquartile mean: the mean of the middle half of all runs of all tasks, less noisy than a mean and than a median."""

import numpy as np
from scipy import stats

from neurorl.results.statistics.tasks import Scores, by_task, pooled


def interquartile_mean(scores: Scores) -> float | None:
    """Return the mean of the middle half of the scores of all tasks together; None where there are none."""
    together = pooled(by_task(scores))
    return float(stats.trim_mean(together, 0.25)) if together.size else None


def over_tasks(tasks: list[np.ndarray]) -> np.ndarray:
    """Return the interquartile mean over the last axis, [...], from one [..., runs] a task."""
    return stats.trim_mean(pooled(tasks), 0.25, axis=-1)
