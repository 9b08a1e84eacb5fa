r"""Sparse expansion: many small populations, each wired at random to a few entries of a large observation; a few neurons win.

    d_i^2 = sum over the entries f that the population sees of (x_f - p_if)^2, or 1 for a discrete entry in another state
    a_i   = exp(-d_i^2 / 2 sigma^2) / sum,   over the w nearest neurons of the population; 0 for the others

A grid over many dimensions is too large to be visited; pairs of all dimensions are too many. Random small conjunctions
generalise over all the entries that they do not see, and together tell observations apart, as in the mushroom body and the
cerebellum (Dasgupta, Stevens and Navlakha 2017; Marr 1969). Inhibition within each population leaves w of its neurons, so that
the code has k = maps w winners in all. The seed decides the wiring.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float, Int32

from neurorl.codes.code import ListedCode
from neurorl.codes.receptors import Receptors
from neurorl.parameters import parameter
from neurorl.typing import Observation


@struct.dataclass
class SparseExpansion(ListedCode):
    """Populations of neurons with random preferred values in random subspaces."""

    kind: str = parameter("sparse", "the code's name", choices=("sparse",), static=True)
    receptors: Receptors = Receptors()
    maps: int = parameter(64, "populations", low=1, static=True)
    cells: int = parameter(64, "neurons of a population", low=2, static=True)
    fan_in: int = parameter(2, "entries of the observation that a population sees", low=1, static=True)
    winners: int = parameter(4, "neurons of a population that fire", low=1, static=True)
    width: float = parameter(0.7, "standard deviation of a neuron's tuning, in mean distances of neighbours", low=0.05, high=10.0)
    seed: int = parameter(0, "seed of the wiring", low=0, static=True)

    @property
    def groups(self) -> int:
        """Number of populations."""
        return self.maps

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.maps * self.cells

    def init(self) -> Any:
        """Return the ranges learned so far: none."""
        return self.receptors.init()

    def adapt(self, state: Any, observation: Observation) -> Any:
        """Return the learned ranges after one more observation."""
        return self.receptors.adapt(state, observation)

    def active(self, observation: Observation, state: Any = ()) -> tuple[Int32[Array, " k"], Float[Array, " k"]]:
        """Return the neurons that fire and their rates, both [maps * winners]."""
        sees, prefers, is_state = wiring(self.receptors.states, self.maps, self.cells, self.fan_in, self.seed)
        x = self.receptors.scale(observation, state)[sees][:, None, :]
        apart = x - prefers
        squared = jnp.where(is_state[:, None, :], jnp.abs(apart) > 1e-4, apart**2).sum(-1)
        nearest, index = jax.lax.top_k(-squared, min(self.winners, self.cells))
        sigma = self.width * self.cells ** (-1.0 / sees.shape[1])
        rates = jax.nn.softmax(nearest / (2.0 * sigma**2), axis=-1)
        return (index + self.cells * np.arange(self.maps)[:, None]).ravel(), rates.ravel()

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size]."""
        index, rates = self.active(observation, state)
        return jnp.zeros(self.size).at[index].set(rates)


@functools.lru_cache(maxsize=16)
def wiring(states: tuple[int, ...], maps: int, cells: int, fan_in: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what each population sees [maps, fan_in], what its neurons prefer [maps, cells, fan_in], and which are states.

    Every entry is seen equally often, give or take one; a population sees no entry twice. Preferred places lie in [0, 1].
    """
    generator = np.random.default_rng(seed)
    entries = len(states)
    fan_in = min(fan_in, entries)
    deck: list[int] = []
    sees = np.zeros((maps, fan_in), np.int32)
    for row in range(maps):
        chosen: list[int] = []
        while len(chosen) < fan_in:
            fresh = [e for e in deck if e not in chosen]
            if not fresh:
                deck = [*deck, *map(int, generator.permutation(entries))]
                continue
            chosen.append(fresh[0])
            deck.remove(fresh[0])
        sees[row] = chosen
    counts = np.asarray(states)[sees][:, None, :]
    places = generator.random((maps, cells, fan_in))
    of_states = np.floor(places * np.maximum(counts, 1)) / np.maximum(counts - 1, 1)
    prefers = np.where(counts > 0, of_states, places).astype(np.float32)
    return sees, prefers, counts[:, 0] > 0
