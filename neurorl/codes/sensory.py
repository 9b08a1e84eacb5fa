r"""Sensory neurons: from an observation through a code to spikes, and to the traces that their synapses see.

The neurons of a code integrate its rates over the S substeps of an environment step and fire; partners of theirs may remember
what an episode began with (``codes/working_memory``). Synapses see the spikes through an exponential trace, in units in which the
traces of a map sum to about 1 / maps.
"""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jax import Array

from neurorl.codes import spike_encoder, working_memory
from neurorl.codes.code import Code, ListedCode
from neurorl.codes.spike_encoder import EncoderState
from neurorl.codes.working_memory import WorkingMemory
from neurorl.parameters import Checked, parameter
from neurorl.synapses.sparse_spike_trace import SparseSpikeTrace
from neurorl.synapses.spike_trace import SpikeTrace

LARGE = 1024  # input neurons above which only those that fire are multiplied by their weights


@struct.dataclass
class Encoder(Checked):
    """Input neurons: from rates to spikes to traces."""

    substeps: int = parameter(8, "substeps per environment step", low=1, high=1024, static=True)
    dt: float = parameter(1.0, "time of a substep, ms", above=0.0, static=True)
    tau: float = parameter(4.0, "time constant of the spike trace, ms", low=1e-3)
    carry: bool = parameter(
        True, "whether the trace carries over between environment steps; a one-hot code starts afresh", static=True
    )
    spikes: str = parameter(
        "integrate", "integrate-and-fire, without noise, or Poisson", choices=("integrate", "poisson"), static=True
    )
    neurons: int = parameter(
        1,
        "neurons that integrate a cell of the code in turn; more of them tell its rate more finely",
        low=1,
        high=1024,
        static=True,
    )


@struct.dataclass
class Sensory:
    """The sensory population of an agent."""

    code: Code
    encoder: Encoder
    memory: WorkingMemory

    @property
    def size(self) -> int:
        """Number of neurons, those of the working memory included."""
        return self.code.size * (2 if self.memory.enabled else 1)

    @property
    def groups(self) -> int:
        """Number of groups of neurons whose rates sum to 1."""
        return self.code.groups * (2 if self.memory.enabled else 1)

    def init(self, key: Array) -> EncoderState:
        """Return neurons that have seen nothing."""
        return spike_encoder.init(key, self.size, self.code.init())._replace(memory=self._empty())

    def rest(self, state: EncoderState) -> EncoderState:
        """Return the neurons as they are, with an empty memory: potentials and traces carry over between episodes."""
        return state._replace(memory=self._empty())

    def adapt(self, state: EncoderState, observation: Array, begins: Array) -> EncoderState:
        """Return the neurons after the code has taken in one more observation, which ``begins`` an episode or does not."""
        state = state._replace(code=self.code.adapt(state.code, observation))
        return state._replace(memory=state.memory._replace(begins=begins)) if self.memory.enabled else state

    def fire(self, state: EncoderState, observation: Array, key: Array) -> tuple[EncoderState, SpikeTrace | SparseSpikeTrace]:
        """Let the neurons fire at an observation, for S substeps."""
        if isinstance(self.code, ListedCode) and self._few_fire():
            return self._fire_listed(self.code, state, observation)
        rates, memory = self._rates(state, observation)
        if self.encoder.spikes == "poisson":
            potential, spikes = state.potential, spike_encoder.poisson(key, rates, self.encoder.substeps)
        else:
            # n neurons that take turns fire together as often as one that integrates n times the rate
            potential, spikes = spike_encoder.integrate(state.potential, self.encoder.neurons * rates, self.encoder.substeps)
            spikes = spikes / self.encoder.neurons
        initial = state.trace if self.encoder.carry else jnp.zeros_like(state.trace)
        x = self._seen(initial, spikes)
        return EncoderState(potential, x.final(), state.code, memory), x

    def materialised(self, state: EncoderState, observation: Array) -> SpikeTrace:
        """Return what the synapses see of an observation that stays, without spikes: rates in their place."""
        rates, _ = self._rates(state, observation)
        initial = rates / self.groups if self.encoder.carry else jnp.zeros_like(rates)
        return self._seen(initial, jnp.broadcast_to(rates, (self.encoder.substeps, *rates.shape)))

    def _seen(self, initial: Array, spikes: Array) -> SpikeTrace:
        decay = jnp.exp(-self.encoder.dt / self.encoder.tau)
        return SpikeTrace(initial, spikes, decay, gain=(1.0 - decay) / self.groups)

    def _few_fire(self) -> bool:
        """Return whether the neurons that may fire are few, known beforehand, and without a past."""
        fresh = not self.encoder.carry and self.encoder.spikes == "integrate" and not self.memory.enabled
        return fresh and self.code.size > LARGE

    def _fire_listed(self, code: ListedCode, state: EncoderState, observation: Array) -> tuple[EncoderState, SparseSpikeTrace]:
        """Do what :meth:`fire` does, for the neurons that the code lists."""
        index, rates = code.active(observation, state.code)
        summed = jnp.zeros(code.size).at[index].add(rates)  # a neuron may be named twice: the first one fires for both
        repeated = jnp.tril(index[:, None] == index, -1).any(1)
        rates = jnp.where(repeated, 0.0, summed[index])
        before = state.potential[index]
        after, spikes = spike_encoder.integrate(before, rates, self.encoder.substeps)
        potential = state.potential.at[index].add(jnp.where(repeated, 0.0, after - before))
        x = self._seen(jnp.zeros_like(rates), spikes * ~repeated)
        return state._replace(potential=potential), SparseSpikeTrace(x, index, code.size)

    def _rates(self, state: EncoderState, observation: Array) -> tuple[Array, Any]:
        """Return the rates of all neurons, [size], and what working memory holds then."""
        rates = self.code.rates(observation, state.code)
        if not self.memory.enabled:
            return rates, ()
        held = working_memory.step(self.memory, state.memory, rates)
        return jnp.concatenate([rates, held.rates]), held

    def _empty(self) -> Any:
        return working_memory.init(self.code.size) if self.memory.enabled else ()
