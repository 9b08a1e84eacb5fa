r"""Pair-based spike-timing-dependent plasticity, as a window and as the online traces that agree with it.

    dw = A+ exp(-dt / tau+)  for dt = t_post - t_pre > 0,     dw = -A- exp(dt / tau-)  for dt < 0

Online, each neuron leaves a trace of its spikes, and a spike on one side of a synapse meets the trace of the other:

    x <- x exp(-dt / tau+),  y <- y exp(-dt / tau-);    dw = A+ x post - A- y pre;    x <- x + pre,  y <- y + post

Song, Miller and Abbott (2000); online form after Morrison, Diesmann and Gerstner (2008). Traces grow after they are read, so a
pre- and a postsynaptic spike of the same step make no pair. The traces add up spikes, so every pair counts (*all-to-all*); with
``pairing="nearest"`` they saturate at one, and a spike meets only the latest one of the other side (Morrison's symmetric nearest
neighbours).

:func:`change` is elementwise, so it serves all-to-all synapses [m, n] by broadcasting and listed synapses [s] by gathering.
"""

from typing import Any, NamedTuple, Protocol

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, Real, Shaped

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, parameter
from neurorl.typing import Numbers, Scalar, Spikes


@struct.dataclass
class STDP(Checked):
    """Constants of the window; an amplitude may be negative (anti-Hebbian plasticity)."""

    a_plus: Numbers = parameter(0.01, "weight change of a pair at dt -> 0+")
    a_minus: Numbers = parameter(0.012, "weight change of a pair at dt -> 0-, taken negative")
    tau_plus: Numbers = parameter(20.0, "time constant of potentiation, ms", above=0.0)
    tau_minus: Numbers = parameter(20.0, "time constant of depression, ms", above=0.0)
    pairing: str = parameter("all-to-all", "which spikes make pairs", choices=("all-to-all", "nearest"), static=True)


class STDPState(NamedTuple):
    """Traces of n presynaptic and m postsynaptic neurons."""

    pre: Float[Array, " n"]
    post: Float[Array, " m"]


class Synapses(Protocol):
    """The neurons that s listed synapses join: a ``Connectivity``, or anything with these two arrays of indices."""

    @property
    def pre(self) -> Any:
        """Presynaptic neuron of each synapse, [s]."""

    @property
    def post(self) -> Any:
        """Postsynaptic neuron of each synapse, [s]."""


def window(parameters: STDP, dt: Real[Array, "*pairs"]) -> Float[Array, "*pairs"]:
    """Return the weight change of one pair of spikes ``dt = t_post - t_pre`` ms apart."""
    p = parameters
    potentiation = p.a_plus * jnp.exp(-jnp.abs(dt) / p.tau_plus)
    depression = -p.a_minus * jnp.exp(-jnp.abs(dt) / p.tau_minus)
    return jnp.where(dt > 0, potentiation, jnp.where(dt < 0, depression, 0.0))


def change(parameters: STDP, x: Real[Array, "..."], y: Real[Array, "..."], pre: Spikes, post: Spikes) -> Float[Array, "..."]:
    """Return the weight change of one step's spikes, elementwise.

    Args:
        parameters: Constants of the window.
        x, y: Pre- and postsynaptic traces at the synapses (:func:`at_synapses`), decayed to this step and without its spikes.
        pre, post: Spikes of this step. With zero for one of them the other's half of the change is returned, as
            :func:`neurorl.plasticity.bounds.apply` wants it for soft bounds.
    """
    return parameters.a_plus * post * x - parameters.a_minus * y * pre


def at_synapses(
    pre: Shaped[Array, " n"], post: Shaped[Array, " m"], synapses: Synapses | None = None
) -> tuple[Shaped[Array, "..."], Shaped[Array, "..."]]:
    """Return a quantity of presynaptic neurons [n] and one of postsynaptic neurons [m] as each synapse sees them.

    Args:
        pre: [n].
        post: [m].
        synapses: None for all-to-all synapses, or s listed ones. Where a projection has delays, what arrives differs between the
            synapses of a neuron: give what arrives as ``pre`` [s], and ``arange(s)`` as the presynaptic index.

    Returns:
        [1, n] and [m, 1], which broadcast to [m, n]; with ``synapses``, [s] and [s].
    """
    if synapses is None:
        return pre[None, :], post[:, None]
    return pre[synapses.pre], post[synapses.post]


def init(n_pre: int, n_post: int) -> STDPState:
    """Return traces of neurons that have not fired.

    Raises:
        NeurorlError: A population without neurons.
    """
    for name, n in (("n_pre", n_pre), ("n_post", n_post)):
        if n < 1:
            raise NeurorlError(f"'{name}' is {n}; synapses need at least one neuron on each side")
    return STDPState(jnp.zeros(n_pre), jnp.zeros(n_post))


def decay(parameters: STDP, state: STDPState, dt: Scalar) -> STDPState:
    """Return the traces ``dt`` ms later, without spikes in between; exact."""
    return STDPState(state.pre * jnp.exp(-dt / parameters.tau_plus), state.post * jnp.exp(-dt / parameters.tau_minus))


def add(parameters: STDP, state: STDPState, pre: Real[Array, " n"], post: Real[Array, " m"]) -> STDPState:
    """Return the traces after spikes ``pre`` [n] and ``post`` [m]."""
    if parameters.pairing == "nearest":
        return STDPState(jnp.maximum(state.pre, pre), jnp.maximum(state.post, post))
    return STDPState(state.pre + pre, state.post + post)


def step(
    parameters: STDP,
    state: STDPState,
    pre: Real[Array, " n"],
    post: Real[Array, " m"],
    dt: Scalar = 1.0,
    synapses: Synapses | None = None,
) -> tuple[STDPState, Float[Array, "m n"] | Float[Array, " s"]]:
    """Advance the traces by one step and return the weight change of its spikes.

    Args:
        parameters: Constants of the window.
        state: Traces before the step.
        pre: [n], presynaptic spikes.
        post: [m], postsynaptic spikes.
        dt: Step, ms.
        synapses: None for all-to-all synapses, or s listed ones.

    Returns:
        The new traces, and the weight change, [m, n] or [s]. Summed over steps it is the window summed over all pairs.
    """
    state = decay(parameters, state, dt)
    x, y = at_synapses(state.pre, state.post, synapses)
    return add(parameters, state, pre, post), change(parameters, x, y, *at_synapses(pre, post, synapses))
