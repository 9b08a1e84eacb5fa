"""One neuron a state: the code of a discrete observation."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, Int32

from neurorl.codes.code import ListedCode
from neurorl.parameters import parameter
from neurorl.typing import Observation


@struct.dataclass
class OneHot(ListedCode):
    """A population with one neuron for each of ``n`` states; the neuron of the present state has rate 1."""

    kind: str = parameter("one-hot", "the code's name", choices=("one-hot",), static=True)
    n: int = parameter(1, "number of states", low=1, static=True)
    start: int = parameter(0, "value of the first state", static=True)

    groups = 1
    continuous = False

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.n

    def active(self, observation: Observation, state: Any = ()) -> tuple[Int32[Array, " k"], Float[Array, " k"]]:
        """Return the neuron that fires and its rate, both [1]."""
        return jnp.asarray(observation).reshape(1).astype(jnp.int32) - self.start, jnp.ones(1)

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [n]."""
        return jax.nn.one_hot(observation.reshape(()) - self.start, self.n)
