"""All modulators of an agent, one after another: those that are off leave nothing behind, and one's own stand beside the rest."""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.neuromodulation import dopamine, neuromodulator
from neurorl.neuromodulation.acetylcholine import Acetylcholine
from neurorl.neuromodulation.adaptation import Adaptation
from neurorl.neuromodulation.cortisol import Cortisol
from neurorl.neuromodulation.dopamine import Dopamine
from neurorl.neuromodulation.neuromodulator import Neuromodulator, Outcome
from neurorl.neuromodulation.norepinephrine import Norepinephrine
from neurorl.neuromodulation.serotonin import Serotonin
from neurorl.parameters import Checked, parameter
from neurorl.typing import Scalar

Levels = dict[str, Any]  # of each modulator that is on, by name


@struct.dataclass
class Modulation(Checked):
    """The modulators of an agent, and the verbs of all of them together."""

    dopamine: Dopamine = Dopamine()
    acetylcholine: Acetylcholine = Acetylcholine()
    norepinephrine: Norepinephrine = Norepinephrine()
    serotonin: Serotonin = Serotonin()
    cortisol: Cortisol = Cortisol()
    adaptation: Adaptation = Adaptation()
    others: tuple[str, ...] = parameter((), "modulators of one's own, module:Class each", static=True)

    @property
    def bank(self) -> dict[str, Neuromodulator]:
        """The modulators that are on, in the order in which they act."""
        own: dict[str, Neuromodulator] = {
            "acetylcholine": self.acetylcholine,
            "norepinephrine": self.norepinephrine,
            "serotonin": self.serotonin,
            "cortisol": self.cortisol,
            "adaptation": self.adaptation,
        }
        # Expected uncertainty is followed even where it gates nothing: norepinephrine and reports read it.
        active = {name: each for name, each in own.items() if each.enabled or name == "acetylcholine"}
        return active | {name: neuromodulator.find(name) for name in self.others}

    def init(self) -> Levels:
        """Return every level before the first step."""
        levels: Levels = {}
        for name, each in self.bank.items():
            levels[name] = each.init(levels)
        return levels

    def before(self, levels: Levels, timestep: Any) -> Levels:
        """Return what is felt in an environment step."""
        return {name: each.before(levels[name], timestep, levels) for name, each in self.bank.items()}

    def drive(self, felt: Levels, drive: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """Return the drive, any shape, of the neurons that choose."""
        for name, each in self.bank.items():
            drive = each.drive(felt[name], drive)
        return drive

    def discount(self, felt: Levels, gamma: Scalar) -> Scalar:
        """Return the discount per environment step."""
        for name, each in self.bank.items():
            gamma = each.discount(felt[name], gamma)
        return gamma

    def release(
        self, felt: Levels, reward: Scalar, value_tm1: Float[Array, ""], value_t: Float[Array, ""], timestep: Any, gamma: Scalar
    ) -> Float[Array, ""]:
        """Return the dopamine of a transition, []; arguments as in :func:`neurorl.neuromodulation.dopamine.release`."""
        ends = timestep.terminated, timestep.truncated
        delta = dopamine.release(self.dopamine, reward, value_tm1, value_t, *ends, gamma)
        for name, each in self.bank.items():
            delta = each.release(felt[name], delta)
        return delta

    def after(
        self, levels: Levels, felt: Levels, delta: Float[Array, ""], value: Float[Array, ""], timestep: Any
    ) -> tuple[Levels, Scalar]:
        """Return the levels after an environment step, and the factor of the actor's learning rate."""
        outcome = Outcome(delta, value, timestep)
        gate: Scalar = jnp.ones_like(delta)
        levels = {name: each.after(levels[name], felt[name], outcome) for name, each in self.bank.items()}
        for name, each in self.bank.items():
            gate = each.gate(levels[name], felt[name], gate)
        return levels, gate

    def signals(self, levels: Levels) -> dict[str, Array]:
        """Return the levels that are single numbers, for recordings and reports."""
        return {name: level for name, level in levels.items() if jnp.shape(level) == ()}
