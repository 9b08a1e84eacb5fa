"""Sample-efficiency curve: the interquartile mean and its interval at each point of learning curves."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurorl.results.statistics.bootstrap import LEVEL, confidence_interval
from neurorl.results.statistics.interquartile import interquartile_mean


class Curve(NamedTuple):
    """A curve with its band."""

    middle: np.ndarray  # [points], interquartile mean; NaN where there is no score
    low: np.ndarray  # [points], lower end of the interval; NaN where no task has two scores
    high: np.ndarray  # [points], upper end


def sample_efficiency(scores: np.ndarray | Sequence[np.ndarray], level: float = LEVEL) -> Curve:
    """Return the curve over all tasks.

    Args:
        scores: [runs, points] of one task, or a list of those, one a task, with the same points.
        level: Coverage of the interval, pointwise.
    """
    tasks = [np.asarray(scores, float)] if isinstance(scores, np.ndarray) else [np.asarray(task, float) for task in scores]
    points = [[task[:, point] for task in tasks] for point in range(tasks[0].shape[1])]
    middle = [interquartile_mean(point) for point in points]
    ends = np.array([confidence_interval(point, level) or (np.nan, np.nan) for point in points], float).reshape(-1, 2)
    return Curve(np.array(middle, float), ends[:, 0], ends[:, 1])
