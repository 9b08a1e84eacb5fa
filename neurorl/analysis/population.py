r"""What a population does together: how many fire, how sparsely, and how much at the same time.

    Treves-Rolls   a = (mean r)^2 / mean(r^2)                     the fraction active, where all active ones fire alike
    chi^2 = var_t(mean_i x_i) / mean_i var_t(x_i)                 1 in unison, 1/n for independent neurons
    variance ratio (n chi^2 - 1) / (n - 1)                        1 in unison, 0 for independent neurons

Treves and Rolls (1991); Golomb and Rinzel (1993) for chi. What is undefined, such as the correlation with a neuron that
never fires, is NaN.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from neurorl.analysis.spike_train import check_raster
from neurorl.errors import NeurorlError


class PopulationActivity(NamedTuple):
    """What n neurons did in some time."""

    n: int  # neurons
    active_count: int  # neurons that fired at least once
    rate: float  # mean over the neurons, Hz
    sparsity: float  # fraction of the neurons that did not fire
    treves_rolls: float  # activity ratio of Treves and Rolls, (0, 1]; NaN without any spike


def activity(raster: Any, dt: float) -> PopulationActivity:
    """Return the activity of a population.

    Args:
        raster: [steps, n], 0.0 or 1.0; ``spikes[None]`` for a single step.
        dt: Step, ms.
    """
    spikes = check_raster(raster, dt)
    steps, n = spikes.shape
    rates = spikes.sum(0) * (1000.0 / (steps * dt))
    active = int((rates > 0).sum())
    return PopulationActivity(n, active, rates.mean().item(), 1.0 - active / n, treves_rolls(rates))


def treves_rolls(rates: Any) -> float:
    """Return (mean r)^2 / mean(r^2) of rates [n], not negative: from 1/n, one neuron alone, to 1, all alike."""
    rates = np.asarray(rates, float)
    return (rates.mean() ** 2 / (rates**2).mean()).item() if rates.any() else math.nan


def correlation(counts: Any) -> np.ndarray:
    """Return the Pearson correlation of every pair of neurons, [n, n].

    Args:
        counts: [windows, n], as of :func:`neurorl.analysis.spike_train.spike_counts`, or any other signal.

    Returns:
        1 on the diagonal; NaN in the row and the column of a neuron whose counts are all the same.
    """
    signal = _signal(counts)
    centred = signal - signal.mean(0)
    norm = np.linalg.norm(centred, axis=0)
    unit = np.divide(centred, norm, out=np.full_like(centred, np.nan), where=norm > _rounding(signal))
    return np.clip(unit.T @ unit, -1.0, 1.0)


def mean_correlation(counts: Any) -> float:
    """Return the mean of :func:`correlation` over the pairs for which it is defined; NaN where there are none."""
    matrix = correlation(counts)
    pairs = matrix[np.triu_indices(len(matrix), 1)]
    defined = pairs[~np.isnan(pairs)]
    return defined.mean().item() if defined.size else math.nan


def chi(signals: Any) -> float:
    """Return the synchrony of Golomb and Rinzel, in [0, 1]: 1 in unison, ``1 / sqrt(n)`` for n independent neurons.

    Args:
        signals: [steps, n], most often voltages (mV). NaN if none of them varies.
    """
    signal = _signal(signals)
    single, together = signal.var(0).mean(), signal.mean(1).var()
    varies = (signal.std(0) * math.sqrt(len(signal)) > _rounding(signal)).any()
    return math.sqrt(min(together / single, 1.0)) if varies else math.nan


def variance_ratio(counts: Any) -> float:
    """Return the synchrony of spikes: the mean covariance of two neurons over the mean variance of one.

    Args:
        counts: [windows, n], of at least two neurons, as of :func:`neurorl.analysis.spike_train.spike_counts`; the
            window is the time within which spikes count as synchronous.

    Returns:
        1 in unison, 0 for independent neurons, -1 / (n - 1) where their sum does not vary. The mean pairwise
        correlation, where the neurons' variances are alike. NaN if no neuron's counts vary.
    """
    n = _signal(counts).shape[1]
    if n < 2:
        raise NeurorlError(f"'counts' has {n} neuron; synchrony needs at least 2")
    return (n * chi(counts) ** 2 - 1.0) / (n - 1.0)


def _signal(values: Any) -> np.ndarray:
    signal = np.asarray(values, float)
    if signal.ndim != 2 or not signal.size or not np.isfinite(signal).all():
        raise NeurorlError(f"the signal of shape {signal.shape} must be finite, [times, n], with at least one of each")
    return signal


def _rounding(signal: np.ndarray) -> np.ndarray:
    """Return the norm that rounding alone could give each neuron's deviations from its mean, [n]."""
    return 4.0 * np.finfo(float).eps * len(signal) * np.abs(signal).max(0)
