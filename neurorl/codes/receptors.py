"""Receptors: each entry of an observation on a scale from 0 to 1, whatever its space and its range."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float

from neurorl.codes import learned_range
from neurorl.codes.learned_range import Seen
from neurorl.parameters import Checked, parameter
from neurorl.typing import Observation


@struct.dataclass
class Receptors(Checked):
    """What the entries of an observation are: continuous within a range that is given or learned, or discrete."""

    low: tuple[float, ...] = parameter((0.0,), "lower end, or first state, of each entry", static=True)
    high: tuple[float, ...] = parameter((1.0,), "upper end, or last state, of each entry", static=True)
    states: tuple[int, ...] = parameter((0,), "states of a discrete entry; 0: continuous", static=True)
    learned: tuple[int, ...] = parameter((), "entries whose range is learned while running", static=True)

    def init(self) -> Any:
        """Return the ranges learned so far: none."""
        return learned_range.init(len(self.learned)) if self.learned else ()

    def adapt(self, seen: Any, observation: Observation) -> Any:
        """Return the learned ranges after one more observation of any shape."""
        return learned_range.adapt(seen, observation.ravel()[np.array(self.learned)]) if self.learned else seen

    def scale(self, observation: Observation, seen: Seen | tuple[()]) -> Float[Array, " entries"]:
        """Return each entry on a scale from 0 to 1, those outside of their range at its edge, [entries]."""
        low, high = np.asarray(self.low, np.float32), np.asarray(self.high, np.float32)
        y = observation.ravel().astype(jnp.float32)
        x = jnp.clip((y - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
        if isinstance(seen, Seen):
            index = np.array(self.learned)
            x = x.at[index].set(learned_range.place(seen, y[index]))
        return x
