r"""Consolidation: a slow component of each synapse follows the fast one that learns, and remembers without its noise.

    s <- s + (w - s) / window

The fast weights go on correcting each other's errors while they learn; frozen, they show the errors of one moment. The slow ones
are their mean over about the last ``window`` environment steps, and act when nothing is learned (averaged iterates: Polyak and
Juditsky 1992; fast and slow components of a synapse: Benna and Fusi 2016).
"""

from flax import struct
from jaxtyping import Array, Float

from neurorl.parameters import Checked, parameter


@struct.dataclass
class Consolidation(Checked):
    """How the slow component of a synapse follows the fast one."""

    window: float = parameter(4000.0, "environment steps that the slow weights average over; 1: none", low=1.0)


def update(parameters: Consolidation, slow: Float[Array, "*s"], fast: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """Return the slow weights [...] after one environment step with the fast weights [...]."""
    return slow + (fast - slow) / parameters.window
