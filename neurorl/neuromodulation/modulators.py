r"""Neuromodulators: six global levels, each the sum of a tonic and a phasic part.

    level = tonic + phasic, within [low, high];      d phasic / dt = -phasic / tau, within [-high, high]

The *tonic* level holds until something sets it: the state an agent or a board is in. The *phasic* level is what events released,
above or below zero; it decays to nothing, so that the level decays to the tonic one. Dopamine needs the two apart: its phasic
level is the third factor of plasticity, its tonic level scales a rate, and neither may limit the other.

    dopamine        reward-prediction error; tau 200 ms (Izhikevich 2007)
    norepinephrine  arousal: gain of the neurons (Aston-Jones and Cohen 2005)
    serotonin       patience: strength of inhibition (Doya 2002)
    acetylcholine   attention: strength of the input (Hasselmo 2006)
    cortisol        stress: heat, faults
    tempo           pace of the clock, 1 at its nominal speed

The other time constants and all ranges are choices of this package, made to be changed.
"""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float

from neurorl.errors import NeurorlError, nearest
from neurorl.parameters import Checked, is_written, parameter
from neurorl.typing import Scalar


@struct.dataclass
class Modulator(Checked):
    """Constants of one modulator."""

    tau: Scalar = parameter(1000.0, "time constant of the phasic level, ms", above=0.0)
    baseline: Scalar = parameter(0.0, "tonic level to begin with")
    low: Scalar = parameter(0.0, "smallest level")
    high: Scalar = parameter(1.0, "largest level, and largest size of its phasic part", above=0.0)

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        super().__post_init__()
        values = (self.low, self.baseline, self.high)
        if not is_written(*values):
            return
        low, baseline, high = map(np.asarray, values)
        if np.any(low > high):
            raise NeurorlError(f"'Modulator.low' is {self.low}, above high {self.high}; it must not exceed it")
        if np.any((baseline < low) | (baseline > high)):
            raise NeurorlError(f"'Modulator.baseline' is {self.baseline}; it must be in [{self.low}, {self.high}]")


@struct.dataclass
class Modulators(Checked):
    """Constants of all modulators. At their baselines they leave a network as it is."""

    dopamine: Modulator = Modulator(tau=200.0, low=-1.0)
    norepinephrine: Modulator = Modulator(tau=500.0)
    serotonin: Modulator = Modulator(tau=5000.0)
    acetylcholine: Modulator = Modulator(tau=1000.0)
    cortisol: Modulator = Modulator(tau=10_000.0)
    tempo: Modulator = Modulator(tau=1000.0, baseline=1.0, low=0.5, high=2.0)


class Levels(NamedTuple):
    """One number a modulator."""

    dopamine: Float[Array, ""]
    norepinephrine: Float[Array, ""]
    serotonin: Float[Array, ""]
    acetylcholine: Float[Array, ""]
    cortisol: Float[Array, ""]
    tempo: Float[Array, ""]


class ModulatorState(NamedTuple):
    """The two parts of every level; read one as ``state.phasic.dopamine``."""

    tonic: Levels
    phasic: Levels


MODULATORS = Levels._fields


def init(parameters: Modulators = Modulators()) -> ModulatorState:
    """Return every modulator at its baseline, with nothing released."""
    baselines = (getattr(parameters, name).baseline for name in MODULATORS)
    return ModulatorState(Levels(*(jnp.asarray(b, float) for b in baselines)), Levels(*jnp.zeros(len(MODULATORS))))


def decay(parameters: Modulators, state: ModulatorState, dt: Scalar) -> ModulatorState:
    """Return the state ``dt`` ms later, when nothing is released in between; exact for any ``dt``."""
    parts = zip(MODULATORS, state.phasic, strict=True)
    return state._replace(phasic=Levels(*(value * jnp.exp(-dt / getattr(parameters, name).tau) for name, value in parts)))


def release(parameters: Modulators, state: ModulatorState, modulator: str, amount: Scalar) -> ModulatorState:
    """Return the state after a release of ``amount``, below zero for a dip, into the phasic level of a modulator.

    The phasic level stops at the end of its range: what does not fit is lost, not stored.

    Raises:
        NeurorlError: An unknown modulator.
    """
    constants = _constants(parameters, modulator)
    phasic = jnp.clip(getattr(state.phasic, modulator) + amount, -constants.high, constants.high)
    return state._replace(phasic=state.phasic._replace(**{modulator: phasic}))


def set_tonic(parameters: Modulators, state: ModulatorState, modulator: str, level: Scalar) -> ModulatorState:
    """Return the state with the tonic level of a modulator at ``level``, or at the nearest end of its range.

    Raises:
        NeurorlError: An unknown modulator.
    """
    constants = _constants(parameters, modulator)
    tonic = jnp.clip(jnp.asarray(level, state.tonic.dopamine.dtype), constants.low, constants.high)
    return state._replace(tonic=state.tonic._replace(**{modulator: tonic}))


def levels(parameters: Modulators, state: ModulatorState) -> Levels:
    """Return the level of every modulator, tonic + phasic within its range."""
    values = []
    for name, tonic, phasic in zip(MODULATORS, *state, strict=True):
        constants = getattr(parameters, name)
        values.append(jnp.clip(tonic + phasic, constants.low, constants.high))
    return Levels(*values)


def time_constant(factor: float, step: float) -> float:
    """Return the time constant, ms, of a level that is multiplied by ``factor`` every ``step`` ms.

    It turns a decay that others state by step into one of time: "1 % a step" is ``time_constant(0.99, 1.0)``.

    Raises:
        NeurorlError: A factor outside (0, 1), or a step that is not positive.
    """
    if not 0.0 < factor < 1.0:
        raise NeurorlError(f"'factor' is {factor}; it must lie between 0 and 1, both excluded")
    if not step > 0.0:
        raise NeurorlError(f"'step' is {step} ms; it must be positive")
    return -step / math.log(factor)


def _constants(parameters: Modulators, modulator: str) -> Modulator:
    if modulator not in MODULATORS:
        raise NeurorlError(
            f"'modulator' is {modulator!r}; it must be one of {', '.join(MODULATORS)}{nearest(modulator, MODULATORS)}"
        )
    return getattr(parameters, modulator)
