r"""Two neurons that lack what a leaky integrate-and-fire neuron has: one without a leak, one without a threshold.

.. math:: \dot v = R I \quad\text{(IntegrateAndFire)}, \qquad \tau_m \dot v = -(v - v_{rest}) + R I \quad\text{(LeakyIntegrator)}

Both are integrated exactly for a current that is constant within a step. The first fires where v reaches its threshold and starts
again at ``v_reset``; the second never fires and its potential is what is read of it. They are the primitives IF and LI of the
Neuromorphic Intermediate Representation (Pedersen et al. 2024, Nature Communications 15:8122), and the first is Lapicque's neuron
(Gerstner, Kistler, Naud and Paninski 2014, Neuronal Dynamics, section 1.3) with an infinite time constant.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.neurons import lif, population
from neurorl.neurons.lif import LIF
from neurorl.neurons.neuron import Neuron
from neurorl.parameters import parameter
from neurorl.typing import PerNeuron, Scalar


class IntegratorState(NamedTuple):
    """State of a population of n neurons."""

    v: Float[Array, " n"]  # mV


@struct.dataclass
class IntegrateAndFire(Neuron):
    """A neuron without a leak; every field is a scalar or has the population's shape."""

    v_threshold: PerNeuron = parameter(15.0, "potential at which the neuron fires, mV")
    v_reset: PerNeuron = parameter(0.0, "potential at the beginning and after a spike, mV")
    resistance: PerNeuron = parameter(1.0, "mV per ms and unit of current", above=0.0)
    drive: PerNeuron = parameter(0.0, "current that always flows, in the unit of the input")

    def __post_init__(self) -> None:
        """Raise a NeurorlError where a field is out of range, or the threshold is not above the reset."""
        super().__post_init__()
        population.check_spike(self, "v_threshold", "v_reset")

    def init(self, n: int) -> IntegratorState:
        """Return ``n`` neurons at their reset."""
        population.check(n, self)
        return IntegratorState(jnp.broadcast_to(jnp.asarray(self.v_reset, float), (n,)))

    def step(
        self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
    ) -> tuple[Any, Float[Array, " n"]]:
        """Advance a population by one step of ``dt`` ms; return the new state, and the spikes [n] as 0.0 or 1.0."""
        v = state.v + dt * self.resistance * (current + self.drive)
        spikes = v >= self.v_threshold
        return IntegratorState(jnp.where(spikes, self.v_reset, v)), spikes.astype(v.dtype)

    def current_of_jump(self, dt: Scalar = 1.0) -> Float[Array, "*n"]:
        """Return the current that, held for a step, moves v by 1 mV."""
        return 1.0 / (jnp.asarray(self.resistance) * dt)

    def modulated(self, threshold: PerNeuron = 0.0, tau_m: PerNeuron = 1.0) -> Any:
        """Return the model with its threshold raised, mV; it has no time constant."""
        return self.replace(v_threshold=self.v_threshold + threshold)  # type: ignore[attr-defined]


@struct.dataclass
class LeakyIntegrator(Neuron):
    """A neuron that never fires; every field is a scalar or has the population's shape."""

    tau_m: PerNeuron = parameter(20.0, "membrane time constant, ms", above=0.0)
    v_rest: PerNeuron = parameter(-70.0, "resting potential, mV")
    resistance: PerNeuron = parameter(1.0, "membrane resistance, mV per unit of current", above=0.0)

    def init(self, n: int) -> IntegratorState:
        """Return ``n`` neurons at rest."""
        population.check(n, self)
        return IntegratorState(jnp.broadcast_to(jnp.asarray(self.v_rest, float), (n,)))

    def step(
        self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
    ) -> tuple[Any, Float[Array, " n"]]:
        """Advance a population by one step of ``dt`` ms; return the new state, and no spike [n]."""
        v_inf = self.v_rest + self.resistance * current
        return IntegratorState(v_inf + (state.v - v_inf) * jnp.exp(-dt / self.tau_m)), jnp.zeros_like(state.v)

    def current_of_jump(self, dt: Scalar = 1.0) -> Float[Array, "*n"]:
        """Return the current that, held for a step, moves v by 1 mV."""
        return 1.0 / (jnp.asarray(self.resistance) * -jnp.expm1(-dt / self.tau_m))

    def mean_current(self, current: Float[Array, " n"], tau: PerNeuron, dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the constant current that moves v exactly as one that decays with ``tau``."""
        return lif.equivalent_current(LIF(tau_m=self.tau_m), current, tau, dt)

    def modulated(self, threshold: PerNeuron = 0.0, tau_m: PerNeuron = 1.0) -> Any:
        """Return the model with its membrane slower by a factor; it has no threshold."""
        return self.replace(tau_m=self.tau_m * tau_m)  # type: ignore[attr-defined]
