r"""Leaky integrate-and-fire neuron, integrated exactly for a current that is constant within a step.

.. math:: \tau_m \dot v = -(v - v_{rest}) + R I

    v <- v_inf + (v - v_inf) exp(-dt / tau_m),   v_inf = v_rest + R I
    spike where v >= v_threshold: v <- v_reset, and v is held for the refractory period.

Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 1.3. A spike belongs to the end of its step. After
it the neuron is held for ``ceil(refractory / dt)`` steps, and integrates again in the next: spikes are at least
``ceil(refractory / dt) + 1`` steps apart, as in NEST. Brian2 counts the step of the spike too: there the same refractory
period, a multiple of dt, holds for one step less.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float

from neurorl import steps as step_rule
from neurorl.neurons import escape_noise, population
from neurorl.neurons.escape_noise import EscapeNoise
from neurorl.neurons.neuron import Neuron
from neurorl.parameters import parameter
from neurorl.typing import Numbers, PerNeuron, Scalar


@struct.dataclass
class LIF(Neuron):
    """Constants of a population; every field is a scalar or has the population's shape."""

    tau_m: PerNeuron = parameter(20.0, "membrane time constant, ms", above=0.0)
    v_rest: PerNeuron = parameter(-70.0, "resting potential, mV")
    v_threshold: PerNeuron = parameter(-55.0, "potential at which the neuron fires, mV")
    v_reset: PerNeuron = parameter(-75.0, "potential after a spike, mV")
    refractory: PerNeuron = parameter(2.0, "time for which the potential is held after a spike, ms", low=0.0)
    resistance: PerNeuron = parameter(1.0, "membrane resistance, mV per unit of current", above=0.0)
    escape: EscapeNoise | None = None  # in place of the hard threshold

    def __post_init__(self) -> None:
        """Raise a NeurorlError where a field is out of range, or the threshold is not above the reset."""
        super().__post_init__()
        population.check_spike(self, "v_threshold", "v_reset")

    def init(self, n: int) -> Any:
        """Return ``n`` neurons at rest (:func:`init`)."""
        return init(n, self)

    def step(
        self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
    ) -> tuple[Any, Float[Array, " n"]]:
        """Advance a population by one step (:func:`step`)."""
        return step(self, state, current, dt, key)

    def hazard(self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the probability [n] of a spike in a step from ``state``; with a hard threshold, whether there is one."""
        v, active = integrate(self, state, current, dt)
        return active * escape_noise.probability(self.escape, v - self.v_threshold, dt)

    def current_of_jump(self, dt: Scalar = 1.0) -> Float[Array, "*n"]:
        """Return the current that, held for a step, moves v by 1 mV."""
        return 1.0 / (self.resistance * -jnp.expm1(-dt / self.tau_m))

    def mean_current(self, current: Float[Array, " n"], tau: PerNeuron, dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the constant current that moves v exactly as one that decays with ``tau`` (:func:`equivalent_current`)."""
        return equivalent_current(self, current, tau, dt)

    def with_conductance(
        self, state: Any, conductance: Float[Array, " n"], drive: Float[Array, " n"]
    ) -> tuple[Any, Float[Array, " n"]]:
        """Return the model with the membrane that open channels make: faster, and drawn to a mean of their potentials.

        It is exact for conductances that hold still within the step.
        """
        open_ = 1.0 + self.resistance * conductance
        v_rest = (self.v_rest + self.resistance * drive) / open_
        changed = {"tau_m": self.tau_m / open_, "v_rest": v_rest, "resistance": self.resistance / open_}
        return self.replace(**changed), jnp.zeros_like(drive)  # type: ignore[attr-defined]

    def modulated(self, threshold: PerNeuron = 0.0, tau_m: PerNeuron = 1.0) -> Any:
        """Return the model with its threshold raised, mV, and its membrane slower by a factor."""
        return self.replace(v_threshold=self.v_threshold + threshold, tau_m=self.tau_m * tau_m)  # type: ignore[attr-defined]


class LIFState(NamedTuple):
    """State of a population of n neurons."""

    v: Float[Array, " n"]  # mV
    silent: Float[Array, " n"]  # ms for which the neuron is still held


def init(n: int, parameters: LIF = LIF()) -> LIFState:
    """Return ``n`` neurons at rest.

    Raises:
        NeurorlError: ``n`` < 1, or a parameter that is neither a scalar nor of shape [n].
    """
    population.check(n, parameters)
    return LIFState(jnp.broadcast_to(jnp.asarray(parameters.v_rest, float), (n,)), jnp.zeros(n))


def integrate(
    parameters: LIF, state: LIFState, current: Float[Array, " n"], dt: Scalar = 1.0
) -> tuple[Float[Array, " n"], Bool[Array, " n"]]:
    """Return the potential [n] at the end of a step, before any spike, and whether each neuron integrates, bool [n]."""
    p = parameters
    v_inf = p.v_rest + p.resistance * current
    v = v_inf + (state.v - v_inf) * jnp.exp(-dt / p.tau_m)
    active = state.silent < 0.5 * dt  # half a step of slack, so that rounding cannot add a step
    return jnp.where(active, v, state.v), active


def step(
    parameters: LIF, state: LIFState, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
) -> tuple[LIFState, Float[Array, " n"]]:
    """Advance a population by one step.

    Args:
        parameters: Constants of the population.
        state: Its state.
        current: [n], input current, constant within the step.
        dt: Step, ms.
        key: A JAX key, needed by escape noise only.

    Returns:
        The new state, and the spikes [n] as 0.0 or 1.0.
    """
    p = parameters
    v, active = integrate(p, state, current, dt)
    spikes = active & escape_noise.fire(p.escape, key, v - p.v_threshold, dt)
    v = jnp.where(spikes, p.v_reset, v)
    held = dt * step_rule.traced_steps_in(p.refractory, dt)
    silent = jnp.where(spikes, held, jnp.maximum(state.silent - dt, 0.0))
    return LIFState(v, silent), spikes.astype(v.dtype)


def equivalent_current(parameters: LIF, current: Numbers, tau: Numbers, dt: Numbers = 1.0) -> Float[Array, "..."]:
    r"""Return the constant current that moves v within a step exactly as ``current * exp(-t / tau)`` does.

    With it :func:`step` is exact for currents that decay too, such as those of exponential synapses.

    .. math:: I \frac{\int_0^{dt} e^{-(dt - t) / \tau_m} e^{-t / \tau} \, dt}{\int_0^{dt} e^{-(dt - t) / \tau_m} \, dt}

    Args:
        parameters: Constants of the population.
        current: [n], current at the start of the step.
        tau: Its time constant, ms; it may equal ``tau_m``.
        dt: Step, ms.
    """
    tau_m = parameters.tau_m
    gap = jnp.abs(dt / tau_m - dt / tau)
    # The integrals differ by a quotient (1 - exp(-gap)) / gap, which is 1 where the time constants are equal.
    quotient = jnp.where(gap > 0, -jnp.expm1(-gap) / jnp.where(gap > 0, gap, 1.0), 1.0)
    return current * (dt / tau_m) * jnp.exp(-dt / jnp.maximum(tau_m, tau)) * quotient / -jnp.expm1(-dt / tau_m)


def firing_rate(parameters: LIF, current: Numbers) -> Float[Array, "..."]:
    r"""Return the analytic f-I curve, in Hz.

    .. math:: f = 1000 / (t_{ref} + \tau_m \ln\frac{v_\infty - v_{reset}}{v_\infty - v_{threshold}})
    """
    p = parameters
    v_inf = p.v_rest + p.resistance * jnp.asarray(current)
    drive = jnp.maximum(v_inf - p.v_threshold, 0.0)
    interval = p.refractory + p.tau_m * jnp.log((v_inf - p.v_reset) / drive)
    return jnp.where(drive > 0, 1000.0 / interval, 0.0)
