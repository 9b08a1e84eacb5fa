r"""Tile code: in every tiling the one cell that holds the observation fires, and the others are silent.

    cell_t = floor(tiles y + shift_t),   shift_t = (t (2 d + 1) mod tilings) / tilings for feature d

Each tiling is a grid over the box, the tilings are shifted against each other by parts of a tile, and so two observations share
as many cells as they are near (Albus 1971; Sutton and Barto 2018, section 9.5.4, for the odd shifts). Its borders are sharp:
a value learned on one side of a cliff stays there, where the place cells' overlapping fields would carry it across.

Two features have joint tilings; three to eight have tilings of every pair, because the cells of a full grid are too many to be
visited; more have tilings of their own each.
"""

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float, Int32

from neurorl.codes import learned_range
from neurorl.codes.code import ListedCode
from neurorl.codes.learned_range import Seen
from neurorl.codes.place_cells import MAX_PAIRED
from neurorl.parameters import parameter
from neurorl.typing import Observation


@struct.dataclass
class Tilings(ListedCode):
    """Tilings of the pairs of dimensions of a box (of single ones, where it has more than eight)."""

    kind: str = parameter("tilings", "the code's name", choices=("tilings",), static=True)
    low: tuple[float, ...] = parameter((0.0,), "lower end of each observation dimension, in its own unit")
    high: tuple[float, ...] = parameter((1.0,), "upper end of each observation dimension, in its own unit")
    angles: tuple[tuple[int, int], ...] = parameter((), "dimensions with cosine and sine of an angle", static=True)
    learned: tuple[int, ...] = parameter((), "dimensions whose range is learned while running", static=True)
    tiles: int = parameter(8, "tiles along a dimension's range", low=1, high=64, static=True)
    tilings: int = parameter(8, "tilings of each pair of dimensions, shifted against each other", low=1, high=256, static=True)

    @property
    def _features(self) -> int:
        return len(self.low) - len(self.angles)

    @property
    def maps(self) -> list[tuple[int, ...]]:
        """The features (angles first, then the other dimensions) that each set of tilings is over."""
        pairs = 2 <= self._features <= MAX_PAIRED
        return list(itertools.combinations(range(self._features), 2 if pairs else 1))

    @property
    def groups(self) -> int:
        """Number of tilings in all: of each one cell is active."""
        return len(self.maps) * self.tilings

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.groups * (self.tiles + 1) ** len(self.maps[0])

    def init(self) -> Any:
        """Return the ranges learned so far: none."""
        return learned_range.init(len(self.learned)) if self.learned else ()

    def adapt(self, state: Any, observation: Observation) -> Any:
        """Return the learned ranges after one more observation."""
        return learned_range.adapt(state, observation.ravel()[np.array(self.learned)]) if self.learned else state

    def active(self, observation: Observation, state: Any = ()) -> tuple[Int32[Array, " k"], Float[Array, " k"]]:
        """Return the neuron of each tiling that fires and its rate, both [groups], for one observation of any shape.

        Values outside the range are taken at its edge.
        """
        along = self._along(observation.ravel(), state)
        cell = along[:, np.array(self.maps)]  # [tilings, maps, dimensions of a map]
        place = jnp.zeros(cell.shape[:2], jnp.int32)
        for dimension in range(cell.shape[2]):
            place = place * (self.tiles + 1) + cell[:, :, dimension]
        first = jnp.arange(self.groups) * (self.tiles + 1) ** len(self.maps[0])
        return place.T.ravel() + first, jnp.ones(self.groups)

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size]: 1 for the active ones."""
        index, rates = self.active(observation, state)
        return jnp.zeros(self.size).at[index].set(rates)

    def _along(self, observation: Observation, state: Any) -> Array:
        """Return the cell of each tiling along each feature, [tilings, features]."""
        positions = []
        if self.angles:
            cosine, sine = np.array(self.angles).T
            positions.append(jnp.arctan2(observation[sine], observation[cosine]) / (2 * jnp.pi) % 1.0)
        plain = np.setdiff1d(np.arange(len(self.low)), np.array(self.angles, int).ravel())
        if plain.size:
            low, high = (jnp.asarray(end, jnp.float32)[plain] for end in (self.low, self.high))
            place = jnp.clip((observation[plain] - low) / (high - low), 0.0, 1.0)
            if isinstance(state, Seen):
                learned = np.array(self.learned)
                place = place.at[np.searchsorted(plain, learned)].set(learned_range.place(state, observation[learned]))
            positions.append(place)
        tiling, feature = np.indices((self.tilings, self._features))
        shift = (tiling * (2 * feature + 1) % self.tilings) / self.tilings
        cell = jnp.floor(jnp.concatenate(positions) * self.tiles + shift.astype(np.float32)).astype(jnp.int32)
        # An angle comes round to where it began; elsewhere the shifts reach into one tile more than the range has.
        around = np.arange(self._features) < len(self.angles)
        return jnp.where(around, cell % self.tiles, jnp.minimum(cell, self.tiles))
