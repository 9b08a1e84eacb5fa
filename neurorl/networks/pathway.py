r"""A pathway: the synapses of one population onto another, with their delays, weights, fatigue and memory.

A presynaptic spike is sent in the step after it, scaled by short-term plasticity; after its delay it arrives, moves the
membrane and leaves a trace; with the postsynaptic spikes it feeds the eligibility. Plasticity sees a spike when it arrives, so
delays shift the STDP window as axonal delays do.
"""

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.homeostasis import scaling
from neurorl.networks.models import NeuronParameters, current_of_jump
from neurorl.neurons import lif
from neurorl.neurons.lif import LIF
from neurorl.plasticity import dopamine_stdp
from neurorl.plasticity.dopamine_stdp import DopamineSTDP, DopamineSTDPState
from neurorl.synapses import delay_line, exponential, short_term_plasticity
from neurorl.synapses.delay_line import DelayLine
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.projection import Projection, ProjectionState
from neurorl.synapses.short_term_plasticity import ShortTermPlasticity, ShortTermPlasticityState


@dataclasses.dataclass(frozen=True, eq=False)
class Pathway:
    """What holds still in a run: s synapses from n onto m neurons."""

    source: str
    target: str
    projection: Projection
    weights: np.ndarray  # [s], to begin with; mV a spike, or units of current with exponential synapses
    plasticity: DopamineSTDP | None
    stp: ShortTermPlasticity | None
    synapse: ExponentialCurrent | None  # None: a spike moves the membrane at once
    scaling: str  # norm of each postsynaptic neuron's weights that is kept: l1, l2 or none
    scaling_target: float  # in the unit of the weights

    @property
    def _one_delay(self) -> int | None:
        """The delay that all synapses share, steps; None where they differ."""
        delay = self.projection.delay
        return int(delay[0]) if delay.size and (delay == delay[0]).all() else None

    @property
    def _listed(self) -> "_Listed":
        """The synapses as plasticity sees them: where delays differ, each has a presynaptic signal of its own."""
        pre, post = self.projection.connectivity.pre, self.projection.connectivity.post
        return _Listed(pre if self._one_delay else np.arange(len(pre)), post)

    def init(self) -> "PathwayState":
        """Return a pathway on which nothing has happened."""
        connectivity = self.projection.connectivity
        memory = None
        if self.plasticity is not None and len(connectivity):
            n_pre = connectivity.n_pre if self._one_delay else len(connectivity)
            line = delay_line.init(connectivity.n_pre, int(self.projection.delay.max()))
            memory = Memory(line, dopamine_stdp.init(n_pre, connectivity.n_post, self._listed))
        return PathwayState(
            weights=jnp.asarray(self.weights, float),
            in_flight=self.projection.init(),
            current=jnp.zeros(connectivity.n_post if self.synapse is not None else 0),
            stp=None if self.stp is None else short_term_plasticity.init(connectivity.n_pre, self.stp),
            memory=memory,
        )

    def arrive(self, state: "PathwayState", spikes: Array, neuron: NeuronParameters, dt: float) -> tuple["PathwayState", Array]:
        """Send the spikes of the last step, and receive what arrives in this one.

        Args:
            state: The pathway.
            spikes: [n], of the last step.
            neuron: Model of the postsynaptic neurons.
            dt: Step, ms.

        Returns:
            The new state, and the input current [m] of the postsynaptic neurons, constant within the step.
        """
        sent, stp = spikes, state.stp
        if self.stp is not None and stp is not None:
            stp, sent = short_term_plasticity.step(self.stp, stp, spikes, dt)
        in_flight, arriving = self.projection.step(state.weights, state.in_flight, sent)
        state = state._replace(in_flight=in_flight, stp=stp)
        if self.synapse is None:
            return state, arriving * current_of_jump(neuron, dt)
        current = exponential.step(self.synapse, state.current, arriving, dt)
        if isinstance(neuron, LIF):
            return state._replace(current=current), lif.equivalent_current(neuron, current, self.synapse.tau, dt)
        return state._replace(current=current), exponential.mean(self.synapse, current, dt)

    def learn(
        self, state: "PathwayState", pre: Array, post: Array, dopamine: Array | None, rate: Array | float, dt: float
    ) -> "PathwayState":
        """Change the weights.

        Args:
            state: The pathway.
            pre: [n], presynaptic spikes of the last step, which are those just sent.
            post: [m], postsynaptic spikes of this step.
            dopamine: [], phasic; None where nothing gates plasticity, and STDP changes the weights at once.
            rate: Factor of the learning rate.
            dt: Step, ms.
        """
        if self.plasticity is None or state.memory is None:
            return state
        line = delay_line.push(state.memory.line, pre)
        if self._one_delay:
            arrived = delay_line.read(line, self._one_delay)
        else:
            arrived = delay_line.read(line, jnp.asarray(self.projection.delay), jnp.asarray(self.projection.connectivity.pre))
        parameters, third = self.plasticity, dopamine
        if third is None:
            # Ungated: the window itself, not the window times a rate made for dopamine in ms.
            parameters, third = parameters.replace(gating="additive", learning_rate=1.0), jnp.zeros(())  # type: ignore[attr-defined]
        stdp, weights = dopamine_stdp.step(
            parameters, state.memory.stdp, state.weights, arrived, post, third, dt, rate=rate, synapses=self._listed
        )
        weights = self.projection.constrain(weights)
        if self.scaling != "none":
            post = jnp.asarray(self.projection.connectivity.post)
            scaled = scaling.normalise_listed(
                weights, post, self.projection.connectivity.n_post, self.scaling, self.scaling_target
            )
            weights = scaled if dopamine is None else jnp.where(dopamine != 0.0, scaled, weights)
        return state._replace(weights=weights, memory=Memory(line, stdp))


class Memory(NamedTuple):
    """What a plastic pathway remembers."""

    line: DelayLine  # presynaptic spikes on their way, [D, n]
    stdp: DopamineSTDPState


class PathwayState(NamedTuple):
    """What changes in a run."""

    weights: Array  # [s]
    in_flight: ProjectionState
    current: Array  # [m], of exponential synapses; [0] without them
    stp: ShortTermPlasticityState | None
    memory: Memory | None


class _Listed(NamedTuple):
    """Synapses by their neurons, or by themselves on the presynaptic side."""

    pre: np.ndarray  # [s]
    post: np.ndarray  # [s]
