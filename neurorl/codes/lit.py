"""Lit pixels: the image itself as a code. Each pixel is a neuron that fires as much as it is lit; what they have in common is for
others to learn. For learners with a hidden layer; one layer of weights needs conjunctions (``neurorl.codes.pixels``)."""

from typing import Any

from flax import struct
from jaxtyping import Array, Float

from neurorl.codes.code import Code
from neurorl.codes.receptors import Receptors
from neurorl.parameters import parameter
from neurorl.typing import Observation


@struct.dataclass
class Lit(Code):
    """A neuron for every entry of an image."""

    kind: str = parameter("lit", "the code's name", choices=("lit",), static=True)
    receptors: Receptors = Receptors()

    @property
    def groups(self) -> int:
        """Every neuron is a group of its own, of a rate of at most 1."""
        return self.size

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.receptors.low)

    def init(self) -> Any:
        """Return the ranges learned so far: none."""
        return self.receptors.init()

    def adapt(self, state: Any, observation: Observation) -> Any:
        """Return the learned ranges after one more image."""
        return self.receptors.adapt(state, observation)

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size]."""
        return self.receptors.scale(observation, state)
