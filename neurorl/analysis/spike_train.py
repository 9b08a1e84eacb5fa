r"""One neuron's spikes: count, rate, intervals and their variability.

    CV = std(I) / mean(I)                                            1 for a Poisson process, 0 for a clock
    Lv = 3 / (m - 1) sum_k ((I_k - I_k+1) / (I_k + I_k+1))^2         the same, and blind to a slowly varying rate
    Fano factor = var(counts) / mean(counts)                         1 for a Poisson process, 0 for a clock

Dayan and Abbott (2001), section 1.4; Shinomoto, Shima and Tanji (2003) for Lv. Variances divide by the number of
values, not by one less. What a train has too few spikes to tell is NaN.

In a raster, row k is the step that begins at k dt, and that is the time of its spikes.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from neurorl.errors import NeurorlError


@dataclasses.dataclass(frozen=True, eq=False)
class SpikeTrain:
    """The spike times of one neuron, sorted and all different, and for how long it was observed.

    Raises:
        NeurorlError: A time that is not finite, outside [0, duration], or there twice; a duration that is not positive.
    """

    times: np.ndarray  # [spikes], ms, in any order when given
    duration: float | None = None  # ms from 0 on; None where it is not known

    def __init__(self, times: Iterable[float], duration: float | None = None) -> None:
        """Sort and check the times."""
        spikes = np.sort(np.array(times if isinstance(times, np.ndarray) else list(times), float))
        if spikes.ndim != 1:
            raise NeurorlError(f"'times' has the shape {spikes.shape}; give the times of one neuron, or a raster to trains()")
        if duration is not None and not 0 < duration < math.inf:
            raise NeurorlError(f"'duration' is {duration} ms; it must be finite and above 0")
        end = math.inf if duration is None else duration
        wrong = spikes[~(np.isfinite(spikes) & (spikes >= 0) & (spikes <= end))]
        if wrong.size:
            raise NeurorlError(f"'times' has {wrong[0]} ms; it must be finite and in [0, {end:g}]")
        if (np.diff(spikes) == 0).any():
            raise NeurorlError(f"'times' has {spikes[:-1][np.diff(spikes) == 0][0]} ms twice; a neuron fires once at a time")
        spikes.setflags(write=False)
        object.__setattr__(self, "times", spikes)
        object.__setattr__(self, "duration", None if duration is None else float(duration))

    def __eq__(self, other: object) -> bool:
        """Return whether both are trains of the same times and duration."""
        if not isinstance(other, SpikeTrain):
            return NotImplemented
        return self.duration == other.duration and np.array_equal(self.times, other.times)

    @classmethod
    def from_raster(cls, spikes: Any, dt: float) -> "SpikeTrain":
        """Return the train of a raster [steps], 0.0 or 1.0, of steps of dt (ms)."""
        raster = check_raster(spikes, dt, "[steps]", ndim=1)
        return cls(np.flatnonzero(raster) * dt, len(raster) * dt)

    def to_raster(self, dt: float, steps: int | None = None) -> np.ndarray:
        """Return the train as [steps], 0.0 or 1.0.

        Args:
            dt: Step, ms.
            steps: Number of steps; by default those of the duration.

        Raises:
            NeurorlError: Two spikes in a step, a spike after the last one, or neither a duration nor ``steps``.
        """
        _check_dt(dt)
        if steps is None:
            if self.duration is None:
                raise NeurorlError("this SpikeTrain has no duration; give to_raster the number of 'steps'")
            steps = math.ceil(self.duration / dt - 1e-6)
        rows = np.floor(self.times / dt + 1e-6).astype(int)  # a time this little before a step was rounded off its beginning
        if self.duration is not None:
            rows = np.where(self.times == self.duration, np.minimum(rows, steps - 1), rows)
        if rows.size and rows[-1] >= steps:
            raise NeurorlError(f"'steps' is {steps}, but the spike at {self.times[-1]} ms lies in step {rows[-1]}; give more")
        if (np.diff(rows) == 0).any():
            raise NeurorlError(
                f"'dt' is {dt} ms, longer than the shortest interval of {self.isis.min():g} ms; give a shorter one"
            )
        raster = np.zeros(steps)
        raster[rows] = 1.0
        return raster

    @property
    def count(self) -> int:
        """Number of spikes."""
        return len(self.times)

    def rate(self, duration: float | None = None) -> float:
        """Return the spikes from 0 to ``duration`` (ms, by default the train's own) over that time, Hz.

        Raises:
            NeurorlError: A duration that is unknown, not positive, or longer than the train was observed.
        """
        window = self.duration if duration is None else duration
        if window is None:
            raise NeurorlError("this SpikeTrain has no duration; give rate the 'duration' it was observed for, ms")
        if not 0 < window <= (self.duration or math.inf) or window == math.inf:
            raise NeurorlError(f"'duration' is {window} ms; it must be above 0 and at most the train's own, {self.duration} ms")
        return 1000.0 * np.searchsorted(self.times, window, side="right").item() / window

    @property
    def isis(self) -> np.ndarray:
        """Intervals between successive spikes, [count - 1] or [0], ms."""
        return np.diff(self.times)

    @property
    def mean_isi(self) -> float:
        """Mean interval, ms; NaN for fewer than two spikes."""
        return self.isis.mean().item() if self.count > 1 else math.nan

    @property
    def cv_isi(self) -> float:
        """Coefficient of variation of the intervals; NaN for fewer than three spikes, as one interval has no variability."""
        return (self.isis.std() / self.isis.mean()).item() if self.count > 2 else math.nan

    @property
    def local_variation(self) -> float:
        """Lv, the variability of successive intervals; NaN for fewer than three spikes."""
        former, latter = self.isis[:-1], self.isis[1:]
        return (3.0 * (((former - latter) / (former + latter)) ** 2).mean()).item() if self.count > 2 else math.nan


def trains(raster: Any, dt: float) -> list[SpikeTrain]:
    """Return the train of every neuron of a raster [steps, n], 0.0 or 1.0, of steps of dt (ms)."""
    return [SpikeTrain.from_raster(spikes, dt) for spikes in check_raster(raster, dt).T]


def spike_counts(raster: Any, dt: float, window: float) -> np.ndarray:
    """Return how often each neuron fires in successive windows, [windows, n].

    Args:
        raster: [steps, n], 0.0 or 1.0.
        dt: Step, ms.
        window: ms, whole steps; the steps after the last whole window are left out.

    Raises:
        NeurorlError: A window that is not a whole number of steps, or longer than the raster.
    """
    spikes = check_raster(raster, dt)
    length = round(window / dt) if 0 < window < math.inf else 0
    if length < 1 or not math.isclose(length * dt, window, rel_tol=1e-6):
        raise NeurorlError(f"'window' is {window} ms; it must be a whole number of steps of {dt} ms")
    if length > len(spikes):
        raise NeurorlError(f"'window' is {window} ms, longer than the raster of {len(spikes) * dt:g} ms; give a shorter one")
    whole = len(spikes) // length
    return spikes[: whole * length].reshape(whole, length, -1).sum(1)


def fano_factor(counts: Any) -> np.ndarray:
    """Return the variance over the mean of each neuron's counts [windows, ...], [...]; NaN for one that never fires.

    The windows may be of time (:func:`spike_counts`) or repeated trials.
    """
    counts = np.asarray(counts, float)
    mean = counts.mean(0)
    return np.where(mean > 0, counts.var(0) / np.where(mean > 0, mean, 1.0), np.nan)


def check_raster(raster: Any, dt: float, shape: str = "[steps, n]", ndim: int = 2) -> np.ndarray:
    """Return a raster as floats.

    Raises:
        NeurorlError: Not the dimensions of ``shape``, no step, a value other than 0 and 1, or dt not positive.
    """
    spikes = np.asarray(raster, float)
    if spikes.ndim != ndim or not spikes.size:
        raise NeurorlError(f"'raster' has the shape {spikes.shape}; it must be {shape}, with at least one step and neuron")
    if not np.isin(spikes, (0.0, 1.0)).all():
        raise NeurorlError(f"'raster' has {spikes[~np.isin(spikes, (0.0, 1.0))][0]}; spikes are 0.0 or 1.0")
    _check_dt(dt)
    return spikes


def _check_dt(dt: float) -> None:
    if not 0 < dt < math.inf:
        raise NeurorlError(f"'dt' is {dt} ms; it must be finite and above 0")
