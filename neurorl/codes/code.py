"""What a code is: from an observation to the rates of a population of input neurons.

    state = code.init()                           what the code has learned of its input so far; () for a fixed code
    state = code.adapt(state, observation)        once an environment step while learning, never in an evaluation
    rates = code.rates(observation, state)        spikes a substep, [size]; the rates of each of ``groups`` groups sum to 1

The observation is one array of any shape (``neurorl.packing``). A code is a parameter group: its fields are in config.json,
and ``--set code.NAME=VALUE`` changes them.
"""

from typing import Any, ClassVar

from jaxtyping import Array, Float, Int32

from neurorl.parameters import Checked
from neurorl.typing import Observation


class Code(Checked):
    """Base class of codes, with the methods of one that is fixed."""

    continuous: ClassVar[Any] = True  # whether neighbouring observations have overlapping codes

    @property
    def size(self) -> int:
        """Number of neurons."""
        raise NotImplementedError

    @property
    def groups(self) -> int:
        """Number of groups of neurons whose rates sum to 1."""
        raise NotImplementedError

    def init(self) -> Any:
        """Return what the code knows of its input before it has seen any."""
        return ()

    def adapt(self, state: Any, observation: Observation) -> Any:
        """Return what it knows after one more observation."""
        return state

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size]."""
        raise NotImplementedError


class ListedCode(Code):
    """A code of which few neurons fire at a time, and which lists them, so that nobody need look at the others."""

    distinct: ClassVar[bool] = True  # whether it lists no neuron twice

    def active(self, observation: Observation, state: Any = ()) -> tuple[Int32[Array, " k"], Float[Array, " k"]]:
        """Return the neurons that may fire, int32 [k], and the spikes per substep they aim at, [k]."""
        raise NotImplementedError
