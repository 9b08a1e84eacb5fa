r"""LIF neuron with spike-frequency adaptation: each spike adds to a slow current that opposes the input.

.. math:: \tau_m \dot v = -(v - v_{rest}) + R (I - w), \qquad \tau_w \dot w = -w

    spike: v <- v_reset, w <- w + b

Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 6.1, without subthreshold coupling (a = 0). The
cascade is integrated exactly, whatever the two time constants: within a step w acts as the constant current of
:func:`neurorl.neurons.lif.equivalent_current`. It also decays while v is held, and a spike raises it at the end of its
step. With b = 0 the neuron is the LIF neuron, bit for bit.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.neurons import lif
from neurorl.neurons.lif import LIF, LIFState
from neurorl.parameters import parameter
from neurorl.typing import Numbers, PerNeuron, Scalar


@struct.dataclass
class AdaptiveLIF(LIF):
    """Constants of a population; every field is a scalar or has the population's shape."""

    tau_w: PerNeuron = parameter(100.0, "time constant of the adaptation current, ms", above=0.0)
    b: PerNeuron = parameter(2.0, "adaptation current that a spike adds, in units of current", low=0.0)

    def init(self, n: int) -> Any:
        """Return ``n`` neurons at rest (:func:`init`)."""
        return init(n, self)

    def step(
        self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
    ) -> tuple[Any, Float[Array, " n"]]:
        """Advance a population by one step (:func:`step`)."""
        return step(self, state, current, dt, key)

    def hazard(self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the probability [n] of a spike in a step from ``state``."""
        return super().hazard(LIFState(state.v, state.silent), opposed(self, state, current, dt), dt)


class AdaptiveLIFState(NamedTuple):
    """State of a population of n neurons."""

    v: Float[Array, " n"]  # mV
    silent: Float[Array, " n"]  # ms for which the neuron is still held
    adaptation: Float[Array, " n"]  # in units of current


def init(n: int, parameters: AdaptiveLIF = AdaptiveLIF()) -> AdaptiveLIFState:
    """Return ``n`` neurons at rest, without adaptation.

    Raises:
        NeurorlError: ``n`` < 1, or a parameter that is neither a scalar nor of shape [n].
    """
    return AdaptiveLIFState(*lif.init(n, parameters), jnp.zeros(n))


def opposed(
    parameters: AdaptiveLIF, state: AdaptiveLIFState, current: Float[Array, " n"], dt: Scalar = 1.0
) -> Float[Array, " n"]:
    """Return what is left of the input current [n] in a step when adaptation has been taken off."""
    return current - lif.equivalent_current(parameters, state.adaptation, parameters.tau_w, dt)


def step(
    parameters: AdaptiveLIF, state: AdaptiveLIFState, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
) -> tuple[AdaptiveLIFState, Float[Array, " n"]]:
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
    membrane, spikes = lif.step(p, LIFState(state.v, state.silent), opposed(p, state, current, dt), dt, key)
    adaptation = state.adaptation * jnp.exp(-dt / p.tau_w) + p.b * spikes
    return AdaptiveLIFState(*membrane, adaptation), spikes


def firing_rate(parameters: AdaptiveLIF, current: Numbers) -> Float[Array, "..."]:
    r"""Return the f-I curve of the adapted neuron, in Hz: the rate that is left once it fires regularly.

    Fired at an interval T, the neuron leaves its refractory period with

    .. math:: w = b \, e^{-t_{ref} / \tau_w} / (1 - e^{-T / \tau_w})

    and T is the one interval at whose end v meets the threshold, found by bisection.
    """
    p = parameters
    current = jnp.asarray(current, float)

    def reaches(free: Array) -> Array:
        """Return whether v meets the threshold within ``free`` ms after the refractory period."""
        adaptation = p.b * jnp.exp(-p.refractory / p.tau_w) / -jnp.expm1(-(p.refractory + free) / p.tau_w)
        v_inf = p.v_rest + p.resistance * (current - lif.equivalent_current(p, adaptation, p.tau_w, free))
        return (v_inf - p.v_reset) * -jnp.expm1(-free / p.tau_m) >= p.v_threshold - p.v_reset

    def halve(_: int, bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bounds
        middle = jnp.sqrt(low * high)
        return jnp.where(reaches(middle), low, middle), jnp.where(reaches(middle), middle, high)

    shape = jnp.broadcast_shapes(current.shape, *(jnp.shape(value) for value in jax.tree.leaves(p)))
    _, free = jax.lax.fori_loop(0, 40, halve, (jnp.full(shape, 1e-6), jnp.full(shape, 1e6)))
    return jnp.where(p.v_rest + p.resistance * current > p.v_threshold, 1000.0 / (p.refractory + free), 0.0)
