r"""Plasticity rules: what the spikes of one step add to the eligibility of a synapse.

    rule(constants, x, y, pre, post, hazard) -> increment          elementwise, so for any layout of synapses

x and y are the pre- and postsynaptic traces before the spikes pre and post of the step, hazard the probability that the neuron
had of firing (for functions with an attribute ``needs_hazard``). A function of your own is named ``module:function``; it serves
networks and agents alike. Built in are

    pair-stdp      A+ x post - A- y pre               the classic pair window (plasticity/stdp.py)
    td-ltp         A+ (x + pre) post                  potentiation only (Fremaux, Sprekeler and Gerstner 2013)
    escape-noise   A+ (x + pre) (post - hazard)       score function of the spikes, hence a policy gradient (Pfister et al. 2006;
                                                      Fremaux, Sprekeler and Gerstner 2010); exact for independent neurons, up
                                                      to ties of order hazard^2 under lateral inhibition

All three are linear in the traces. So, while the traces of an environment step can be written as a filter of its spikes
(``SpikeTrace``), the increments of all its substeps add up to two matrix products (:meth:`LinearRule.over`); of any other rule
:func:`increment` adds them up one by one.
"""

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from neurorl.errors import NeurorlError, nearest
from neurorl.plasticity.stdp import STDP
from neurorl.synapses.sparse_spike_trace import SparseSpikeTrace
from neurorl.synapses.spike_trace import SpikeTrace

Rule = Callable[[STDP, Array, Array, Array, Array, Array], Array]
Presynaptic = SpikeTrace | SparseSpikeTrace


class Response(NamedTuple):
    """What a population of n neurons did within S substeps, up to its decision; zero after it."""

    spikes: Float[Array, "S n"]
    hazard: Float[Array, "S n"]  # probability of a spike


@dataclasses.dataclass(frozen=True)
class LinearRule:
    """A rule A+ x c(post, hazard) - A- y pre."""

    credit: Callable[[Array, Array], Array]  # c
    coincident: bool  # whether a presynaptic spike counts towards a postsynaptic one of the same step
    depression: bool  # whether there is the second term
    needs_hazard: bool = False

    def __call__(
        self,
        p: STDP,
        x: Real[Array, "..."],
        y: Real[Array, "..."],
        pre: Real[Array, "..."],
        post: Real[Array, "..."],
        hazard: Real[Array, "..."],
    ) -> Float[Array, "..."]:
        """Return the increment of one step."""
        change = p.a_plus * (x + pre if self.coincident else x) * self.credit(post, hazard)
        return change - p.a_minus * y * pre if self.depression else change

    def factors(
        self, p: STDP, y: Real[Array, "..."], post: Real[Array, "..."], hazard: Real[Array, "..."]
    ) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """Return what a step's increment is of the presynaptic side: A+ c times x, less A- y times pre."""
        return p.a_plus * self.credit(post, hazard), p.a_minus * y if self.depression else jnp.zeros_like(y)

    def over(self, p: STDP, pre: Presynaptic, post: Response) -> Float[Array, "n C"]:
        """Return the increment [n, C] of all substeps of an environment step, in which inputs fire before the ones that respond.

        So a presynaptic spike counts towards a postsynaptic one of its substep, whatever ``coincident`` says. The postsynaptic
        trace starts with the environment step; the presynaptic neurons go on firing after a decision, and depress.
        """
        change = p.a_plus * pre.correlate(self.credit(*post))
        if not self.depression:
            return change
        _, kernel = pre.powers()
        y = kernel @ post.spikes - pre.gain * post.spikes  # of earlier substeps only
        return change - p.a_minus * (y[:, :, None] * pre.spikes[:, None, :]).sum(0)


pair_stdp = LinearRule(lambda post, hazard: post, coincident=False, depression=True)
td_ltp = LinearRule(lambda post, hazard: post, coincident=True, depression=False)
escape_noise = LinearRule(lambda post, hazard: post - hazard, coincident=True, depression=False, needs_hazard=True)

# The built-in rules by the name that a configuration gives them.
RULES: dict[str, Rule] = {"pair-stdp": pair_stdp, "td-ltp": td_ltp, "escape-noise": escape_noise}


def increment(rule: Rule, p: STDP, pre: Presynaptic, post: Response) -> Float[Array, "n C"]:
    """Return what an environment step adds to the eligibility, [n, C], by any rule.

    Args:
        rule: One of RULES, or a function of your own.
        p: Constants of the window.
        pre: Presynaptic spikes and the filter that the synapses see them through; its gain is that of both traces.
        post: What the postsynaptic neurons did.
    """
    if isinstance(rule, LinearRule):
        return rule.over(p, pre, post)
    _, kernel = pre.powers()
    x, y = pre.traces() / pre.gain - pre.spikes, kernel @ post.spikes / pre.gain - post.spikes  # before each substep's spikes
    each = (x[:, None, :], y[:, :, None], pre.spikes[:, None, :], post.spikes[:, :, None], post.hazard[:, :, None])
    return pre.gain * jnp.stack([rule(p, *(part[k] for part in each)) for k in range(len(x))]).sum(0)


def find(name: str, where: str = "rule") -> Rule:
    """Return a rule by its name, or by ``module:function`` for one of your own; ``where`` is its field, for messages."""
    if name in RULES:
        return RULES[name]
    module, _, function = name.partition(":")
    if not function:
        raise NeurorlError(
            f"'{where}' is '{name}'; it must be one of {', '.join(RULES)}, or module:function" + nearest(name, RULES)
        )
    try:
        found: Any = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise NeurorlError(f"'{where}' is '{name}', which cannot be imported: {error}") from error
    return found
