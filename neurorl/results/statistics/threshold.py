"""Steps to threshold: when a learner has solved its task."""

import math

import numpy as np

SUCCESSIVE = 3  # evaluations that must reach the threshold: one alone may be luck


def steps_to_threshold(eval_steps: np.ndarray, eval_return: np.ndarray, threshold: float | None) -> list[int | None]:
    """Return for every learner the environment step of the first of three successive evaluations at the threshold.

    Args:
        eval_steps: [evaluations].
        eval_return: [learners, evaluations].
        threshold: Return that solves the task; None where nobody says.
    """
    if threshold is None:
        return [None] * len(eval_return)
    reached = np.asarray(eval_return) >= threshold
    steps: list[int | None] = []
    for row in reached:
        first = [i for i in range(len(row) - SUCCESSIVE + 1) if row[i : i + SUCCESSIVE].all()]
        steps.append(int(eval_steps[first[0]]) if first else None)
    return steps


class Solved:
    """Which learners have solved the task so far, evaluation by evaluation, as :func:`steps_to_threshold` has it of the whole."""

    def __init__(self, learners: int, threshold: float | None):
        """Begin with ``learners`` that were not evaluated yet."""
        self._threshold = math.inf if threshold is None else threshold
        self._row = np.zeros(learners, int)  # successive evaluations at the threshold
        self.learners = np.zeros(learners, bool)

    def add(self, eval_return: np.ndarray) -> np.ndarray:
        """Take in an evaluation, [learners]; return who has solved the task by now, [learners]."""
        self._row = np.where(eval_return >= self._threshold, self._row + 1, 0)
        self.learners = self.learners | (self._row >= SUCCESSIVE)
        return self.learners


def median_steps(steps: list[int | None]) -> float | None:
    """Return the median over all learners, one that never solved it being later than any; None where it is such a one."""
    median = float(np.median([np.inf if step is None else step for step in steps])) if steps else np.inf
    return median if np.isfinite(median) else None
