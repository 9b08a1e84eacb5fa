r"""Declared maps: Gaussian cells over chosen entries of an observation, each map with the cells it is given.

    a_ij = g_i(y) g_j(z) / sum,   g_i(y) = exp(-((y - c_i) / sigma)^2 / 2),   c_i evenly spaced over the range

A map is over one entry or a pair, and its rates sum to 1. ``place_cells`` tiles all that a small observation says with one grain;
of an observation of many entries somebody may know which matter together, and how finely. Few and wide cells learn from little.
An entry of many magnitudes is told by its logarithm (Dehaene 2003 for such neurons). A constant cell tells what holds everywhere.
A map of what is rare but telling may be louder than the others.
"""

import math

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float

from neurorl.codes.code import Code
from neurorl.errors import NeurorlError
from neurorl.parameters import parameter
from neurorl.typing import Observation

NEGLIGIBLE = 1e-6  # rates below this are zero, which also keeps their products out of slow denormal numbers


@struct.dataclass
class GaussianMaps(Code):
    """Gaussian cells over single entries and pairs of entries, as declared."""

    kind: str = parameter("gaussian-maps", "the code's name", choices=("gaussian-maps",), static=True)
    low: tuple[float, ...] = parameter((0.0,), "lower end of each entry, in its own unit", static=True)
    high: tuple[float, ...] = parameter((1.0,), "upper end of each entry, in its own unit", static=True)
    logarithms: tuple[tuple[int, float], ...] = parameter(
        (), "[entry, offset] of each that is told by ln(offset + entry)", static=True
    )
    maps: tuple[tuple[int, ...], ...] = parameter((), "the entry, or the two, of each map; none: every entry alone", static=True)
    cells: tuple[tuple[int, ...], ...] = parameter((), "cells along each entry of each map; none: 8", static=True)
    gains: tuple[float, ...] = parameter((), "what the rates of each map sum to; none: 1", static=True)
    constant: bool = parameter(False, "whether a further cell always fires", static=True)
    width: float = parameter(0.9, "standard deviation of a cell, in cell spacings", low=0.05, high=10.0)

    @property
    def declared(self) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """The entries of each map and the cells along them."""
        maps = self.maps or tuple((entry,) for entry in range(len(self.low)))
        cells = self.cells or tuple((8,) * len(entries) for entries in maps)
        _check(maps, cells, len(self.low))
        if len(self.gains) not in (0, len(maps)):
            raise NeurorlError(f"'code.gains' has {len(self.gains)} numbers; it must have one for each of {len(maps)} maps")
        return list(zip(maps, cells, strict=True))

    @property
    def groups(self) -> int:
        """Number of maps, and the constant cell."""
        return len(self.declared) + self.constant

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(math.prod(cells) for _, cells in self.declared) + self.constant

    def rates(self, observation: Observation, state: object = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size]; values outside the range are taken at its edge."""
        place = self._places(jnp.asarray(observation).ravel())
        axes = sorted({axis for entries, cells in self.declared for axis in zip(entries, cells, strict=True)})
        belongs = np.repeat(np.arange(len(axes)), [n for _, n in axes])
        centre = np.concatenate([np.linspace(0.0, 1.0, n) for _, n in axes]).astype("f4")
        spacing = np.concatenate([np.full(n, 1.0 / (n - 1)) for _, n in axes]).astype("f4")
        one_hot = np.eye(len(axes), dtype="f4")[belongs]  # products with constant matrices, because gathers are slow when mapped
        entry = np.eye(len(self.low), dtype="f4")[[entry for entry, _ in axes]]
        gauss = jnp.exp(-0.5 * ((one_hot @ (entry @ place) - centre) / (self.width * spacing)) ** 2)
        gauss = gauss / (one_hot @ (one_hot.T @ gauss))
        gauss = jnp.where(gauss < NEGLIGIBLE, 0.0, gauss)
        first, second, alone = self._spread(axes)
        rates = (gauss @ first) * (gauss @ second + alone)
        if self.gains:
            sizes = [math.prod(cells) for _, cells in self.declared]
            rates = rates * np.repeat(np.array(self.gains, "f4"), sizes)
        return jnp.concatenate([rates, jnp.ones(1)]) if self.constant else rates

    def _places(self, observation: Array) -> Array:
        """Return where in its range each entry lies, [entries] in [0, 1]."""
        y = observation.astype(jnp.float32)
        low, high = np.array(self.low, "f8"), np.array(self.high, "f8")
        if self.logarithms:
            index = np.array([entry for entry, _ in self.logarithms])
            offset = np.zeros(len(low))
            offset[index] = [o for _, o in self.logarithms]
            told = np.isin(np.arange(len(low)), index)
            least = np.where(told, low + offset, 1.0).astype("f4")  # below its range an entry is at its edge, and has a logarithm
            y = jnp.where(told, jnp.log(jnp.maximum(jnp.where(told, y + offset.astype("f4"), 1.0), least)), y)
            low, high = (np.where(told, np.log(np.where(told, end + offset, 1.0)), end) for end in (low, high))
        return jnp.clip((y - low.astype("f4")) / (high - low).astype("f4"), 0.0, 1.0)

    def _spread(self, axes: list[tuple[int, int]]) -> tuple[Array, Array, Array]:
        """Return the matrices [K, cells] that spread K axis cells along each map's first and second entry, and who lacks one."""
        start = dict(zip(axes, np.cumsum([0, *(n for _, n in axes)]).tolist(), strict=False))
        total = sum(n for _, n in axes)
        columns: list[list[np.ndarray]] = [[], []]
        alone = []
        for entries, cells in self.declared:
            grid = np.indices(cells).reshape(len(cells), -1)
            for axis, column in enumerate(columns):
                if axis < len(entries):
                    column.append(np.eye(total)[start[entries[axis], cells[axis]] + grid[axis]])
                else:
                    column.append(np.zeros((grid.shape[1], total)))
            alone.append(np.full(grid.shape[1], float(len(entries) == 1)))
        first, second = (jnp.asarray(np.concatenate(column).T, jnp.float32) for column in columns)
        return first, second, jnp.asarray(np.concatenate(alone), jnp.float32)


def _check(maps: tuple[tuple[int, ...], ...], cells: tuple[tuple[int, ...], ...], entries: int) -> None:
    """Raise a NeurorlError for a map of no entry, of more than two, or without its cells."""
    if len(maps) != len(cells):
        raise NeurorlError(f"'code.cells' has {len(cells)} maps and 'code.maps' {len(maps)}; give each map its cells")
    for of, along in zip(maps, cells, strict=True):
        if not 1 <= len(of) <= 2 or not all(isinstance(e, int) and 0 <= e < entries for e in of):
            raise NeurorlError(f"'code.maps' has {list(of)}; it must be one or two entries from 0 to {entries - 1}")
        if len(along) != len(of) or min(along) < 2:
            raise NeurorlError(f"'code.cells' has {list(along)} for the map {list(of)}; it must be at least 2 for each entry")
