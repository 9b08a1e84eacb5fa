r"""Population code: maps of Gaussian place cells over pairs of observation dimensions.

    a_ij = g_i(y) g_j(z) / sum,   g_i(y) = exp(-(y - c_i)^2 / 2 sigma^2)

The cells of a dimension tile its range: cell i is centred on (i + 1/2) / cells of it.

Each pair of dimensions has a map of ``cells x cells`` neurons whose rates sum to 1. Pairs generalise where single
dimensions cannot express what depends on two, and a full grid over all dimensions is too fine to be visited
(Georgopoulos et al. 1986 for the code, O'Keefe and Dostrovsky 1971 for the cells).
"""

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float

from neurorl.codes import learned_range
from neurorl.codes.code import Code
from neurorl.codes.learned_range import Seen
from neurorl.errors import NeurorlError
from neurorl.parameters import parameter
from neurorl.typing import Observation

MAX_PAIRED = 8  # dimensions up to which all pairs have a map; above, each dimension has its own
NEGLIGIBLE = 1e-6  # rates below this are zero, which also keeps their products out of slow denormal numbers


@struct.dataclass
class PlaceCells(Code):
    """Place cells over the pairs of dimensions of a box (over single ones, where it has more than eight)."""

    kind: str = parameter("place-cells", "the code's name", choices=("place-cells",), static=True)
    low: tuple[float, ...] = parameter((0.0,), "lower end of each observation dimension, in its own unit")
    high: tuple[float, ...] = parameter((1.0,), "upper end of each observation dimension, in its own unit")
    angles: tuple[tuple[int, int], ...] = parameter((), "dimensions with cosine and sine of an angle", static=True)
    pairs: tuple[tuple[int, int], ...] = parameter((), "pairs of features that have a map; none: all pairs", static=True)
    learned: tuple[int, ...] = parameter((), "dimensions whose range is learned while running", static=True)
    cells: int = parameter(8, "place cells along a dimension", low=2, high=64, static=True)
    width: float = parameter(0.7, "standard deviation of a place cell, in cell spacings", low=0.05, high=10.0)

    @property
    def _features(self) -> int:
        return len(self.low) - len(self.angles)

    @property
    def maps(self) -> list[tuple[int, ...]]:
        """The features (angles first, then the other dimensions) that each map is over."""
        if self.pairs:
            _check_pairs(self.pairs, self._features)
            return list(self.pairs)
        pairs = 2 <= self._features <= MAX_PAIRED
        return list(itertools.combinations(range(self._features), 2 if pairs else 1))

    @property
    def groups(self) -> int:
        """Number of maps."""
        return len(self.maps)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(self.cells ** len(m) for m in self.maps)

    def init(self) -> Any:
        """Return the ranges learned so far: none."""
        return learned_range.init(len(self.learned)) if self.learned else ()

    def adapt(self, state: Any, observation: Observation) -> Any:
        """Return the learned ranges after one more observation."""
        return learned_range.adapt(state, observation.ravel()[np.array(self.learned)]) if self.learned else state

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size], for one observation of any shape.

        Values outside the range are taken at its edge.
        """
        cells = self._tuning(observation.ravel(), state)
        # Each axis of the maps is picked by a product with a constant matrix, because a gather would be computed again in
        # every consumer of the rates.
        rates = cells.ravel() @ self._axis(0)
        return rates * (cells.ravel() @ self._axis(1)) if len(self.maps[0]) == 2 else rates

    def _tuning(self, observation: Observation, state: Any) -> Array:
        """Return the one-dimensional tuning curves, [features, cells], each summing to 1."""
        centres = jnp.arange(self.cells)
        tuning = []
        if self.angles:
            cosine, sine = np.array(self.angles).T
            angle = jnp.arctan2(observation[sine], observation[cosine])
            phase = (angle / (2 * jnp.pi) % 1.0) * self.cells
            distance = (phase[:, None] - centres + self.cells / 2) % self.cells - self.cells / 2
            tuning.append(distance)
        plain = np.setdiff1d(np.arange(len(self.low)), np.array(self.angles, int).ravel())
        if plain.size:
            low, high = (jnp.asarray(end, jnp.float32)[plain] for end in (self.low, self.high))
            place = jnp.clip((observation[plain] - low) / (high - low), 0.0, 1.0)
            if isinstance(state, Seen):
                learned = np.array(self.learned)
                place = place.at[np.searchsorted(plain, learned)].set(learned_range.place(state, observation[learned]))
            position = place * self.cells - 0.5
            tuning.append(position[:, None] - centres)
        gauss = jnp.exp(-0.5 * (jnp.concatenate(tuning) / self.width) ** 2)
        gauss = gauss / gauss.sum(-1, keepdims=True)
        return jnp.where(gauss < NEGLIGIBLE, 0.0, gauss)

    def _axis(self, axis: int) -> Array:
        """Return the matrix [features * cells, size] that spreads the tuning curves along one axis of every map."""
        blocks = []
        for features in self.maps:
            index = np.indices((self.cells,) * len(features))[axis].ravel()
            blocks.append(np.eye(self._features * self.cells)[:, features[axis] * self.cells + index])
        return jnp.asarray(np.concatenate(blocks, axis=1), jnp.float32)


def _check_pairs(pairs: tuple[tuple[int, int], ...], features: int) -> None:
    """Raise a NeurorlError for a pair that is none, or whose features are not there."""
    for pair in pairs:
        if len(pair) != 2 or not all(isinstance(i, int) and 0 <= i < features for i in pair):
            raise NeurorlError(f"'code.pairs' has {list(pair)}; it must be two features from 0 to {features - 1}")
