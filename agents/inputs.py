"""From an observation to the input of an artificial network: a box flattened, a discrete one as a one-hot vector."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, parameter

WIDEST = 1e3  # an end further away is no end


@struct.dataclass
class Inputs(Checked):
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


def for_space(
    space: spaces.Space[Any],
    scaled: bool = False,
    low: tuple[float, ...] | None = None,
    high: tuple[float, ...] | None = None,
) -> Inputs:
    """Return the input layer of an observation space.

    Args:
        space: A Box or Discrete space.
        scaled: Whether the range of every dimension of a box becomes [-1, 1], where it has one.
        low, high: Its range, by default the space's own.

    Raises:
        NeurorlError: A space that is neither Box nor Discrete.
    """
    if isinstance(space, spaces.Discrete):
        return Inputs(size=int(space.n), discrete=True, start=int(space.start))
    if isinstance(space, spaces.Box):
        ends = np.stack([np.ravel(space.low if low is None else low), np.ravel(space.high if high is None else high)])
        known = (np.abs(ends) < WIDEST).all(0)
        bottom, top = (tuple(map(float, row)) for row in np.where(known, ends, [[-1.0], [1.0]]))
        return Inputs(size=math.prod(space.shape), low=bottom if scaled else (), high=top if scaled else ())
    raise NeurorlError(
        f"observations of {type(space).__name__} are not supported by networks; "
        "use Box or Discrete (gymnasium.wrappers.FlattenObservation makes a Box of most spaces)"
    )
