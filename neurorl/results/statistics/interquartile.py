"""Interquartile mean: the mean of the middle half of all runs of all tasks, less noisy than a mean and than a median."""

import numpy as np

from neurorl.results.statistics.tasks import Scores, by_task, pooled


def interquartile_mean(scores: Scores) -> float | None:
    """Return the mean of the middle half of the scores of all tasks together; None where there are none."""
    together = pooled(by_task(scores))
    return float(_middle_half(together)) if together.size else None


def over_tasks(tasks: list[np.ndarray]) -> np.ndarray:
    """Return the interquartile mean over the last axis, [...], from one [..., runs] a task."""
    return _middle_half(pooled(tasks))


def _middle_half(scores: np.ndarray) -> np.ndarray:
    """Return the mean of the middle half over the last axis: that of ``scipy.stats.trim_mean``, which takes seconds to import."""
    count = scores.shape[-1]
    cut = count // 4
    ordered = np.partition(scores, (cut, count - cut - 1), axis=-1)
    return ordered[..., cut : count - cut].mean(axis=-1)
