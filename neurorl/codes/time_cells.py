r"""Time cells: after each event a population fires in sequence, one cell after another.

    a_i(t) = exp(-(t - i)^2 / 2 width^2) / (width sqrt(2 pi)),   0 <= t < cells;   a_i = 0 while there is no event

Cell i is most active i environment steps after its event. The narrow cells of the default are a tapped delay line, the complete
serial compound of Schultz, Dayan and Montague (1997); wider ones generalise in time (MacDonald et al. 2011 for the cells;
Ludvig, Sutton and Kehoe 2008 for what they do to dopamine). Each event has cells of its own, so that the values of events add up.
"""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.codes.code import Code
from neurorl.parameters import parameter
from neurorl.typing import Observation


@struct.dataclass
class TimeCells(Code):
    """A population with ``cells`` neurons for each event; the observation is the time since each, below zero for none."""

    kind: str = parameter("time-cells", "the code's name", choices=("time-cells",), static=True)
    events: int = parameter(1, "number of events", low=1, static=True)
    cells: int = parameter(20, "time cells of an event, one an environment step", low=1, static=True)
    width: float = parameter(0.4, "standard deviation of a cell's response, environment steps", low=0.3, high=10.0)

    @property
    def groups(self) -> int:
        """Number of events."""
        return self.events

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.events * self.cells

    def rates(self, observation: Observation, state: Any = ()) -> Float[Array, " size"]:
        """Return the spikes a substep that each neuron aims at, [size], for the environment steps since each event [events]."""
        time = observation.reshape(self.events, 1)
        gauss = jnp.exp(-0.5 * ((time - jnp.arange(self.cells)) / self.width) ** 2) / (self.width * jnp.sqrt(2.0 * jnp.pi))
        return jnp.where((time >= 0.0) & (time < self.cells), gauss, 0.0).ravel()
