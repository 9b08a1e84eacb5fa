"""Stratified bootstrap intervals: runs are drawn again, with replacement, within each task.

The tasks are not drawn again: they are the ones we ask about. The generator begins at the same seed for every interval, so the
same scores give the same interval, and the points of a curve are resampled alike.
"""

from collections.abc import Callable

import numpy as np

from neurorl.results.statistics.interquartile import over_tasks
from neurorl.results.statistics.tasks import Scores, by_task

RESAMPLES = 2000  # of a bootstrap, unless it is told otherwise
LEVEL = 0.95


def confidence_interval(scores: Scores, level: float = LEVEL) -> list[float] | None:
    """Return the interval of the interquartile mean; None where no task has two scores."""
    found = interval(over_tasks, scores, level=level)
    return None if found is None else [float(found[0]), float(found[1])]


def interval(
    statistic: Callable[..., np.ndarray],
    *scores: Scores,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the percentile bootstrap interval of a statistic of one or more independent sets of scores.

    Args:
        statistic: From a list of [resamples, runs], one a task, for each set of scores, to [resamples, ...].
        *scores: Sets of scores, each resampled by itself.
        level: Coverage.
        resamples: How many times the runs are drawn again.
        rng: Where the draws come from; the same for every call by default.

    Returns:
        Lower and upper end, [...]; None where no task has two scores.
    """
    sets = [by_task(each) for each in scores]
    if any(all(task.size < 2 for task in tasks) for tasks in sets):
        return None
    rng = np.random.default_rng(0) if rng is None else rng
    return percentiles(statistic(*[[draw(task, resamples, rng) for task in tasks] for tasks in sets]), level)


def draw(task: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return the runs of a task drawn again, [resamples, runs]."""
    return task[rng.integers(0, task.size, (resamples, task.size))] if task.size else np.empty((resamples, 0))


def percentiles(values: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the middle ``level`` of resampled statistics [resamples, ...], each [...]."""
    low, high = np.percentile(values, [50.0 * (1.0 - level), 50.0 * (1.0 + level)], axis=0)
    return low, high
