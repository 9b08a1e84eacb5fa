r"""What is read of the board: noise, quantisation, validity and age.

The XADC has 12 bits: T = code x 503.975 / 4096 - 273.15 and V = 3 code / 4096, so a step is 0.123 C and 0.73 mV (UG480).
A stuck sensor repeats its last reading and calls it valid; a dropped one answers nothing, so that the last reading is stale and
after 3 ticks missing; a drifting one grows an error. A reading that no working part can have is invalid.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import random
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import FpgaState
from neurorl.neuromodulation.telemetry import Validity

CELSIUS_STEP = 503.975 / 4096
VOLT_STEP = 3.0 / 4096
PLAUSIBLE_C = (-55.0, 125.0)  # a reading outside is none of a working part
STALE_TICKS = 3  # how long the last reading still says something
STUCK, DROPPED, DRIFTING = 1, 2, 3  # what ails the temperature sensor; 0 is nothing


class Temperature(NamedTuple):
    """A reading of the temperature. All []."""

    celsius: Array  # what was read last
    validity: Array  # int32, Validity
    age: Array  # ticks since it was read


def quantise(value: Array, step: float, offset: float = 0.0) -> Array:
    """Return ``value`` rounded to whole steps above ``offset``."""
    return jnp.round((value - offset) / step) * step + offset


def temperature(
    p: FpgaParameters, celsius: Array, offset_c: Array, drift_c: Array, fault: Array, last_c: Array, age: Array, u: Array
) -> Temperature:
    """Return what the sensor says of ``celsius``; ``u`` are four uniforms [4]."""
    read = quantise(celsius + offset_c + drift_c + p.noise_c * random.normal(u), CELSIUS_STEP, -273.15)
    silent = fault == DROPPED
    celsius = jnp.where((fault == STUCK) | silent, last_c, read)
    age = jnp.where(silent, age + 1.0, 0.0)
    absent = jnp.where(age > STALE_TICKS, Validity.MISSING, Validity.STALE)
    present = jnp.where((celsius < PLAUSIBLE_C[0]) | (celsius > PLAUSIBLE_C[1]), Validity.INVALID, Validity.VALID)
    return Temperature(celsius, jnp.where(silent, absent, present), age)


def voltage(p: FpgaParameters, volts: Array, u: Array) -> Array:
    """Return the voltage as the XADC reads it; ``u`` are four uniforms [4]."""
    return quantise(volts + p.noise_v * random.normal(u), VOLT_STEP)


def canary_bias(p: FpgaParameters, state: FpgaState, step_ns: Array, reloading: Array, u: Array) -> Array:
    """Return the bias of the canary after a tick, ns: it walks, steps at a switch of source, and a reload calibrates it.

    ``u`` are four uniforms [4].
    """
    return jnp.where(reloading, 0.0, state.canary_bias_ns + step_ns + p.canary_walk_ns * random.normal(u))
