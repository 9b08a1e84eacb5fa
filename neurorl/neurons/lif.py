r"""Leaky integrate-and-fire neuron, integrated exactly for a current that is constant within a step.

.. math:: \tau_m \dot v = -(v - v_{rest}) + R I

    v <- v_inf + (v - v_inf) exp(-dt / tau_m),   v_inf = v_rest + R I
    spike where v >= v_threshold: v <- v_reset, and v is held for the refractory period.

Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 1.3.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array


class LIFParameters(NamedTuple):
    """Constants of a population; every field is a scalar or has the population's shape."""

    tau_m: float | Array = 20.0  # membrane time constant, ms
    v_rest: float | Array = -70.0  # mV
    v_threshold: float | Array = -55.0  # mV
    v_reset: float | Array = -75.0  # mV
    refractory: float | Array = 2.0  # ms
    resistance: float | Array = 1.0  # membrane resistance, mV per unit of current


class LIFState(NamedTuple):
    """State of a population of n neurons."""

    v: Array  # [n], mV
    silent: Array  # [n], ms left of the refractory period


def init(n: int, parameters: LIFParameters = LIFParameters()) -> LIFState:
    """Return ``n`` neurons at rest.

    Raises:
        ValueError: ``n`` < 1, a time constant that is not positive, or a threshold at or below the reset.
    """
    if n < 1:
        raise ValueError(f"n is {n}: a population needs at least one neuron")
    if not jnp.all(jnp.asarray(parameters.tau_m) > 0):
        raise ValueError(f"tau_m is {parameters.tau_m} ms: the membrane time constant must be positive")
    if not jnp.all(jnp.asarray(parameters.refractory) >= 0):
        raise ValueError(f"refractory is {parameters.refractory} ms: it must not be negative")
    if not jnp.all(jnp.asarray(parameters.v_threshold) > jnp.asarray(parameters.v_reset)):
        raise ValueError(
            f"v_threshold is {parameters.v_threshold} mV, not above v_reset {parameters.v_reset} mV: "
            "the neuron would spike for ever"
        )
    return LIFState(jnp.broadcast_to(jnp.asarray(parameters.v_rest, jnp.float32), (n,)), jnp.zeros(n))


def step(parameters: LIFParameters, state: LIFState, current: Array, dt: float | Array = 1.0) -> tuple[LIFState, Array]:
    """Advance a population by one step.

    Args:
        parameters: Constants of the population.
        state: Its state.
        current: [n], input current, constant within the step.
        dt: Step, ms.

    Returns:
        The new state, and the spikes [n] as 0.0 or 1.0.
    """
    p = parameters
    v_inf = p.v_rest + p.resistance * current
    v = v_inf + (state.v - v_inf) * jnp.exp(-dt / p.tau_m)
    active = state.silent < 0.5 * dt  # half a step of slack, so that rounding cannot add a step
    v = jnp.where(active, v, state.v)
    spikes = active & (v >= p.v_threshold)
    v = jnp.where(spikes, p.v_reset, v)
    silent = jnp.where(spikes, p.refractory, jnp.maximum(state.silent - dt, 0.0))
    return LIFState(v, silent), spikes.astype(jnp.float32)


def firing_rate(parameters: LIFParameters, current: float | Array) -> Array:
    r"""Return the analytic f-I curve, in Hz.

    .. math:: f = 1000 / (t_{ref} + \tau_m \ln\frac{v_\infty - v_{reset}}{v_\infty - v_{threshold}})
    """
    p = parameters
    v_inf = p.v_rest + p.resistance * jnp.asarray(current)
    drive = jnp.maximum(v_inf - p.v_threshold, 0.0)
    interval = p.refractory + p.tau_m * jnp.log((v_inf - p.v_reset) / drive)
    return jnp.where(drive > 0, 1000.0 / interval, 0.0)


def run(
    parameters: LIFParameters, state: LIFState, current: Array, dt: float | Array = 1.0
) -> tuple[LIFState, tuple[Array, Array]]:
    """Scan :func:`step` over ``current`` [steps, n]; return the last state, and (spikes, v), both [steps, n]."""

    def one(state: LIFState, current: Array) -> tuple[LIFState, tuple[Array, Array]]:
        state, spikes = step(parameters, state, current, dt)
        return state, (spikes, state.v)

    return jax.lax.scan(one, state, current)
