"""Probability of improvement: how likely a run of X scores higher than a run of Y on a task, ties counting half.

On each task it is the Mann-Whitney statistic U(X, Y) / (runs of X * runs of Y); over tasks, the mean.
"""

import numpy as np

from neurorl.errors import NeurorlError
from neurorl.results.statistics import bootstrap
from neurorl.results.statistics.tasks import Scores, by_task


def probability_of_improvement(x: Scores, y: Scores) -> float | None:
    """Return the probability that X improves on Y; None where a task has no score of one of them."""
    tasks_x, tasks_y = by_task(x), by_task(y)
    if len(tasks_x) != len(tasks_y):
        raise NeurorlError(f"X has scores of {len(tasks_x)} tasks and Y of {len(tasks_y)}; give both on the same tasks")
    if any(task.size == 0 for task in (*tasks_x, *tasks_y)):
        return None
    return float(_over_tasks(tasks_x, tasks_y))


def improvement_interval(x: Scores, y: Scores, level: float = bootstrap.LEVEL) -> list[float] | None:
    """Return the interval of the probability of improvement; X and Y are resampled apart."""
    if probability_of_improvement(x, y) is None:
        return None
    found = bootstrap.interval(_over_tasks, x, y, level=level)
    return None if found is None else [float(found[0]), float(found[1])]


def _over_tasks(x: list[np.ndarray], y: list[np.ndarray]) -> np.ndarray:
    return np.mean([_on_a_task(a, b) for a, b in zip(x, y, strict=True)], axis=0)


def _on_a_task(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the share of pairs of [..., runs of X] and [..., runs of Y] in which X is higher, [...]."""
    sign = np.sign(x[..., :, None] - y[..., None, :])
    return 0.5 + 0.5 * sign.mean(axis=(-2, -1))
