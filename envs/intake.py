"""Observations as the host gets them, checked and written into rows of numbers.

An environment that says one thing in its space and another in its answers would be learned wrongly without a word: a 4 where the
space is ``Discrete(4)`` is some other state to a one-hot code, and a clock in seconds since 1970 stands still in float32. Both
are refused here, with the part of the observation, what it was, and what to do.
"""

import contextlib
import math
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from gymnasium import spaces

from neurorl import packing
from neurorl.errors import NeurorlError

FAR = 2.0**20  # from here on float32 steps by an eighth or more
ENOUGH = 8  # changes of an entry that float32 lost before it is refused, if they are most of its changes


class Intake:
    """Room for the observations of some environments of one kind."""

    def __init__(self, space: spaces.Space[Any], who: str, count: int = 1):
        """Make room.

        Args:
            space: The observation space.
            who: Who gave the observations, how a message begins: "environment 'X' returned".
            count: Number of environments.
        """
        self.space, self.who = space, who
        self._parts = [_Part(path, leaf) for path, leaf in _parts(space)]
        ends = np.cumsum([0, *(part.size for part in self._parts)])
        self._positions, self._low, self._high = packing.counted(space)
        self._wide = np.repeat([part.is_wide for part in self._parts], [part.size for part in self._parts]).astype(bool)
        self.rows = np.zeros((count, ends[-1]), np.float64 if self._wide.any() else np.float32)  # [count, size]
        pieces = zip(self._parts, ends, ends[1:], strict=False)
        self._views = [self.rows[:, start:end].reshape(count, *part.shape) for part, start, end in pieces]
        self._before: np.ndarray | None = None
        self._changes, self._lost = np.zeros((2, ends[-1]), np.int64)

    def write(self, index: int, value: Any, where: str = "") -> None:
        """Take in the observation of environment ``index``, given in ``where``, such as " from step()"."""
        for part, view in zip(self._parts, self._views, strict=True):
            item = value
            try:
                for key, length in part.path:
                    if length is not None and len(item) != length:
                        raise ValueError("wrong length")
                    item = item[key]
                shape = getattr(item, "shape", None)
                if (np.shape(item) if shape is None else shape) != part.shape:
                    item = _one_number(item, part.shape)
                view[index] = item
            except (TypeError, ValueError, KeyError, IndexError) as error:
                raise NeurorlError(
                    f"{self.who} {described(item)} as observation{part.where}{where}; the space has {part.space} there"
                ) from error

    def write_all(self, indices: Sequence[int], values: Sequence[Any], where: str = "") -> None:
        """Take in the observations of some environments, at once where all are what the space says."""
        if len(self._parts) == 1 and not self._parts[0].path:
            with contextlib.suppress(ValueError):  # of arrays that differ in shape
                array = np.array(values)
                if array.shape[1:] == self._parts[0].shape and array.dtype.kind in "fiub":
                    self._views[0][indices] = array
                    return
        for index, value in zip(indices, values, strict=True):
            self.write(index, value, where)

    def check(self) -> None:
        """Raise a NeurorlError if what was written says something else to an agent than to the environment."""
        if len(self._positions):
            entries = self.rows[:, self._positions]
            wrong = ~((entries >= self._low) & (entries <= self._high) & (entries == np.rint(entries)))
            if wrong.any():
                row, column = np.argwhere(wrong)[0]
                self._refuse_number(entries[row, column], int(self._positions[column]), self._low[column], self._high[column])
        if self.rows.dtype == np.float64:
            far = (np.abs(self.rows) >= FAR) & self._wide
            if far.any():
                self._check_far(far)
            self._before = self.rows.copy() if far.any() else None

    def packed(self) -> np.ndarray:
        """Return the observations as agents get them, [count, ...]."""
        shape, dtype = packing.shape_and_dtype(self.space)
        return self.rows.reshape(-1, *shape).astype(jax.dtypes.canonicalize_dtype(dtype))

    def name(self, position: int, value: float) -> str:
        """Return in words which number of an observation it is that stands at a position of a row."""
        return f"{value:g} as observation{self._part_at(position).where}"

    def outside(self) -> str | None:
        """Return the part of a Box that an observation has left, in words, or None."""
        for part, view in zip(self._parts, self._views, strict=True):
            if isinstance(part.space, spaces.Box):
                slack = 1e-5 * np.maximum(1.0, np.abs(view))
                beyond = (view < part.space.low - slack) | (view > part.space.high + slack)
                if beyond.any():
                    return f"{view[beyond][0]:g}{part.where}, outside of {part.space}"
        return None

    def _refuse_number(self, value: float, position: int, low: int, high: int) -> None:
        raise NeurorlError(
            f"{self.who} {value:g} as observation{self._part_at(position).where}, and the space has the "
            f"whole numbers {low} to {high}; let the space hold what occurs, as Discrete(n, start=...), or change the observation"
        )

    def _check_far(self, far: np.ndarray) -> None:
        huge = far & (np.abs(self.rows) > np.finfo(np.float32).max) & np.isfinite(self.rows)
        if huge.any():
            row, column = np.argwhere(huge)[0]
            self._refuse_far(column, f"{self.rows[row, column]:g}, beyond the largest number of float32")
        if self._before is None:
            return
        changed = far & (self.rows != self._before)
        with np.errstate(invalid="ignore"):
            lost = changed & (self.rows.astype(np.float32) == self._before.astype(np.float32))
        self._changes += changed.sum(0)
        self._lost += lost.sum(0)
        for column in np.flatnonzero((self._lost >= ENOUGH) & (2 * self._lost > self._changes)):
            value = self.rows[np.argmax(far[:, column]), column]
            step = np.spacing(np.float32(abs(value)))
            self._refuse_far(column, f"{value:.10g}, where float32 has one number every {step:g}: most changes of it are lost")

    def _refuse_far(self, position: int, what: str) -> None:
        raise NeurorlError(
            f"{self.who} an observation{self._part_at(position).where} of {what}; subtract an offset or "
            "scale it, for example with gymnasium.wrappers.TransformObservation"
        )

    def _part_at(self, position: int) -> "_Part":
        for part in self._parts:
            position -= part.size
            if position < 0:
                return part
        raise AssertionError("no entry lies beyond the last part")


class _Part:
    """A space without parts within a space."""

    def __init__(self, path: tuple[tuple[Any, int | None], ...], space: Any):
        self.path, self.space, self.shape = path, space, tuple(space.shape or ())
        self.size = math.prod(self.shape)
        self.where = f" (part {''.join(f'[{key!r}]' for key, _ in path)})" if path else ""
        _, low, high = packing.counted(space)
        ends = (space.low, space.high) if isinstance(space, spaces.Box) else (low, high)
        self.is_wide = bool(any(np.any(np.abs(end.astype(np.float64)) >= FAR) for end in ends))


def _parts(space: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Return the spaces without parts in the order of packing, each with its path: keys, and for a Tuple its length."""
    if not packing.is_composite(space):
        return [(path, leaf) for leaf in packing.leaves(space)]
    named = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
    length = len(space.spaces) if isinstance(space, spaces.Tuple) else None
    return [found for key, part in named for found in _parts(part, (*path, (key, length)))]


def _one_number(item: Any, shape: tuple[int, ...]) -> Any:
    """Return one number in the shape asked for, whatever brackets stand around it."""
    array = np.asarray(item)
    if array.size != 1 or np.prod(shape) != 1:
        raise ValueError("wrong shape")
    return array.reshape(shape)


def described(value: Any) -> str:
    """Return what a value is, in a few words."""
    shape = getattr(value, "shape", None)
    if shape is not None and shape != ():
        return f"an array of shape {tuple(shape)} of {getattr(value, 'dtype', type(value).__name__)}"
    text = repr(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return f"{text}" if value is None or isinstance(value, int | float | str) else f"a {type(value).__name__} ({text})"
