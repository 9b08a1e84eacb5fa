"""From an observation to the input of an artificial network: a box flattened, as it is; a discrete one as a one-hot vector."""

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

    def vector(self, observation: Array) -> Array:
        """Return the inputs, [size]."""
        if self.discrete:
            return jax.nn.one_hot(observation.reshape(()) - self.start, self.size)
        return jnp.asarray(observation, jnp.float32).ravel()


def for_space(space: spaces.Space[Any]) -> Inputs:
    """Return the input layer of an observation space.

    Raises:
        NeurorlError: A space that is neither Box nor Discrete.
    """
    if isinstance(space, spaces.Discrete):
        return Inputs(size=int(space.n), discrete=True, start=int(space.start))
    if isinstance(space, spaces.Box):
        return Inputs(size=math.prod(space.shape))
    raise NeurorlError(
        f"observations of {type(space).__name__} are not supported by networks; "
        "use Box or Discrete (gymnasium.wrappers.FlattenObservation makes a Box of most spaces)"
    )
