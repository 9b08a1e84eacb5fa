r"""Two RC stages, from the junction through the heat sink to the ambient.

    Cj dTj/dt = P - (Tj - Ts) / Rj,    Cs dTs/dt = (Tj - Ts) / Rj - (Ts - Ta) G,    G = still + fan x speed

Steady state: Tj = Ta + theta_JA P with theta_JA = Rj + 1 / G. A tick is integrated by the implicit Euler rule, which keeps the
energy balance exactly, reaches the same steady state and is stable at every step.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import FpgaState


class Temperatures(NamedTuple):
    """Celsius. All []."""

    junction: Array
    sink: Array


def of(state: FpgaState) -> Temperatures:
    """Return the temperatures of a board."""
    return Temperatures(state.junction_c, state.sink_c)


def conductance(p: FpgaParameters, fan: Array, health: Array | float = 1.0) -> Array:
    """Return the conductance from heat sink to ambient, [], W/C."""
    return p.still_w_per_c + p.fan_w_per_c * health * fan


def theta_ja(p: FpgaParameters, fan: Array, health: Array | float = 1.0) -> Array:
    """Return the thermal resistance from junction to ambient, [], C/W."""
    return p.junction_c_per_w + 1.0 / conductance(p, fan, health)


def step(
    p: FpgaParameters, t: Temperatures, power_w: Array, ambient_c: Array, conductance_w_per_c: Array, dt: float = 1.0
) -> Temperatures:
    """Return the temperatures after ``dt`` seconds of constant power and ambient."""
    a = dt / (p.junction_j_per_k * p.junction_c_per_w)
    b = dt / (p.sink_j_per_k * p.junction_c_per_w)
    c = dt * conductance_w_per_c / p.sink_j_per_k
    heated = t.junction + dt * power_w / p.junction_j_per_k
    aired = t.sink + c * ambient_c
    # (1 + a) Tj - a Ts = heated,  -b Tj + (1 + b + c) Ts = aired
    sink = (aired * (1.0 + a) + b * heated) / ((1.0 + a) * (1.0 + b + c) - a * b)
    return Temperatures((heated + a * sink) / (1.0 + a), sink)


def protect(p: FpgaParameters, state: FpgaState, up: Array) -> tuple[Array, Array]:
    """Return whether the clock is throttled from now on and whether the board shuts down, bool []; both believe the sensor."""
    read = state.sensor_c
    return jnp.where(state.throttled, read > p.unthrottle_c, read > p.throttle_c), up & (read > p.shutdown_c)
