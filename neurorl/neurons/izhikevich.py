r"""Izhikevich's simple model of spiking neurons, with the named cell types of his paper.

.. math:: \dot v = 0.04 v^2 + 5 v + 140 - u + I, \qquad \dot u = a (b v - u)

    spike where v >= v_peak: v <- c, u <- u + d

v is in mV, t in ms, and u and I in mV/ms. Izhikevich (2003), IEEE Transactions on Neural Networks 14:1569. A spike belongs
to the end of its step; there is no refractory period. Two first-order schemes:

- ``"half_steps"``, that of the paper: two Euler steps of dt / 2 for v, then one of dt for u with the new v. It is meant
  for steps of 1 ms. NEST's ``izhikevich`` with ``consistent_integration=False`` is the same.
- ``"euler"``: one forward Euler step of both, u with the old v. NEST's ``izhikevich`` is the same by default; take steps
  of 0.1 ms.

With ``escape`` the upstroke begins at random, the more often the nearer v is to ``v_threshold`` (``neurons/escape_noise``), which
makes a policy of a cell whose own threshold is a trajectory: the noise is of this package, not of the paper.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.neurons import population
from neurorl.neurons.escape_noise import EscapeNoise, fire, probability
from neurorl.neurons.neuron import Neuron
from neurorl.parameters import parameter
from neurorl.typing import Numbers, PerNeuron, Scalar


@struct.dataclass
class Izhikevich(Neuron):
    """Constants of a population; every number is a scalar or has the population's shape."""

    a: PerNeuron = parameter(0.02, "rate of recovery, per ms", above=0.0)
    b: PerNeuron = parameter(0.2, "sensitivity of u to v, per ms")
    c: PerNeuron = parameter(-65.0, "potential after a spike, mV")
    d: PerNeuron = parameter(8.0, "what a spike adds to u, mV/ms")
    v_peak: PerNeuron = parameter(30.0, "potential at which a spike is cut off, mV")
    v_threshold: PerNeuron = parameter(-50.0, "potential at which escape noise has its rate, mV; without noise it is not used")
    escape: EscapeNoise | None = None
    scheme: str = parameter("half_steps", "integration scheme", choices=("half_steps", "euler"), static=True)

    def __post_init__(self) -> None:
        """Raise a NeurorlError where a field is out of range, or the peak is not above the reset."""
        super().__post_init__()
        population.check_spike(self, "v_peak", "c")

    def init(self, n: int) -> Any:
        """Return ``n`` neurons at their resting point (:func:`init`)."""
        return init(n, self)

    def step(
        self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
    ) -> tuple[Any, Float[Array, " n"]]:
        """Advance a population by one step (:func:`step`)."""
        return step(self, state, current, dt, key)

    def hazard(self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the probability [n] of a spike in a step from ``state``: 1 where the upstroke is over."""
        v, _ = integrate(self, state, current, dt)
        return jnp.where(v >= self.v_peak, 1.0, self.escape is not None and probability(self.escape, v - self.v_threshold, dt))

    def modulated(self, threshold: Numbers = 0.0, tau_m: Numbers = 1.0) -> Any:
        """Return the model with the threshold of its escape noise raised, mV; its membrane has no time constant."""
        return self.replace(v_threshold=self.v_threshold + threshold)  # type: ignore[attr-defined]


# The seven cell types by name, with the constants of Izhikevich (2003).
PRESETS = {
    "regular_spiking": Izhikevich(0.02, 0.2, -65.0, 8.0),
    "intrinsically_bursting": Izhikevich(0.02, 0.2, -55.0, 4.0),
    "chattering": Izhikevich(0.02, 0.2, -50.0, 2.0),
    "fast_spiking": Izhikevich(0.1, 0.2, -65.0, 2.0),
    "low_threshold_spiking": Izhikevich(0.02, 0.25, -65.0, 2.0),
    "thalamo_cortical": Izhikevich(0.02, 0.25, -65.0, 0.05),
    "resonator": Izhikevich(0.1, 0.26, -65.0, 2.0),
}


class IzhikevichState(NamedTuple):
    """State of a population of n neurons."""

    v: Float[Array, " n"]  # mV
    u: Float[Array, " n"]  # recovery variable, mV/ms


def resting_point(parameters: Izhikevich, current: Numbers = 0.0) -> IzhikevichState:
    r"""Return the lower fixed point for a constant current: u = b v, and v the lower solution of

    .. math:: 0.04 v^2 + (5 - b) v + 140 + I = 0

    Above I = (5 - b)^2 / 0.16 - 140 there is none; v is then that of the vertex, where it moves slowest.
    """
    slope = 5.0 - jnp.asarray(parameters.b, float)
    v = -(slope + jnp.sqrt(jnp.maximum(slope**2 - 0.16 * (140.0 + current), 0.0))) / 0.08
    return IzhikevichState(v, parameters.b * v)


def init(n: int, parameters: Izhikevich = Izhikevich()) -> IzhikevichState:
    """Return ``n`` neurons at their :func:`resting_point`; the simulations of the paper start at v = -65, u = b v instead.

    Raises:
        NeurorlError: ``n`` < 1, or a parameter that is neither a scalar nor of shape [n].
    """
    population.check(n, parameters)
    return IzhikevichState(*(jnp.broadcast_to(x, (n,)) for x in resting_point(parameters)))


def integrate(
    parameters: Izhikevich, state: IzhikevichState, current: Float[Array, " n"], dt: Scalar = 1.0
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Return v and u [n] at the end of a step, before any spike."""
    p = parameters
    v, u = state

    def slope(v: Array) -> Array:
        return 0.04 * v * v + 5.0 * v + 140.0 - u + current

    if p.scheme == "euler":
        return v + dt * slope(v), u + dt * p.a * (p.b * v - u)
    v = v + 0.5 * dt * slope(v)
    v = v + 0.5 * dt * slope(v)
    return v, u + dt * p.a * (p.b * v - u)


def step(
    parameters: Izhikevich,
    state: IzhikevichState,
    current: Float[Array, " n"],
    dt: Scalar = 1.0,
    key: Array | None = None,
) -> tuple[IzhikevichState, Float[Array, " n"]]:
    """Advance a population by one step.

    Args:
        parameters: Constants of the population.
        state: Its state.
        current: [n], input current, constant within the step, mV/ms.
        dt: Step, ms.
        key: A JAX key, needed by escape noise only.

    Returns:
        The new state, and the spikes [n] as 0.0 or 1.0.
    """
    p = parameters
    v, u = integrate(p, state, current, dt)
    spikes = v >= p.v_peak
    if p.escape is not None:
        spikes = spikes | fire(p.escape, key, v - p.v_threshold, dt)
    return IzhikevichState(jnp.where(spikes, p.c, v), jnp.where(spikes, u + p.d, u)), spikes.astype(v.dtype)
