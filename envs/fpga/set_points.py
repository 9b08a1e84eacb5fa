r"""Set-points: an action names where clock margin, voltage and fan should be, and a servo moves them there.

    clock wanted = 1000 / (path + margin)       MHz, path as in ``estimates``

A real board's controller sets targets, and regulators slew towards them. The servo makes one of the 27 moves a tick, the one that
brings each setting nearer to its target without passing it (``governors/governor.py``), while repairing too: regulators go on
while the configuration is scrubbed. If a repair took the place of the move, as among the discrete actions, it would also be a way
to hold still, and who explores learns to repair for that. Moves up and down cancel each other's credit, and of set-points each
has its own. The margin, the path, and a voltage of at most 0.90 V are knowledge of the domain, taken from the tuned governor.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.actions import Command, command
from neurorl.envs.fpga.estimates import Estimates
from neurorl.envs.fpga.governors.governor import move_towards

MARGINS_NS = (0.2, 1.6)
VOLTAGES = (0.70, 0.90)  # V
FANS = (0.1, 1.0)
REPAIRS = ("none", "scrub", "reload", "resync")
CHOICES = (15, 21, 10, len(REPAIRS))  # margins 0.1 ns apart, voltages 10 mV, fans 0.1, and the repairs
ASKED = 0.9  # what a continuous action must exceed to ask for a repair


class SetPoints(NamedTuple):
    """What an action asks for. All []."""

    margin_ns: Array
    volts: Array
    fan: Array
    repair: Array  # int32, index of REPAIRS


def of_choices(action: Array) -> SetPoints:
    """Return the set-points of a MultiDiscrete action [4]: margin, voltage and fan from low to high, and the repair."""
    action = jnp.asarray(action, jnp.int32)
    targets = [_between(ends, action[i] / (CHOICES[i] - 1)) for i, ends in enumerate((MARGINS_NS, VOLTAGES, FANS))]
    margin, volts, fan = targets
    return SetPoints(margin, volts, fan, action[3])


def of_numbers(action: Array) -> SetPoints:
    """Return the set-points of a continuous action [6] in [-1, 1].

    The first three reach from the lowest to the highest margin, voltage and fan; where one of the last three exceeds 0.9, the
    largest of them asks for its repair (scrub, reload, resynchronise).
    """
    action = jnp.clip(jnp.asarray(action, jnp.float32), -1.0, 1.0)
    targets = [_between(ends, 0.5 + 0.5 * action[i]) for i, ends in enumerate((MARGINS_NS, VOLTAGES, FANS))]
    repair = jnp.where(jnp.max(action[3:]) > ASKED, 1 + jnp.argmax(action[3:]), 0)
    margin, volts, fan = targets
    return SetPoints(margin, volts, fan, repair.astype(jnp.int32))


def servo(asked: SetPoints, e: Estimates, observation: Array) -> Command:
    """Return what this tick asks of the board: the move towards the set-points, and the repair.

    Args:
        asked: The set-points.
        e: Estimates after the last tick.
        observation: What was seen at its end, [15].
    """
    clock = 1000.0 / jnp.maximum(e.path_ns + asked.margin_ns, 1.0)
    move = command(move_towards(observation, clock, asked.volts, asked.fan))
    scrub, reload, resync = (asked.repair == 1 + i for i in range(3))
    return move._replace(scrub=scrub, reload=reload, resync=resync)


def _between(ends: tuple[float, float], share: Array) -> Array:
    low, high = ends
    return jnp.float32(low) + (high - low) * share
