"""A complete pathway as a matrix [m, n]: every step is exact, for few synapses and many copies.

A product sends, and a pass learns. The presynaptic neurons are the minor axis: there are mostly more of them, and XLA
vectorises a short one badly.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from neurorl.kernels.materialised import materialised
from neurorl.networks.pathway import Memory, Pathway, PathwayState
from neurorl.networks.programs.program import Circumstances, Step
from neurorl.networks.programs.rows import Rows, complete
from neurorl.plasticity import dopamine_stdp, rules, stdp
from neurorl.plasticity.dopamine_stdp import DopamineSTDPState


class Matrix(Rows):
    """A pathway of which every pair has a synapse, all of one delay."""

    name = "matrix"
    walks = False

    @staticmethod
    def refuses(pathway: Pathway, given: Circumstances) -> str | None:
        """Return why a pathway cannot be run as a matrix, or None."""
        return complete(pathway)

    @staticmethod
    def how(pathway: Pathway, given: Circumstances) -> str:
        """Return what running it so means."""
        return "every pair has a synapse, and they are few; every step is exact"

    def open(self, states: Any) -> Any:
        """Return the state with weights and eligibility as matrices [m, n]."""
        return self._each(states[0], lambda listed: listed.reshape(self._shape).T)

    def close(self, inner: Any) -> list[PathwayState]:
        """Return the state with weights and eligibility as lists [s]."""
        return [self._each(inner, lambda matrix: matrix.T.ravel())]

    def _sent(self, weights: Array, spikes: Array, sent: Array) -> Array:
        return weights @ sent

    def learn(self, inner: Any, step: Step) -> Any:
        """Change the weights."""
        pathway = self.pathway
        if pathway.plasticity is None or inner.memory is None:
            return inner
        line, pre = pathway.arrived(inner.memory.line, step.pre)
        p, third = pathway.gated(step.dopamine)
        post, state = step.post[pathway.target], inner.memory.stdp
        hazard = step.hazard.get(pathway.target, jnp.zeros_like(post))
        before = stdp.decay(p.stdp, state.traces, step.dt)
        rule = rules.find(p.rule)
        if isinstance(rule, rules.LinearRule):
            # A sum of outer products, of which what is told of a row is computed once for it.
            credit, debit = materialised(rule.factors(p.stdp, before.post, post, hazard))
            increment = credit[:, None] * (before.pre + pre if rule.coincident else before.pre) - debit[:, None] * pre
        else:
            increment = rule(p.stdp, before.pre, before.post[:, None], pre, post[:, None], hazard[:, None])
        eligibility = state.eligibility * jnp.exp(-step.dt / p.tau_e) + increment
        weights = dopamine_stdp.learned(p, inner.weights, eligibility, increment, third, step.dt, step.rate)
        memory = Memory(line, DopamineSTDPState(stdp.add(p.stdp, before, pre, post), eligibility))
        return inner._replace(weights=pathway.of_sign(weights), memory=memory)
