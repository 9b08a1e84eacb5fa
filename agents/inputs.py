"""From an observation to the input of an artificial network: a box flattened, a discrete one as a one-hot vector."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.parameters import parameter


@struct.dataclass
class Inputs:
    """The input layer."""

    size: int = parameter(1, "number of inputs", low=1, static=True)
    discrete: bool = parameter(False, "whether observations are states that are numbered", static=True)
    start: int = parameter(0, "number of the first state", static=True)
    low: tuple[float, ...] = parameter((), "end of each dimension's range that becomes -1; empty: inputs as they are")
    high: tuple[float, ...] = parameter((), "end of each dimension's range that becomes 1; empty: inputs as they are")

    def vector(self, observation: Array) -> Array:
        """Return the inputs, [size]."""
        if self.discrete:
            return jax.nn.one_hot(observation.reshape(()) - self.start, self.size)
        vector = jnp.asarray(observation, jnp.float32).ravel()
        if not self.low:
            return vector
        low, high = jnp.asarray(self.low), jnp.asarray(self.high)
        return (2.0 * vector - low - high) / (high - low)


def for_space(space: spaces.Space[Any], low: tuple[float, ...] = (), high: tuple[float, ...] = ()) -> Inputs:
    """Return the input layer of an observation space.

    Args:
        space: A Box or Discrete space.
        low, high: Range of every dimension of a box, to be scaled to [-1, 1].

    Raises:
        NeurorlError: A space that is neither Box nor Discrete.
    """
    if isinstance(space, spaces.Discrete):
        return Inputs(size=int(space.n), discrete=True, start=int(space.start))
    if isinstance(space, spaces.Box):
        return Inputs(size=math.prod(space.shape), low=tuple(low), high=tuple(high))
    raise NeurorlError(
        f"observations of {type(space).__name__} are not supported by networks; "
        "use Box or Discrete (gymnasium.wrappers.FlattenObservation makes a Box of most spaces)"
    )
