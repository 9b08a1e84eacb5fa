"""What a neuromodulator is to an agent: what it senses, and what it does to drive, horizon, loss and learning.

    level = m.init(levels)                        before the first step; levels are those of the modulators before it
    felt  = m.before(level, timestep, levels)     what acts in this environment step, of what the last action brought
    drive = m.drive(felt, drive)                  of the neurons that choose
    gamma = m.discount(felt, gamma)               the horizon of prediction
    delta = m.release(felt, delta)                dopamine, before anything else sees it
    level = m.after(level, felt, outcome)         what is remembered of the step
    gate  = m.gate(level, felt, gate)             the factor of the actor's learning rate

A class with these is a modulator of an agent, wherever it is written: ``modulation.others=["module:Class"]``. Inherit from
:class:`Neuromodulator`, which senses nothing and does nothing, and override what yours does.
"""

import importlib
from typing import Any, NamedTuple

from jaxtyping import Array, Float

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked
from neurorl.typing import Scalar


class Outcome(NamedTuple):
    """What an environment step brought."""

    dopamine: Float[Array, ""]
    value: Float[Array, ""]  # of the observation that was reached
    timestep: Any


class Neuromodulator(Checked):
    """Base class of modulators; see the module's docstring."""

    enabled: bool = True

    def init(self, levels: dict[str, Any]) -> Any:
        """Return the level before the first step; ``levels`` are those of the modulators before this one."""
        return ()

    def before(self, level: Any, timestep: Any, levels: dict[str, Any]) -> Any:
        """Return what is felt in this step; ``levels`` are those of all modulators after the last one."""
        return level

    def drive(self, felt: Any, drive: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """Return the drive, any shape, of the neurons that choose."""
        return drive

    def discount(self, felt: Any, gamma: Scalar) -> Scalar:
        """Return the discount per environment step."""
        return gamma

    def release(self, felt: Any, dopamine: Float[Array, ""]) -> Float[Array, ""]:
        """Return the dopamine, []."""
        return dopamine

    def after(self, level: Any, felt: Any, outcome: Outcome) -> Any:
        """Return the level after the step."""
        return level

    def gate(self, level: Any, felt: Any, gate: Scalar) -> Scalar:
        """Return the factor of the actor's learning rate, []."""
        return gate


def find(name: str) -> Neuromodulator:
    """Return a modulator of one's own by ``module:Class``, or ``module:object`` for one with other constants.

    Raises:
        NeurorlError: Something that cannot be imported, or that is no modulator.
    """
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise NeurorlError(f"'modulation.others' has {name!r}, which cannot be imported as module:Class: {error}") from error
    found = found() if isinstance(found, type) else found
    if missing := [verb for verb in ("init", "before", "after", "gate") if not callable(getattr(found, verb, None))]:
        raise NeurorlError(f"'modulation.others' has {name!r}, which has no {missing[0]}: inherit from Neuromodulator")
    return found
