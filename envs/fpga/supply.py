r"""What the logic gets of the voltage that is set.

    mean = V - R 0.35 I,    lowest = mean - R max(dI, 0),    highest = mean + R max(-dI, 0)

R is the resistance of the supply network in ohm, I the current, dI its change since the tick before. A step of load
pulls the supply below its mean for less than a tick, and load that falls away lets it overshoot; regulators remove the rest of
the static drop.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import power
from neurorl.envs.fpga.actions import Settings
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import FpgaState, Part

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


class Draw(NamedTuple):
    """What the board draws in a tick. All []."""

    power_w: Array  # of the part
    current_a: Array
    rails: Rails


def draw(p: FpgaParameters, state: FpgaState, part: Part, s: Settings, load: Array) -> Draw:
    """Return the draw of a tick; ``load`` is activity x busy."""
    core = jnp.where(s.running, 1.0, 0.0) * part.dynamic * power.dynamic(p, s.voltage, s.clock_mhz, load)
    watts = core + part.leak * power.leakage(p, s.voltage, state.junction_c)
    current = watts / s.voltage
    return Draw(watts, current, rails(s.voltage, part.supply_ohm, current, state.current_a))
