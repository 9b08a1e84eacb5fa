"""Scores by task, whatever way they were given, and what it means to pool them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurorl.errors import NeurorlError

Scores = np.ndarray | Sequence[Any]


def by_task(scores: Scores) -> list[np.ndarray]:
    """Return the scores of each task, missing ones left out.

    Args:
        scores: [runs], [runs, tasks], or a list of [runs of the task], one a task.
    """
    if isinstance(scores, np.ndarray) or not any(np.ndim(task) for task in scores):
        array = np.asarray(scores, float)
        if array.ndim not in (1, 2):
            raise NeurorlError(f"scores have {array.ndim} axes; they must be [runs], [runs, tasks], or a list of [runs]")
        columns = [array] if array.ndim == 1 else list(array.T)
    else:
        columns = [np.asarray(task, float) for task in scores]
        if any(column.ndim != 1 for column in columns):
            raise NeurorlError("a list of scores must hold one array [runs] for each task")
    return [column[np.isfinite(column)] for column in columns]


def pooled(tasks: list[np.ndarray]) -> np.ndarray:
    """Return the runs of all tasks side by side, [..., runs of all tasks], from one [..., runs] a task."""
    return np.concatenate(tasks, axis=-1)
