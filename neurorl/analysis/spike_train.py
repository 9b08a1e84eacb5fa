r"""One neuron's spikes: count, rate, intervals and their variability.

    CV = std(I) / mean(I)                                            1 for a Poisson process, 0 for a clock
    Lv = 3 / (m - 1) sum_k ((I_k - I_k+1) / (I_k + I_k+1))^2         the same, and blind to a slowly varying rate
    Fano factor = var(counts) / mean(counts)                         1 for a Poisson process, 0 for a clock

Dayan and Abbott (2001), section 1.4; Shinomoto, Shima and Tanji (2003) for Lv. Variances divide by the number of
values, not by one less. What a train has too few spikes to tell is NaN.

In a raster, row k is the step that begins at k dt, and that is the time of its spikes. ``neurorl.steps`` says which step a time
lies in, however it was rounded.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from neurorl import steps as step_rule
from neurorl.errors import NeurorlError


@dataclasses.dataclass(frozen=True, eq=False)
class SpikeTrain:
    """The spike times of one neuron, sorted and all different, and for how long it was observed.

    Raises:
        NeurorlError: A time that is not finite, outside [0, duration], or there twice; a duration that is not positive.
    """

    times: np.ndarray  # [spikes], ms, float64, or float32 where given so; in any order when given
    duration: float | None = None  # ms from 0 on; None where it is not known

    def __init__(self, times: Iterable[float], duration: float | None = None) -> None:
        """Sort and check the times."""
        spikes = np.asarray(times if hasattr(times, "dtype") else list(times))
        kept = spikes.dtype.itemsize < 8 and spikes.dtype.kind in "fV"  # V: bfloat16
        spikes = np.sort(spikes if kept else spikes.astype(np.float64))
        if spikes.ndim != 1:
            raise NeurorlError(f"'times' has the shape {spikes.shape}; give the times of one neuron, or a raster to trains()")
        if duration is not None and not 0 < duration < math.inf:
            raise NeurorlError(f"'duration' is {duration} ms; it must be finite and above 0")
        end = math.inf if duration is None else float(duration)
        wrong = spikes[~(np.isfinite(spikes) & (spikes >= 0) & (spikes.astype(float) <= end + 4.0 * step_rule.spacing(spikes)))]
        if wrong.size:
            raise NeurorlError(f"'times' has {wrong[0]} ms; it must be finite and in [0, {end:.15g}]")
        spikes = np.minimum(spikes, spikes.dtype.type(end))
        twice = spikes[:-1][np.diff(spikes) == 0]
        if twice.size:
            apart = step_rule.spacing(spikes[spikes == twice[0]])[0]
            raise NeurorlError(
                f"'times' has {twice[0]} ms twice; a neuron fires once at a time"
                + (f" ({spikes.dtype} has numbers only every {apart:.3g} ms there: give the times in float64)" if kept else "")
            )
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
            NeurorlError: Two spikes in a step, a spike after the last one, neither a duration nor ``steps``, or times in float32
                so late that they do not tell steps of dt from each other.
        """
        step_rule.check_dt(dt)
        last = math.inf if self.duration is None else step_rule.steps_in(self.duration, dt)
        if steps is None:
            if self.duration is None:
                raise NeurorlError("this SpikeTrain has no duration; give to_raster the number of 'steps'")
            steps = int(last)
        rows = np.minimum(step_rule.step_of(self.times, dt), last - 1).astype(np.int64)  # the end belongs to the last step
        if rows.size and rows[-1] >= steps:
            raise NeurorlError(f"'steps' is {steps}, but the spike at {self.times[-1]} ms lies in step {rows[-1]}; give more")
        both = np.flatnonzero(np.diff(rows) == 0)
        if both.size:
            first, second = self.times[both[0] : both[0] + 2]
            raise NeurorlError(
                f"'dt' is {dt} ms, and the spikes at {first} and {second} ms lie in one step of it; give one below their interval"
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
        return 1000.0 * np.searchsorted(self.times, self.times.dtype.type(window), side="right").item() / window

    @property
    def isis(self) -> np.ndarray:
        """Intervals between successive spikes, [count - 1] or [0], ms."""
        return np.diff(self.times.astype(float))

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
    length, between = step_rule.whole_steps(window, dt)
    if between or length < 1:
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
    step_rule.check_dt(dt)
    return spikes
