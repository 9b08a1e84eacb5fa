r"""A pathway: the synapses of one population onto another, with their delays, weights, fatigue and memory.

A presynaptic spike is sent in the step after it, scaled by short-term plasticity; after its delay it arrives, acts on the
neuron as its synapse model says and leaves a trace; with the postsynaptic spikes it feeds the eligibility. Plasticity sees a
spike when it arrives, so delays shift the STDP window as axonal delays do.
"""

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.homeostasis import scaling
from neurorl.parameters import is_written
from neurorl.plasticity import bounds, dopamine_stdp, rules, stdp
from neurorl.plasticity.dopamine_stdp import DopamineSTDP, DopamineSTDPState
from neurorl.synapses import delay_line, short_term_plasticity
from neurorl.synapses.delay_line import DelayLine
from neurorl.synapses.projection import Projection, ProjectionState
from neurorl.synapses.short_term_plasticity import ShortTermPlasticity, ShortTermPlasticityState


class Memory(NamedTuple):
    """What a plastic pathway remembers."""

    line: DelayLine  # presynaptic spikes on their way, [D, n]
    stdp: DopamineSTDPState


class PathwayState(NamedTuple):
    """What changes in a run."""

    weights: Array  # [s], in the order of the connectivity
    in_flight: ProjectionState
    synapse: Any  # of the synapse model, [m]
    stp: ShortTermPlasticityState | None
    memory: Memory | None


@dataclasses.dataclass(frozen=True, eq=False)
class Pathway:
    """What holds still in a run: s synapses from n onto m neurons."""

    source: str
    target: str
    projection: Projection
    weights: np.ndarray  # [s], to begin with; in the unit of the synapse model
    plasticity: DopamineSTDP | None
    stp: ShortTermPlasticity | None
    synapse: Any  # model, see ``neurorl.synapses.synapse``
    scaling: str  # norm of each postsynaptic neuron's weights that is kept: l1, l2 or none
    scaling_target: float  # in the unit of the weights

    @property
    def listed(self) -> "Listed":
        """The synapses as plasticity sees them: where delays differ, each has a presynaptic signal of its own.

        Of a complete pathway [n, 1] and [1, m], which broadcast to the matrix that its synapses are: no array of indices is read.
        """
        pre, post = self.projection.connectivity.pre, self.projection.connectivity.post
        if self.projection.complete:
            n, m = self.projection.connectivity.n_pre, self.projection.connectivity.n_post
            return Listed(np.arange(n)[:, None], np.arange(m)[None])
        return Listed(pre if self.projection.shared_delay else np.arange(len(pre)), post)

    def of_sign(self, weights: Array) -> Array:
        """Return plastic weights, in any shape and within their bounds, with those of the wrong sign set to 0."""
        return weights if self.keeps_sign else self.projection.constrain(weights)

    @functools.cached_property
    def keeps_sign(self) -> bool:
        """Whether the bounds of its plasticity alone keep weights to the sign of their source."""
        sign, bounds = self.projection.sign, None if self.plasticity is None else self.plasticity.bounds
        if sign == "mixed":
            return True
        if bounds is None or bounds.kind == "none" or not is_written(bounds.w_min, bounds.w_max):
            return False
        return bool(np.all(np.asarray(bounds.w_min) >= 0.0) if sign == "excitatory" else np.all(np.asarray(bounds.w_max) <= 0.0))

    @property
    def needs_hazard(self) -> bool:
        """Whether its rule compares spikes with the probability that they had."""
        return self.plasticity is not None and getattr(rules.find(self.plasticity.rule), "needs_hazard", False)

    def init(self) -> PathwayState:
        """Return a pathway on which nothing has happened."""
        connectivity = self.projection.connectivity
        memory = None
        if self.plasticity is not None and len(connectivity):
            n_pre = connectivity.n_pre if self.projection.shared_delay else len(connectivity)
            line = delay_line.init(connectivity.n_pre, int(self.projection.delay.max()))
            memory = Memory(line, DopamineSTDPState(stdp.init(n_pre, connectivity.n_post), jnp.zeros(len(connectivity))))
        return PathwayState(
            weights=jnp.asarray(self.weights, float),
            in_flight=self.projection.init(),
            synapse=self.synapse.init(connectivity.n_post),
            stp=None if self.stp is None else short_term_plasticity.init(connectivity.n_pre, self.stp),
            memory=memory,
        )

    def arrive(self, state: PathwayState, spikes: Array, dt: float, factor: Array | float = 1.0) -> PathwayState:
        """Send the spikes [n] of the last step, and let what arrives in this one, times ``factor``, act on the synapse."""
        sent, stp = spikes, state.stp
        if self.stp is not None and stp is not None:
            stp, sent = short_term_plasticity.step(self.stp, stp, spikes, dt)
        in_flight, arriving = self.projection.step(state.weights, state.in_flight, sent)
        synapse = self.synapse.step(state.synapse, arriving * factor, dt)
        return state._replace(in_flight=in_flight, stp=stp, synapse=synapse)

    def learn(
        self,
        state: PathwayState,
        pre: Array,
        post: Array,
        hazard: Array | None,
        dopamine: Array | None,
        rate: Array | float,
        dt: float,
    ) -> PathwayState:
        """Change the weights.

        Args:
            state: The pathway.
            pre: [n], presynaptic spikes of the last step, which are those just sent.
            post: [m], postsynaptic spikes of this step.
            hazard: [m], the probability that they had; None where the rule does not ask.
            dopamine: [], phasic; None where nothing gates plasticity, and STDP changes the weights at once.
            rate: Factor of the learning rate.
            dt: Step, ms.
        """
        if self.plasticity is None or state.memory is None:
            return state
        line, arrived = self.arrived(state.memory.line, pre)
        parameters, third = self.gated(dopamine)
        memory, weights = dopamine_stdp.step(
            parameters,
            self._seen(state.memory.stdp),
            state.weights.reshape(self.listed.shape),
            arrived,
            post,
            third,
            dt,
            rate=rate,
            hazard=hazard,
            synapses=self.listed,
        )
        return state._replace(weights=self._keep(weights.ravel(), dopamine), memory=Memory(line, _flat(memory)))

    def gated(self, dopamine: Array | None) -> tuple[DopamineSTDP, Array]:
        """Return the constants by which the pathway learns, and the third factor []; without one STDP changes weights at once."""
        assert self.plasticity is not None
        if dopamine is not None:
            return self.plasticity, dopamine
        # The window itself, not the window times a rate made for dopamine in ms.
        return self.plasticity.replace(gating="additive", learning_rate=1.0), jnp.zeros(())  # type: ignore[attr-defined]

    def tag(self, state: PathwayState, pre: Array, post: Array, hazard: Array | None, dt: float) -> PathwayState:
        """Let the spikes of several steps leave their tags, while the weights hold still.

        Args:
            state: The pathway before them.
            pre: [steps, n], presynaptic spikes, each of the step before.
            post: [steps, m], postsynaptic spikes.
            hazard: [steps, m], or None.
            dt: Step, ms.
        """
        if self.plasticity is None or state.memory is None:
            return state
        rule = rules.find(self.plasticity.rule)
        if self.projection.complete and isinstance(rule, rules.LinearRule) and self.plasticity.stdp.pairing == "all-to-all":
            return self._tag_at_once(state, rule, pre, post, hazard, dt)

        def one(memory: Memory, now: tuple[Array, Array, Array | None]) -> tuple[Memory, None]:
            line, arrived = self.arrived(memory.line, now[0])
            assert self.plasticity is not None
            seen = self._seen(memory.stdp)
            tagged = dopamine_stdp.tag(self.plasticity, seen, arrived, now[1], dt, hazard=now[2], synapses=self.listed)
            return Memory(line, _flat(tagged)), None

        return state._replace(memory=jax.lax.scan(one, state.memory, (pre, post, hazard))[0])

    def _tag_at_once(
        self, state: PathwayState, rule: rules.LinearRule, pre: Array, post: Array, hazard: Array | None, dt: float
    ) -> PathwayState:
        """Do what :meth:`tag` does in two matrix products: a linear rule's increments are a sum of outer products."""
        p, memory = self.plasticity, state.memory
        assert p is not None
        assert memory is not None

        def traces(carry: tuple[DelayLine, Any], now: tuple[Array, Array]) -> tuple[tuple[DelayLine, Any], Any]:
            line, arrived = self.arrived(carry[0], now[0])
            before = stdp.decay(p.stdp, carry[1], dt)
            return (line, stdp.add(p.stdp, before, arrived, now[1])), (before, arrived)

        (line, after), (before, arrived) = jax.lax.scan(traces, (memory.line, memory.stdp.traces), (pre, post))
        credit = rule.credit(post, jnp.zeros_like(post) if hazard is None else hazard)
        left = jnp.exp(-dt / p.tau_e) ** jnp.arange(len(pre))[::-1, None]  # of what each step adds, at the end
        seen = before.pre + arrived if rule.coincident else before.pre
        added = p.stdp.a_plus * seen.T @ (left * credit)  # [n, m], as the weights lie
        if rule.depression:
            added = added - p.stdp.a_minus * arrived.T @ (left * before.post)
        eligibility = memory.stdp.eligibility * jnp.exp(-dt / p.tau_e) ** len(pre) + added.ravel()
        return state._replace(memory=Memory(line, DopamineSTDPState(after, eligibility)))

    def reinforce(
        self, state: PathwayState, eligibility: Array, dopamine: Array, rate: Array | float, time: float
    ) -> PathwayState:
        """Change the weights by dopamine [] that is held for ``time`` ms and finds the tags ``eligibility`` [s]."""
        if self.plasticity is None:
            return state
        p = self.plasticity
        change = p.learning_rate * p.receptor * rate * dopamine * time * eligibility
        return state._replace(weights=self._keep(bounds.apply(p.bounds, state.weights, change), dopamine))

    def _seen(self, memory: DopamineSTDPState) -> DopamineSTDPState:
        """Return the memory with its eligibility in the shape that plasticity sees the synapses in."""
        return memory._replace(eligibility=memory.eligibility.reshape(self.listed.shape))

    def arrived(self, line: DelayLine, pre: Array) -> tuple[DelayLine, Array]:
        """Return the line with the spikes [n] that are sent, and those that arrive, [n], or [s] where delays differ."""
        if len(line.values) == 1:
            return DelayLine(pre[None].astype(line.values.dtype), line.cursor), pre
        line = delay_line.push(line, pre)
        if self.projection.shared_delay:
            return line, delay_line.read(line, self.projection.shared_delay)
        delays, neurons = jnp.asarray(self.projection.delay), jnp.asarray(self.projection.connectivity.pre)
        return line, delay_line.read(line, delays, neurons)

    def _keep(self, weights: Array, dopamine: Array | None) -> Array:
        """Return the weights [s] within their sign and norm; without dopamine none changes."""
        kept = self.of_sign(weights)
        if self.scaling == "none":
            return kept
        connectivity = self.projection.connectivity
        scaled = scaling.normalise_listed(kept, connectivity.post, connectivity.n_post, self.scaling, self.scaling_target)
        if self.plasticity is not None:
            scaled = bounds.apply(self.plasticity.bounds, scaled)
        return scaled if dopamine is None else jnp.where(dopamine != 0.0, scaled, kept)


class Listed(NamedTuple):
    """Synapses by their neurons, or by themselves on the presynaptic side."""

    pre: np.ndarray  # [s], or [n, 1]
    post: np.ndarray  # [s], or [1, m]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what is told of each synapse: [s], or [n, m]."""
        return np.broadcast_shapes(self.pre.shape, self.post.shape)


def _flat(memory: DopamineSTDPState) -> DopamineSTDPState:
    return memory._replace(eligibility=memory.eligibility.ravel())
