"""Joined codes: each sees a stretch of the packed observation, and their neurons stand side by side."""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.codes.code import Code
from neurorl.parameters import parameter
from neurorl.typing import Observation


@struct.dataclass
class Joined(Code):
    """A population of several codes, one for each stretch of the observation."""

    kind: str = parameter("joined", "the code's name", choices=("joined",), static=True)
    parts: tuple[Any, ...] = parameter((), "the codes")
    entries: tuple[tuple[int, ...], ...] = parameter((), "entries of the packed observation that each code sees", static=True)

    @property
    def continuous(self) -> bool:
        """Whether neighbouring observations have overlapping codes in every part."""
        return all(part.continuous for part in self.parts)

    @property
    def groups(self) -> int:
        """Number of groups of all parts."""
        return sum(part.groups for part in self.parts)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(part.size for part in self.parts)

    def init(self) -> Any:
        """Return the state of every part."""
        return tuple(part.init() for part in self.parts)

    def adapt(self, state: Any, observation: Observation) -> Any:
        """Return the state of every part after one more observation."""
        return tuple(p.adapt(s, observation[jnp.array(e)]) for p, s, e in zip(self.parts, state, self.entries, strict=True))

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size]."""
        stretches = [observation[jnp.array(e)] for e in self.entries]
        return jnp.concatenate([p.rates(o, s) for p, o, s in zip(self.parts, stretches, state, strict=True)])
