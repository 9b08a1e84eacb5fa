r"""A layer of LIF neurons that learns by dopamine-gated STDP, the step-by-step rule.

n presynaptic trains drive m neurons through dense weights w [n, m]. A step of dt, with s the presynaptic spikes (0 or 1), q the
postsynaptic ones, x and y their traces, e the eligibility and DA the dopamine of the step:

    v <- v exp(-dt/tau_m) + g s w;   q = (v >= 1);   v <- 0 where q
    x <- x exp(-dt/tau_plus);        y <- y exp(-dt/tau_minus)
    e <- e exp(-dt/tau_e) + a_plus x (x) q - a_minus s (x) y
    x <- x + s;                      y <- y + q
    w <- clip(w + learning_rate DA e, w_min, w_max)

Izhikevich (2007), "Solving the distal reward problem through linkage of STDP and dopamine signaling". Dopamine multiplies every
change: a step without it leaves every weight as it is. :mod:`neurorl.layers.chunked_plasticity` runs the same rule several
times faster, with the weights written once in K steps.

``learning_rate`` is the change a step, of whatever dt; in :mod:`neurorl.plasticity.dopamine_stdp` it is the change a ms.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.layers.alignment import aligned
from neurorl.parameters import Checked, is_written, parameter


@struct.dataclass
class DopamineLayerParameters(Checked):
    """Constants of a layer, all scalars. The membrane potential is in units of the threshold, with rest at 0."""

    tau_m: float | Array = parameter(20.0, "membrane time constant, ms", above=0.0)
    g: float | Array = parameter(0.04, "jump of the membrane potential at a spike through a weight of 1, thresholds")
    tau_plus: float | Array = parameter(20.0, "time constant of the presynaptic trace, ms", above=0.0)
    tau_minus: float | Array = parameter(20.0, "time constant of the postsynaptic trace, ms", above=0.0)
    tau_e: float | Array = parameter(200.0, "time constant of the eligibility, ms", above=0.0)
    a_plus: float | Array = parameter(0.01, "eligibility of a pre-before-post pair at a lag of 0", low=0.0)
    a_minus: float | Array = parameter(0.012, "eligibility taken by a post-before-pre pair at a lag of 0", low=0.0)
    learning_rate: float | Array = parameter(
        0.01, "weight change per step, of whatever dt, for a unit of dopamine and eligibility", low=0.0
    )
    w_min: float | Array = parameter(0.0, "smallest weight")
    w_max: float | Array = parameter(1.0, "largest weight")

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        super().__post_init__()
        if is_written(self.w_min, self.w_max) and np.any(np.asarray(self.w_min) > self.w_max):
            raise NeurorlError(f"'DopamineLayerParameters.w_min' is {self.w_min}, above w_max {self.w_max}; it must not be")


class DopamineLayerState(NamedTuple):
    """State of a layer of m neurons with n inputs."""

    v: Array  # [m], membrane potential, thresholds
    pre: Array  # [n], trace x of the inputs
    post: Array  # [m], trace y of the neurons
    eligibility: Array  # [n, m]
    weights: Array  # [n, m]


def init(weights: Array) -> DopamineLayerState:
    """Return a silent layer with the given ``weights`` [n, m].

    Raises:
        NeurorlError: ``weights`` is not a matrix.
    """
    if weights.ndim != 2:
        raise NeurorlError(f"'weights' has the shape {weights.shape}; it must be [inputs, neurons]")
    n, m = weights.shape
    zeros = jnp.zeros((n + 2 * m,), weights.dtype)
    return DopamineLayerState(zeros[:m], zeros[2 * m :], zeros[m : 2 * m], jnp.zeros_like(weights), weights)


def padded(state: DopamineLayerState) -> DopamineLayerState:
    """Return the layer with more neurons, at weights of 0, up to a multiple of 16: a tenth faster where m is not such a one.

    Rows of synapses then begin where vectors do. The first m neurons do what they would do without the others.

    Raises:
        NeurorlError: The state is not that of one layer.
    """
    if state.weights.ndim != 2:
        raise NeurorlError(
            f"'state.weights' has the shape {state.weights.shape}; it must be [inputs, neurons]: map over copies with jax.vmap"
        )
    more = aligned(len(state.v)) - len(state.v)

    def pad(neurons: Array) -> Array:
        return jnp.pad(neurons, [(0, 0)] * (neurons.ndim - 1) + [(0, more)])

    return DopamineLayerState(pad(state.v), state.pre, *(pad(neurons) for neurons in state[2:]))


def clip(array: Array, low: float | Array, high: float | Array) -> Array:
    """Return ``array`` within bounds: :func:`jax.numpy.clip` from comparisons, which XLA compiles to faster code on a CPU."""
    return jnp.where(array < low, low, jnp.where(array > high, high, array))


def step(
    parameters: DopamineLayerParameters, state: DopamineLayerState, pre: Array, dopamine: float | Array, dt: float | Array = 1.0
) -> tuple[DopamineLayerState, Array]:
    """Advance a layer by one step.

    Args:
        parameters: Constants of the layer.
        state: Its state.
        pre: [n], presynaptic spikes, 0.0 or 1.0.
        dopamine: [], the phasic signal; negative values reverse the change.
        dt: Step, ms.

    Returns:
        The new state, and the spikes [m] as 0.0 or 1.0.
    """
    p = parameters
    v = state.v * jnp.exp(-dt / p.tau_m) + p.g * (pre @ state.weights)
    post = (v >= 1).astype(v.dtype)
    x, y = state.pre * jnp.exp(-dt / p.tau_plus), state.post * jnp.exp(-dt / p.tau_minus)
    paired = p.a_plus * x[:, None] * post - p.a_minus * pre[:, None] * y
    eligibility = state.eligibility * jnp.exp(-dt / p.tau_e) + paired
    weights = clip(state.weights + p.learning_rate * dopamine * eligibility, p.w_min, p.w_max)
    return DopamineLayerState(v * (1 - post), x + pre, y + post, eligibility, weights), post


def run(
    parameters: DopamineLayerParameters, state: DopamineLayerState, pre: Array, dopamine: Array, dt: float | Array = 1.0
) -> tuple[DopamineLayerState, Array]:
    """Scan :func:`step` over ``pre`` [steps, n] and ``dopamine`` [steps]; return the last state, and the spikes [steps, m]."""
    return jax.lax.scan(lambda state, inputs: step(parameters, state, *inputs, dt), state, (pre, dopamine))
