"""What is seen of a tick at its end: the readings of an observation, and the frame of telemetry that they are a part of."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import queue, random, sensors
from neurorl.envs.fpga.actions import Settings, clock_mhz
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.queue import Room
from neurorl.envs.fpga.supply import Draw
from neurorl.envs.fpga.timing import Margins
from neurorl.envs.fpga.types import OBSERVATION, START_VOLTAGE, FpgaState
from neurorl.neuromodulation.telemetry import TelemetryFrame, Validity


class Outcome(NamedTuple):
    """What of a tick is seen at its end. All []."""

    power_w: Array
    volts: Array  # mean core voltage
    canary_ns: Array  # slack of the canary path without its bias
    price: Array
    replays: Array
    throughput: Array  # work accepted, relative to nominal capacity
    available: Array  # share of the tick in which the clock ran
    busy: Array  # share of that in which it worked
    errors: Array  # faults that struck

    @classmethod
    def of_tick(
        cls, before: FpgaState, s: Settings, draw: Draw, m: Margins, room: Room, price: Array, good: Array, struck: Array
    ) -> "Outcome":
        """Return what of a tick is seen: ``good`` is the work accepted, ``struck`` the faults [12] bool."""
        available = room.free * jnp.where(before.throttled, 0.5, 1.0)
        count = jnp.sum(struck).astype(jnp.float32)
        return cls(draw.power_w, draw.rails.mean, m.canary_ns, price, m.errors, good, available, room.busy, count)

    @classmethod
    def quiet(cls) -> "Outcome":
        """Return what is seen before the first tick."""
        zero, one = jnp.float32(0.0), jnp.float32(1.0)
        return cls(jnp.float32(8.0), jnp.float32(START_VOLTAGE), jnp.float32(0.5), one, zero, zero, one, zero, zero)


def observe(p: FpgaParameters, state: FpgaState, o: Outcome, u: Array) -> tuple[FpgaState, TelemetryFrame]:
    """Return the board with its sensors read, and the telemetry; ``u`` are sixteen uniforms [16]."""
    t = sensors.temperature(
        p,
        state.junction_c,
        state.part.offset_c,
        state.sensor_error_c,
        state.sensor_fault,
        state.sensor_c,
        state.sensor_age,
        u[:4],
    )
    volts = sensors.voltage(p, o.volts, u[4:8])
    watts = o.power_w + p.noise_w * random.normal(u[8:12])
    canary = o.canary_ns + state.canary_bias_ns + p.noise_canary_ns * random.normal(u[12:16])
    clock = clock_mhz(state.level)
    urgent, batch = state.queue.urgent, state.queue.batch
    values = {
        "clock": clock,
        "voltage": volts,
        "fan": state.fan,
        "temperature": t.celsius,
        "power": watts,
        "canary_slack": canary,
        "price": o.price,
        "urgent": urgent[0],
        "batch": batch[0],
        "batch_due": batch[queue.BATCH_STEPS // 2],
        "replays": jnp.log10(1.0 + o.replays),
        "throughput": o.throughput,
        "available": o.available,
        "crc": state.flagged.astype(jnp.float32),
        "sensor_valid": (t.validity == Validity.VALID).astype(jnp.float32),
    }
    observation = jnp.stack([jnp.clip(values[r.name], r.low, r.high) for r in OBSERVATION])
    told = (t.validity == Validity.VALID) | (t.validity == Validity.STALE)
    frame = TelemetryFrame(
        temperature_c=jnp.where(told, t.celsius, jnp.nan),
        power_w=watts,
        voltage_v=volts,
        clock_mhz=clock,
        wns_ns=canary,
        errors=o.errors,
        utilisation=o.busy,
        throughput=o.throughput,
        validity=jnp.zeros(8, jnp.int32).at[0].set(t.validity),
        age=jnp.zeros(8).at[0].set(t.age),
    )
    return state.replace(  # type: ignore[attr-defined]
        sensor_c=t.celsius, sensor_age=t.age, observation=observation
    ), frame
