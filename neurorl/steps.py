r"""Times become steps by one rule, for spikes, durations, delays, windows and refractory periods.

Step k begins at k dt, and a time that rounding put a little before it belongs to it:

    step of t = floor(t / dt + slack),        steps that t lasts = ceil(t / dt - slack)

The slack is 1e-6 steps in double precision. In float32 it is what that loses: half the distance of neighbouring numbers at t, and
the rounding of dt itself in t / dt steps, so that ``float32(k dt)`` and ``k float32(dt)`` are both step k; and up to 1/100 step
for two roundings more, as of seconds turned into ms. Where these reach a whole step, float32 no longer tells steps apart
(after 2^24 steps of a dt that it holds exactly, after 7.8 million of 1/30 ms), and its times are refused.
"""

import math

import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.errors import NeurorlError

DOUBLE = 1e-6  # slack of double precision, steps: room for a billion roundings
SPARE = 1e-2  # most slack that single precision gets for roundings before the last, steps
WRITTEN = 1e-3  # slack of constants that people write, such as 1.667 for five thirds, and of times computed in JAX, steps


def step_of(times: np.ndarray, dt: float) -> np.ndarray:
    """Return the step that each time lies in, int64.

    Args:
        times: ms. Double precision gets the slack of float32 where all times are numbers of float32 and some lie between steps.
        dt: Step, ms.

    Raises:
        NeurorlError: Times in float32 so late that they do not tell one step from the next, or a dt that is not positive.
    """
    check_dt(dt)
    times = np.asarray(times)
    return np.floor(times.astype(np.float64) / dt + _slack(times, dt)).astype(np.int64)


def steps_in(duration: float, dt: float) -> int:
    """Return how many steps a duration (ms) takes, the last one perhaps not whole."""
    check_dt(dt)
    return math.ceil(duration / dt - _slack(np.array(duration, float), dt, "duration").item())


def whole_steps(values: float | np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Return times in whole steps, int64, and where they are none: between two steps, or not finite."""
    check_dt(dt)
    ratio = np.asarray(values, np.float64) / dt
    finite = np.isfinite(ratio)
    ratio = np.where(finite, ratio, 0.0)
    nearest = np.rint(ratio)
    return nearest.astype(np.int64), ~finite | (np.abs(ratio - nearest) > WRITTEN)


def traced_step_of(times: Array, dt: float | Array) -> Array:
    """Return the step of each time as floats, for arrays of JAX in single precision; right for a million steps."""
    position = jnp.asarray(times) / dt
    return jnp.floor(position + jnp.maximum(WRITTEN, position * 2.0**-22))


def traced_steps_in(duration: float | Array, dt: float | Array) -> Array:
    """Return how many steps a duration takes as floats, for arrays of JAX."""
    return jnp.ceil(duration / dt - WRITTEN)


def check_dt(dt: float) -> None:
    """Raise a NeurorlError where the step is not a positive time."""
    if not 0 < dt < math.inf:
        raise NeurorlError(f"'dt' is {dt} ms; it must be finite and above 0")


def spacing(times: np.ndarray) -> np.ndarray:
    """Return the distance of neighbouring numbers at each time, ms, float64: those of float32 where it holds all the times."""
    return np.spacing(times.astype(_precision(times))).astype(np.float64)


def _precision(times: np.ndarray) -> np.dtype:
    """Return the type with the fewest digits that may have held the times."""
    if times.dtype != np.float64 and not np.issubdtype(times.dtype, np.integer):
        return times.dtype
    with np.errstate(over="ignore"):
        return np.dtype(np.float32 if (times.astype(np.float32) == times).all() else np.float64)


def _slack(times: np.ndarray, dt: float, name: str = "times") -> np.ndarray:
    """Return the slack of each time, steps."""
    precision, position = _precision(times), times.astype(np.float64) / dt
    held = precision == times.dtype  # or else float32 holds what came in double precision, by chance perhaps
    if precision == np.float64 or (not held and (np.abs(position - np.rint(position)) < DOUBLE).all()):
        return np.full(times.shape, DOUBLE)
    rounding = 0.5 * spacing(times) / dt
    drift = position * (1.0 - np.float64(precision.type(dt)) / dt)  # by which k float32(dt) lags behind k dt
    before, after = rounding + np.maximum(drift, 0.0), rounding + np.maximum(-drift, 0.0)
    if not (unclear := before + after > 1.0).any():
        return np.minimum(before + np.clip(2.0 * rounding, DOUBLE, SPARE), 0.5 * (before + 1.0 - after))
    late = times[unclear].min()
    raise NeurorlError(
        f"'{name}' has {late} ms, {'of' if held else 'rounded to'} {precision}, whose numbers there lie "
        f"{np.spacing(precision.type(late)):.3g} ms apart: too far to tell steps of {dt:.4g} ms from each other; "
        "give times that were made in float64"
    )
