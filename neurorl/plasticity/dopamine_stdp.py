r"""Dopamine-gated STDP on the clock of the spikes: the reference rule, one step at a time.

    de/dt = -e / tau_e + STDP(t),      dw/dt = rate learning_rate D(t) e

Izhikevich (2007). A step decays the eligibility exactly, adds the coincidences of its spikes, lets dopamine turn the
eligibility into a change, and puts the weights within their bounds. The weight is the one integral that is not exact: it takes
``learning_rate D e dt`` with the eligibility at the spikes, an error of first order in dt / tau_e (0.25 % at 1 ms and 200 ms).

Two dopamines, never mixed. The *phasic* signal D, above or below zero, is the third factor: it multiplies every change, and where
it is zero no weight changes, to the bit. The *tonic* level only scales the rate: pass its effect (``neuromodulation.effects``) as
``rate``.

``gating="additive"`` is the ungated rule of omega-snn instead, which learns without dopamine and has no eligibility:

    dw = rate learning_rate (1 + D) STDP(t)
"""

from typing import NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, Real

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, parameter
from neurorl.plasticity import bounds, rules, stdp
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.stdp import STDP, STDPState, Synapses
from neurorl.typing import Numbers, Scalar


@struct.dataclass
class DopamineSTDP(Checked):
    """Constants of the rule. The defaults are those of the workloads that experiments/benchmarks times."""

    stdp: STDP = STDP()
    bounds: WeightBounds = WeightBounds()
    tau_e: Numbers = parameter(200.0, "time constant of the eligibility, ms", above=0.0)
    learning_rate: Numbers = parameter(
        0.01, "weight change per ms for a unit of dopamine and eligibility; additive: factor of the change", low=0.0
    )
    receptor: float = parameter(1.0, "sign and strength of dopamine's effect: 1 as at D1 receptors, -1 as at D2")
    rule: str = parameter(
        "pair-stdp", "what a spike adds to the eligibility: pair-stdp, td-ltp, escape-noise, or module:function", static=True
    )
    gating: str = parameter(
        "multiplicative",
        "D e: no change without dopamine; additive, (1 + D) STDP: omega-snn's ungated rule",
        choices=("multiplicative", "additive"),
        static=True,
    )

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        super().__post_init__()
        rules.find(self.rule)


class DopamineSTDPState(NamedTuple):
    """Memory of the synapses between n presynaptic and m postsynaptic neurons."""

    traces: STDPState  # [n] and [m]
    eligibility: Float[Array, "m n"] | Float[Array, " s"]  # additive gating does not read it


def init(n_pre: int, n_post: int, synapses: Synapses | None = None) -> DopamineSTDPState:
    """Return synapses that remember nothing: all-to-all, or those listed.

    Raises:
        NeurorlError: A population without neurons.
    """
    shape = (n_post, n_pre) if synapses is None else synapses.pre.shape
    return DopamineSTDPState(stdp.init(n_pre, n_post), jnp.zeros(shape))


def change(
    parameters: DopamineSTDP,
    eligibility: Float[Array, "*s"],
    weights: Float[Array, "*s"],
    x: Real[Array, "..."],
    y: Real[Array, "..."],
    pre: Real[Array, "..."],
    post: Real[Array, "..."],
    hazard: Real[Array, "..."],
    dopamine: Numbers,
    dt: Scalar = 1.0,
    rate: Numbers = 1.0,
) -> tuple[Float[Array, "*s"], Float[Array, "*s"]]:
    """Return eligibility and weights after one step, elementwise, so in any layout of synapses.

    Args:
        parameters: Constants of the rule.
        eligibility, weights: Before the step.
        x, y: Pre- and postsynaptic traces at the synapses, decayed to this step and without its spikes.
        pre, post, hazard: Spikes of this step, and the probability of the postsynaptic ones, at the synapses.
        dopamine, dt, rate: As in :func:`step`.
    """
    increment = rules.find(parameters.rule)(parameters.stdp, x, y, pre, post, hazard)
    eligibility = eligibility * jnp.exp(-dt / parameters.tau_e) + increment
    return eligibility, learned(parameters, weights, eligibility, increment, dopamine, dt, rate)


def learned(
    parameters: DopamineSTDP,
    weights: Float[Array, "*s"],
    eligibility: Float[Array, "*s"],
    increment: Float[Array, "*s"],
    dopamine: Numbers,
    dt: Scalar = 1.0,
    rate: Numbers = 1.0,
) -> Float[Array, "*s"]:
    """Return the weights after a step that has left ``eligibility``, of which ``increment`` is the step's own."""
    p = parameters
    if p.gating == "multiplicative":
        changed = p.learning_rate * p.receptor * rate * dopamine * dt * eligibility
    else:
        changed = p.learning_rate * rate * (1.0 + dopamine) * increment
    return bounds.apply(p.bounds, weights, changed)


def step(
    parameters: DopamineSTDP,
    state: DopamineSTDPState,
    weights: Float[Array, "*s"],
    pre: Real[Array, " n"],
    post: Real[Array, " m"],
    dopamine: Numbers,
    dt: Scalar = 1.0,
    *,
    rate: Numbers = 1.0,
    hazard: Float[Array, " m"] | None = None,
    synapses: Synapses | None = None,
) -> tuple[DopamineSTDPState, Float[Array, "*s"]]:
    """Advance the synapses by one step.

    Args:
        parameters: Constants of the rule.
        state: Memory of the synapses before the step.
        weights: [m, n], or [s] for listed synapses.
        pre: [n], presynaptic spikes of this step.
        post: [m], postsynaptic spikes of this step.
        dopamine: [], or in a shape that broadcasts to the weights: the phasic signal during the step. With additive gating it is
            the level.
        dt: Step, ms.
        rate: Factor of the learning rate, from tonic dopamine.
        hazard: [m], probability of a postsynaptic spike in this step; the escape-noise rule needs it.
        synapses: None for all-to-all synapses, or those listed.

    Returns:
        The new memory, and the weights.

    Raises:
        NeurorlError: The escape-noise rule without a hazard.
    """
    traces, x, y, *fired = _seen(parameters, state, pre, post, dt, hazard, synapses)
    pre_at, post_at, hazard_at = fired
    eligibility, weights = change(
        parameters, state.eligibility, weights, x, y, pre_at, post_at, hazard_at, dopamine=dopamine, dt=dt, rate=rate
    )
    return DopamineSTDPState(traces, eligibility), weights


def tag(
    parameters: DopamineSTDP,
    state: DopamineSTDPState,
    pre: Real[Array, " n"],
    post: Real[Array, " m"],
    dt: Scalar = 1.0,
    *,
    hazard: Float[Array, " m"] | None = None,
    synapses: Synapses | None = None,
) -> DopamineSTDPState:
    """Let the spikes of one step leave their traces, and no weight change; arguments as in :func:`step`."""
    traces, *seen = _seen(parameters, state, pre, post, dt, hazard, synapses)
    increment = rules.find(parameters.rule)(parameters.stdp, *seen)
    return DopamineSTDPState(traces, state.eligibility * jnp.exp(-dt / parameters.tau_e) + increment)


def _seen(
    p: DopamineSTDP,
    state: DopamineSTDPState,
    pre: Array,
    post: Array,
    dt: Scalar,
    hazard: Array | None,
    synapses: Synapses | None,
) -> tuple[STDPState, Array, Array, Array, Array, Array]:
    """Return the traces after a step, and what the synapses see of it: x, y, pre, post and hazard."""
    if hazard is None:
        if getattr(rules.find(p.rule), "needs_hazard", False):
            raise NeurorlError(f"'hazard' is None; the rule {p.rule} needs the probability of each spike in this step, [m]")
        hazard = jnp.zeros_like(post)
    traces = stdp.decay(p.stdp, state.traces, dt)
    x, y = stdp.at_synapses(traces.pre, traces.post, synapses)
    pre_at, post_at = stdp.at_synapses(pre, post, synapses)
    hazard_at = stdp.at_synapses(pre, hazard, synapses)[1]
    return stdp.add(p.stdp, traces, pre, post), x, y, pre_at, post_at, hazard_at
