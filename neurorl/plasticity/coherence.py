r"""Metaplasticity by temporal coherence: a synapse learns as fast as the changes that are asked of it agree.

    rate = c^power,   c = |N| / A;   N <- keep N + change,   A <- keep A + |change|,   keep = 1 - forget E

While dopamine pushes a synapse one way it goes on at full speed (c = 1); once the pushes cancel, which is noise around what was
learned, it hardly moves (c near 0). So there is no schedule: the step is large where there is something to learn, and small where
chance is all that is left (Beal and Smith 1999; Abraham 2008 for metaplasticity). Of n pushes by chance 1 / sqrt(n) is left, and
with a power of 2 the step is about 1 / n, that of a mean. What is forgotten lets it wake up again.
"""

from typing import NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.parameters import Checked, parameter


@struct.dataclass
class Coherence(Checked):
    """How the learning rate of each synapse follows the coherence of its changes."""

    enabled: bool = parameter(True, "whether synapses have a learning rate of their own", static=True)
    forget: float = parameter(
        0.001, "share of the past forgotten a visit (an environment step with eligibility 1)", low=0.0, high=1.0
    )
    power: int = parameter(1, "power of the coherence that the learning rate follows", low=1, high=2, static=True)


class Pushes(NamedTuple):
    """What was asked of the synapses."""

    net: Float[Array, "*s"]  # sum of the changes
    gross: Float[Array, "*s"]  # sum of their sizes


def init(parameters: Coherence, shape: tuple[int, ...]) -> Pushes:
    """Return synapses of which nothing was asked; where coherence is off, nothing is kept."""
    return Pushes(*jnp.zeros((2, *shape) if parameters.enabled else 2))


def agreement(pushes: Pushes) -> Float[Array, "*s"]:
    """Return how far the changes agree, c [...], in [0, 1]: 1 for synapses of which nothing was asked."""
    return jnp.where(pushes.gross > 0.0, jnp.abs(pushes.net) / jnp.where(pushes.gross > 0.0, pushes.gross, 1.0), 1.0)


def rate(parameters: Coherence, pushes: Pushes) -> Float[Array, "*s"]:
    """Return the factor of the learning rate, [...], in [0, 1]."""
    return agreement(pushes) ** parameters.power


def update(parameters: Coherence, pushes: Pushes, dopamine: Float[Array, ""], eligibility: Float[Array, "*s"]) -> Pushes:
    """Take in one environment step's dopamine [] and eligibility [...]."""
    if not parameters.enabled:
        return pushes
    keep, change = 1.0 - parameters.forget * eligibility, dopamine * eligibility
    return Pushes(keep * pushes.net + change, keep * pushes.gross + jnp.abs(change))
