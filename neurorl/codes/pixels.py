r"""Pixels: the code of images and of long binary vectors. What is unexpected fires, alone and in pairs.

    m <- m + r (x - m);    ON cell of a pixel fires if x - m > 1/2,   OFF cell if m - x > 1/2      (x in [0, 1])
    the k pixels furthest from what was expected win; each pair of their cells drives one conjunction neuron, drawn at random

A pixel that is always lit tells nothing, and one that is always lit and now dark does: cells adapt to what they see and signal
the difference (predictive coding in the retina; Srinivasan, Laughlin and Dubs 1982; Hosoya, Baccus and Meister 2005). Where a
ball is matters with where the paddle is, hence conjunctions; there are too many pairs of pixels for a neuron each, so that pairs
share neurons at random. All active neurons have one rate, such that the rates sum to ``groups`` (divisive normalisation;
Carandini and Heeger 2012). Where nothing is unexpected, one neuron of its own fires.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float, Int32

from neurorl.codes.code import ListedCode
from neurorl.codes.learned_range import SLOWEST
from neurorl.codes.receptors import Receptors
from neurorl.parameters import parameter
from neurorl.typing import Observation

_MIX = (np.uint32(2654435761), np.uint32(2246822519))  # odd constants that scatter pairs evenly (Knuth; xxHash)


class Expected(NamedTuple):
    """What the cells have adapted to."""

    observations: Float[Array, ""]
    mean: Float[Array, " pixels"]
    seen: Any  # learned ranges, () without


@struct.dataclass
class Pixels(ListedCode):
    """ON and OFF cells of every pixel, and conjunctions of the active ones."""

    kind: str = parameter("pixels", "the code's name", choices=("pixels",), static=True)
    receptors: Receptors = Receptors()
    winners: int = parameter(8, "pixels that fire at most", low=1, high=256, static=True)
    conjunctions: int = parameter(4096, "neurons that pairs of cells share; 0: no pairs", low=0, static=True)
    contrast: float = parameter(0.5, "difference from the expected that makes a pixel fire, in its range", low=0.0, high=1.0)

    continuous = False
    distinct = False  # pairs share neurons

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return len(self.receptors.low)

    @property
    def groups(self) -> int:
        """Neurons that fire at most."""
        k = min(self.winners, self.pixels)
        return k + (k * (k - 1) // 2 if self.conjunctions else 0)

    @property
    def size(self) -> int:
        """Number of neurons: ON, OFF, conjunctions, and the one for nothing unexpected."""
        return 2 * self.pixels + self.conjunctions + 1

    def init(self) -> Expected:
        """Return cells that expect darkness."""
        return Expected(jnp.float32(0.0), jnp.zeros(self.pixels), self.receptors.init())

    def adapt(self, state: Expected, observation: Observation) -> Expected:
        """Return what is expected after one more image."""
        seen = self.receptors.adapt(state.seen, observation)
        count = state.observations + 1.0
        rate = jnp.maximum(1.0 / (count + 1.0), SLOWEST)
        return Expected(count, state.mean + rate * (self.receptors.scale(observation, seen) - state.mean), seen)

    def active(self, observation: Observation, state: Any = ()) -> tuple[Int32[Array, " k"], Float[Array, " k"]]:
        """Return the neurons that may fire and their rates, both [groups + 1]; the rate of those that do not is 0."""
        surprise = self.receptors.scale(observation, state.seen) - state.mean
        k = min(self.winners, self.pixels)
        size, pixel = jax.lax.top_k(jnp.abs(surprise), k)
        fires = size > self.contrast
        cell = pixel + self.pixels * (surprise[pixel] < 0)
        index, on = [cell], [fires]
        if self.conjunctions:
            first, second = np.triu_indices(k, 1)
            low, high = jnp.minimum(cell[first], cell[second]), jnp.maximum(cell[first], cell[second])
            mixed = low.astype(jnp.uint32) * _MIX[0] ^ (high.astype(jnp.uint32) * _MIX[1])
            mixed = (mixed ^ (mixed >> 15)) * _MIX[0]
            index.append(2 * self.pixels + ((mixed >> 8) % np.uint32(self.conjunctions)).astype(jnp.int32))
            on.append(fires[first] & fires[second])
        index.append(jnp.array([self.size - 1]))
        on.append(~fires.any(keepdims=True))
        active = jnp.concatenate(on).astype(jnp.float32)
        return jnp.concatenate(index), active * (self.groups / active.sum())

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size]; pairs that share a neuron add up."""
        index, rates = self.active(observation, state)
        return jnp.zeros(self.size).at[index].add(rates)
