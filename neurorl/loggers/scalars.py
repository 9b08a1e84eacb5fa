"""The numbers that trackers draw: one learner's, or those of all learners of a job."""

import math

import numpy as np

from neurorl.loggers.logger import Point
from neurorl.results import statistics

APART = 100  # most learners whose numbers are logged one by one; of more, trackers are told the means only


def of_learner(point: Point, index: int) -> dict[str, float]:
    """Return the numbers of one learner by name, without those that are NaN or infinite."""
    return _finite({name: column[index] for name, column in _columns(point).items()})


def of_all(point: Point) -> dict[str, float]:
    """Return the means over learners by name, the interquartile mean of the greedy return, and the share that has solved."""
    with_values = {name: column[np.isfinite(column)] for name, column in _columns(point).items()}
    values: dict[str, float | None] = {name: float(column.mean()) for name, column in with_values.items() if column.size}
    if point.evaluation:
        values["evaluation/return_iqm"] = statistics.interquartile_mean(point.eval_return[np.isfinite(point.eval_return)])
        values["evaluation/solved"] = float(point.solved.mean())
    return _finite(values | {"speed/env_steps_per_second": point.steps_per_second})


def _columns(point: Point) -> dict[str, np.ndarray]:
    """Return every column of a point under the name that it has in a tracker."""
    training = {f"training/{name}": column for name, column in point.training.items()}
    return training | {f"evaluation/{name.removeprefix('eval_')}": column for name, column in point.evaluation.items()}


def _finite(values: dict[str, float | None]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if value is not None and math.isfinite(value)}
