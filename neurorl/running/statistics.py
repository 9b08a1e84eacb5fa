"""Statistics over learners, after Agarwal et al. (2021), Deep RL at the edge of the statistical precipice."""

import numpy as np
from scipy import stats

RESAMPLES = 2000


def interquartile_mean(scores: np.ndarray) -> float | None:
    """Return the mean of the middle half of ``scores`` [n], missing ones left out; None where nothing is left."""
    scores = np.asarray(scores, float)
    scores = scores[np.isfinite(scores)]
    return float(stats.trim_mean(scores, 0.25)) if scores.size else None


def confidence_interval(scores: np.ndarray, level: float = 0.95) -> list[float] | None:
    """Return the percentile bootstrap interval of the interquartile mean; None for fewer than two scores."""
    scores = np.asarray(scores, float)
    scores = scores[np.isfinite(scores)]
    if scores.size < 2:
        return None
    result = stats.bootstrap(
        (scores,),
        lambda sample, axis: stats.trim_mean(sample, 0.25, axis=axis),
        n_resamples=RESAMPLES,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return [float(result.confidence_interval.low), float(result.confidence_interval.high)]


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
        first = [i for i in range(len(row) - 2) if row[i : i + 3].all()]
        steps.append(int(eval_steps[first[0]]) if first else None)
    return steps
