r"""Plasticity rules of a population that decides: what each synapse adds to its eligibility within an environment step.

A rule is a pure function ``rule(pre: SpikeTrace, post: Postsynaptic) -> increment [n, C]``. Three are built in:

escape-noise  sum_k (spike_k - hazard_k) x_k   The score function of the spike train, hence a policy gradient
              (Pfister et al. 2006; Fremaux, Sprekeler and Gerstner 2010); exact for independent neurons, and up to ties of
              order hazard^2 under lateral inhibition.
td-ltp        sum_k spike_k x_k                Potentiation only (Fremaux, Sprekeler and Gerstner 2013).
pair-stdp     sum_k spike_k x_k - (A-/A+) y_k s_k   The classic pair window (plasticity/stdp.py).
"""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from jax import Array

from neurorl.errors import NeurorlError, nearest
from neurorl.synapses.listed_trace import ListedTrace
from neurorl.synapses.spike_trace import SpikeTrace


class Postsynaptic(NamedTuple):
    """What a population of n neurons did within S substeps, up to its decision; zero after it."""

    spikes: Array  # [S, n]
    hazard: Array  # [S, n], probability of a spike


Presynaptic = SpikeTrace | ListedTrace
Rule = Callable[[Any, Postsynaptic], Array]  # of either kind of trace
DEPRESSION = 1.2  # A- / A+ of pair-stdp, as in plasticity/stdp.py


def escape_noise(pre: Presynaptic, post: Postsynaptic) -> Array:
    """Return sum_k (spike_k - hazard_k) x_k, [n, C]."""
    return pre.correlate(post.spikes - post.hazard)


def td_ltp(pre: Presynaptic, post: Postsynaptic) -> Array:
    """Return sum_k spike_k x_k, [n, C]."""
    return pre.correlate(post.spikes)


def pair_stdp(pre: Presynaptic, post: Postsynaptic) -> Array:
    """Return sum_k spike_k x_k - (A-/A+) y_k s_k, [n, C]; y, the postsynaptic trace, starts at each decision.

    x_k holds the spikes of substep k itself: within a substep the input neurons fire before the actor. They keep firing
    after the decision, so the depression runs through all substeps.
    """
    _, kernel = pre.powers()
    y = kernel @ post.spikes - pre.gain * post.spikes  # of earlier substeps only
    depression = (y[:, :, None] * pre.spikes[:, None, :]).sum(0)
    return pre.correlate(post.spikes) - DEPRESSION * depression


RULES: dict[str, Rule] = {"escape-noise": escape_noise, "td-ltp": td_ltp, "pair-stdp": pair_stdp}


def find(name: str) -> Rule:
    """Return a rule by its name, or by ``module:function`` for one of your own."""
    if name in RULES:
        return RULES[name]
    module, _, function = name.partition(":")
    if not function:
        raise NeurorlError(
            f"'agent.actor.rule' is '{name}'; it must be one of {', '.join(RULES)}, or module:function" + nearest(name, RULES)
        )
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise NeurorlError(f"'agent.actor.rule' is '{name}', which cannot be imported: {error}") from error
