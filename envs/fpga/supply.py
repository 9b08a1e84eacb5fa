r"""What the logic gets of the voltage that is set.

    mean = V - R 0.35 I,    lowest = mean - R max(dI, 0),    highest = mean + R max(-dI, 0)

R is the resistance of the supply network in ohm, I the current, dI its change since the tick before. A step of load
pulls the supply below its mean for less than a tick, and load that falls away lets it overshoot; regulators remove the rest of
the static drop.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

STATIC = 0.35  # share of the resistive drop that the regulator does not see


class Rails(NamedTuple):
    """The core voltage within a tick, V. All []."""

    mean: Array
    lowest: Array
    highest: Array


def rails(voltage: Array, supply_ohm: Array, current_a: Array, current_tm1: Array) -> Rails:
    """Return the rails of a tick."""
    mean = voltage - supply_ohm * STATIC * current_a
    change = current_a - current_tm1
    return Rails(mean, mean - supply_ohm * jnp.maximum(change, 0.0), mean + supply_ohm * jnp.maximum(-change, 0.0))
