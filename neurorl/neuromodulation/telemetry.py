r"""From the state of a machine to the modulators of the network that runs on it, once a tick.

    cortisol       = max(heat, power, timing, faults), each 0 while safe and 1 at its limit
    tempo          = clock / nominal clock, in [0.5, 2]
    acetylcholine  = min(utilisation, 1 - 2 |V - V_nominal| / V_nominal), in [0.4, 1]
    dopamine       = throughput / target, in [0.3, 1]: the average reward rate (Niv, Daw, Joel and Dayan 2007)

These are tonic levels. Phasic dopamine comes from reward events (``neuromodulation.reward``). The meanings and constants are
neuromod's; stress by timing and faults, and attention by utilisation, are additions.
"""

import math
from enum import IntEnum
from typing import NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, Int32, Real

from neurorl.neuromodulation import modulators
from neurorl.neuromodulation.cortisol import nearness
from neurorl.neuromodulation.modulators import Levels, Modulator, Modulators, ModulatorState, time_constant
from neurorl.parameters import Checked, parameter
from neurorl.typing import Scalar


class Validity(IntEnum):
    """Whether a reading can be believed."""

    VALID = 0
    MISSING = 1  # nothing was read: the value is NaN
    INVALID = 2  # what was read cannot be: the value is NaN
    STALE = 3  # the value is an older one, ``age`` ticks old


class TelemetryFrame(NamedTuple):
    """A snapshot of the hardware at one tick. A reading that is missing is NaN, and says nothing."""

    temperature_c: Scalar = math.nan  # of the junction, degrees Celsius
    power_w: Scalar = math.nan  # watts
    voltage_v: Scalar = math.nan  # of the core, volts
    clock_mhz: Scalar = math.nan  # megahertz
    wns_ns: Scalar = math.nan  # worst negative slack of the timing, nanoseconds; below zero it is violated
    errors: Scalar = math.nan  # faults seen during the tick
    utilisation: Scalar = math.nan  # share of the tick spent working, 0 to 1
    throughput: Scalar = math.nan  # pieces of work accepted during the tick
    validity: Int32[Array, "8"] | None = None  # Validity of the readings above in their order; None: valid unless NaN
    age: Real[Array, "8"] | None = None  # ticks since each was read; None: in this tick


@struct.dataclass
class TelemetryParameters(Checked):
    """What is normal for a machine, and where its limits are."""

    heat_onset_c: Scalar = parameter(83.0, "temperature at which heat stress begins, degrees Celsius")
    heat_span_c: Scalar = parameter(10.0, "degrees from there to full heat stress", above=0.0)
    power_limit_w: Scalar = parameter(20.0, "power at which stress begins, watts", above=0.0)
    power_span: Scalar = parameter(0.125, "share of the limit from there to full stress", above=0.0)
    timing_span_ns: Scalar = parameter(5.0, "negative slack of full stress, nanoseconds", above=0.0)
    error_span: Scalar = parameter(10.0, "faults a tick of full stress", above=0.0)
    clock_nominal_mhz: Scalar = parameter(200.0, "clock at which the tempo is 1, megahertz", above=0.0)
    voltage_nominal_v: Scalar = parameter(1.0, "core voltage to attend to, volts", above=0.0)
    attention_floor: Scalar = parameter(0.4, "smallest acetylcholine", low=0.0, high=1.0)
    throughput_target: Scalar = parameter(1.0, "work a tick at which tonic dopamine is 1", above=0.0)
    dopamine_floor: Scalar = parameter(0.3, "smallest tonic dopamine", low=0.0, high=1.0)


# A tick of one second multiplies what events released by 0.95, 0.90 and 0.99.
TICK_MODULATORS = Modulators(
    dopamine=Modulator(tau=time_constant(0.95, 1000.0), low=-1.0),
    cortisol=Modulator(tau=time_constant(0.90, 1000.0)),
    acetylcholine=Modulator(tau=time_constant(0.99, 1000.0)),
)


def cortisol(parameters: TelemetryParameters, frame: TelemetryFrame) -> Float[Array, ""]:
    """Return the stress of a frame, [], from 0 to 1; a missing reading adds none."""
    p = parameters
    readings = jnp.stack([jnp.asarray(r, float) for r in (frame.temperature_c, frame.power_w, frame.wns_ns, frame.errors)])
    onset = jnp.stack([jnp.asarray(o, float) for o in (p.heat_onset_c, p.power_limit_w, 0.0, 0.0)])
    span = jnp.stack(
        [jnp.asarray(s, float) for s in (p.heat_span_c, p.power_limit_w * p.power_span, -p.timing_span_ns, p.error_span)]
    )
    return nearness(readings, onset, onset + span)


def acetylcholine(parameters: TelemetryParameters, frame: TelemetryFrame) -> Float[Array, ""]:
    """Return the attention of a frame, [], from its floor to 1; NaN without any reading to tell."""
    p = parameters
    steady = 1.0 - 2.0 * jnp.abs(jnp.asarray(frame.voltage_v) - p.voltage_nominal_v) / p.voltage_nominal_v
    return jnp.clip(jnp.fmin(jnp.asarray(frame.utilisation), steady), p.attention_floor, 1.0)


def tonic_levels(parameters: TelemetryParameters, frame: TelemetryFrame) -> dict[str, Float[Array, ""]]:
    """Return the tonic level that a frame gives to each modulator it speaks of, []; NaN where the reading is missing."""
    p = parameters
    return {
        "cortisol": cortisol(p, frame),
        "tempo": jnp.asarray(frame.clock_mhz) / p.clock_nominal_mhz,  # the range of the modulator bounds it
        "acetylcholine": acetylcholine(p, frame),
        "dopamine": jnp.clip(jnp.asarray(frame.throughput) / p.throughput_target, p.dopamine_floor, 1.0),
    }


def step(
    parameters: TelemetryParameters,
    modulator_parameters: Modulators,
    state: ModulatorState,
    frame: TelemetryFrame,
    dt: Scalar = 1000.0,
) -> ModulatorState:
    """Return the modulators after one tick.

    Args:
        parameters: What is normal for the machine.
        modulator_parameters: Time constants and ranges of the modulators.
        state: The modulators at the tick before.
        frame: The readings of this tick. Where the readings of a modulator are missing its tonic level holds; stress is
            the exception, for what is not measured adds none.
        dt: Time since the tick before, ms: what events had released decays for so long.
    """
    state = modulators.decay(modulator_parameters, state, dt)
    for name, level in tonic_levels(parameters, frame).items():
        held = jnp.where(jnp.isnan(level), getattr(state.tonic, name), level)
        state = modulators.set_tonic(modulator_parameters, state, name, held)
    return state


class NeuroModulators(Levels):
    """The levels of all modulators, made from one frame without a history; :func:`step` goes on from the tick before."""

    @classmethod
    def from_telemetry(
        cls,
        frame: TelemetryFrame,
        parameters: TelemetryParameters = TelemetryParameters(),
        modulator_parameters: Modulators = TICK_MODULATORS,
    ) -> "NeuroModulators":
        """Return the levels that a frame gives; a modulator whose readings are missing is at its baseline.

        Args:
            frame: The readings.
            parameters: What is normal for the machine.
            modulator_parameters: Ranges and baselines of the modulators.
        """
        state = step(parameters, modulator_parameters, modulators.init(modulator_parameters), frame)
        return cls(*modulators.levels(modulator_parameters, state))
