r"""What the modulators do to a network: each a factor, 1 where its modulator is at zero.

    learning rate  1 + 0.5 DA (tonic)       attention  1 + 0.6 ACh       input  max(1 - cortisol, 0.1)
    gain           1 + 0.3 NE               inhibition 1 + 0.4 5-HT      tau_m  1 + 0 ACh

The first four coefficients are those of omega-snn; input under stress and a slower leak are neuromod's.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float

from neurorl.neuromodulation import modulators
from neurorl.neuromodulation.modulators import Modulators, ModulatorState
from neurorl.parameters import Checked, is_written, parameter
from neurorl.typing import Scalar


@struct.dataclass
class Effects(Checked):
    """Coefficients: what a unit of a modulator adds to its factor. Zero switches an effect off."""

    learning_rate: Scalar = parameter(0.5, "of tonic dopamine on the rate of plasticity")
    gain: Scalar = parameter(0.3, "of norepinephrine on the input current of every neuron")
    inhibition: Scalar = parameter(0.4, "of serotonin on inhibitory synapses")
    attention: Scalar = parameter(0.6, "of acetylcholine on the input from outside")
    stress: Scalar = parameter(1.0, "of cortisol against the input from outside")
    stress_floor: Scalar = parameter(0.1, "share of the input that any stress leaves", low=0.0, high=1.0)
    tau_m: Scalar = parameter(0.0, "of acetylcholine on the membrane time constant")


class Factors(NamedTuple):
    """What to multiply a network's quantities by; none is below zero, and one whose coefficient is zero is the number 1."""

    learning_rate: Scalar
    gain: Scalar
    inhibition: Scalar
    attention: Scalar
    input: Scalar
    tau_m: Scalar
    tempo: Float[Array, ""]  # the level itself: the share of its nominal speed at which the network runs


def factors(effects: Effects, parameters: Modulators, state: ModulatorState) -> Factors:
    """Return the factors at the modulators' levels.

    The learning rate reads tonic dopamine alone: phasic dopamine already multiplies every change as the third factor.
    """
    level = modulators.levels(parameters, state)

    def factor(coefficient: float | Array, value: Array) -> Array | float:
        return 1.0 if _is_off(coefficient) else jnp.maximum(1.0 + coefficient * value, 0.0)

    stress = 1.0 if _is_off(effects.stress) else jnp.maximum(1.0 - effects.stress * level.cortisol, effects.stress_floor)
    return Factors(
        learning_rate=factor(effects.learning_rate, state.tonic.dopamine),
        gain=factor(effects.gain, level.norepinephrine),
        inhibition=factor(effects.inhibition, level.serotonin),
        attention=factor(effects.attention, level.acetylcholine),
        input=stress,
        tau_m=factor(effects.tau_m, level.acetylcholine),
        tempo=level.tempo,
    )


def _is_off(coefficient: float | Array) -> bool:
    """Return whether a coefficient is known to be zero: then its effect costs nothing."""
    return is_written(coefficient) and not np.any(np.asarray(coefficient))
