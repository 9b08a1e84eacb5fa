r"""Conjunctions of choices: the code of observations that are made of a few discrete parts.

    a_m = prod_{f in map m} [part f is in the state of the neuron]

Each map is over some of the parts and has one neuron for every combination of their states, of which the present one alone
fires. One map over all parts, where it is small, tells every observation apart; where it is not, maps over pairs of parts
generalise over the rest (conjunctive cells of the hippocampus; O'Reilly and Rudy 2001).
"""

import itertools
import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float, Int32

from neurorl.codes.code import ListedCode
from neurorl.parameters import parameter
from neurorl.typing import Observation

JOINT = 4096  # neurons up to which one map is over all parts
PAIRED = 4096  # neurons up to which a pair of parts has a map
MOST = 16384  # neurons of all pairs together; above, each part has its own map only


@struct.dataclass
class Conjunctions(ListedCode):
    """Maps of one-hot neurons over the combinations of discrete parts."""

    kind: str = parameter("conjunctions", "the code's name", choices=("conjunctions",), static=True)
    states: tuple[int, ...] = parameter((2,), "number of states of each part", static=True)
    start: tuple[int, ...] = parameter((0,), "first state of each part", static=True)
    maps: tuple[tuple[int, ...], ...] = parameter(((0,),), "the parts that each map is over", static=True)

    continuous = False

    @property
    def groups(self) -> int:
        """Number of maps."""
        return len(self.maps)

    @property
    def sizes(self) -> list[int]:
        """Neurons of each map."""
        return [math.prod(self.states[part] for part in parts) for parts in self.maps]

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(self.sizes)

    def active(self, observation: Observation, state: Any = ()) -> tuple[Int32[Array, " k"], Float[Array, " k"]]:
        """Return the neurons that fire, one a map, and their rates, both [groups]."""
        present = observation.ravel().astype(jnp.int32) - np.array(self.start, np.int32)
        present = jnp.clip(present, 0, np.array(self.states, np.int32) - 1)
        step = np.zeros((self.groups, len(self.states)), np.int32)
        for row, parts in zip(step, self.maps, strict=True):
            row[list(parts)] = [math.prod(self.states[p] for p in parts[i + 1 :]) for i in range(len(parts))]
        first = np.cumsum([0, *self.sizes[:-1]])
        return (step * present).sum(-1) + np.array(first, np.int32), jnp.ones(self.groups)

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size]: 1 for one neuron a map."""
        index, rates = self.active(observation)
        return jnp.zeros(self.size).at[index].set(rates)


def of_parts(states: tuple[int, ...], start: tuple[int, ...]) -> Conjunctions:
    """Return the finest affordable maps: all parts jointly, or each alone and every small pair, or each alone."""
    everything = tuple(range(len(states)))
    if math.prod(states) <= JOINT:
        return Conjunctions(states=states, start=start, maps=(everything,))
    alone = tuple((part,) for part in everything)
    small = tuple(p for p in itertools.combinations(everything, 2) if states[p[0]] * states[p[1]] <= PAIRED)
    affordable = sum(states[i] * states[j] for i, j in small) <= MOST
    return Conjunctions(states=states, start=start, maps=alone + small if affordable else alone)
