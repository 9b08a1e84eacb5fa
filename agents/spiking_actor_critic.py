r"""Spiking actor-critic: dopamine-gated plasticity from a prediction error, without gradient or replay.

Input neurons fire a population code of the observation. Actor neurons, one an action, compete: the first to spike acts; an
action of several components has a head of such neurons for each.
Critic neurons in two opposed groups hold the value of the observation in their rates. At the end of an environment step
the critic's prediction error is released as dopamine, and every synapse changes by its eligibility times that dopamine
(Fremaux, Sprekeler and Gerstner 2013). Slow components of the actor's weights act when nothing is learned. ARCHITECTURE.md walks
through one step.

Two clocks: the *substep* (spikes, traces; S of them an environment step) and the *environment step* (action, reward,
dopamine, weight change). Weights hold still within an environment step.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl import codes
from neurorl.agents import actions, components
from neurorl.agents.actions import Actions
from neurorl.agents.contract import Agent, Recording, Timestep
from neurorl.codes import spike_encoder, working_memory
from neurorl.codes.spike_encoder import EncoderState
from neurorl.codes.working_memory import WorkingMemory
from neurorl.homeostasis import scaling, threshold
from neurorl.neuromodulation import acetylcholine, cortisol, dopamine, norepinephrine, reward, serotonin
from neurorl.neuromodulation.acetylcholine import Acetylcholine
from neurorl.neuromodulation.cortisol import Cortisol
from neurorl.neuromodulation.dopamine import Dopamine
from neurorl.neuromodulation.norepinephrine import Norepinephrine
from neurorl.neuromodulation.serotonin import Serotonin
from neurorl.neurons import escape_noise, integrate_and_fire
from neurorl.parameters import parameter
from neurorl.plasticity import consolidation, eligibility, rules, three_factor
from neurorl.plasticity.consolidation import Consolidation
from neurorl.synapses.listed_trace import ListedTrace
from neurorl.synapses.spike_trace import SpikeTrace

LARGE = 1024  # input neurons above which only those that fire are multiplied by their weights


@struct.dataclass
class Encoder:
    """Input neurons: from rates to spikes to traces."""

    substeps: int = parameter(8, "substeps an environment step", low=1, high=1024, static=True)
    tau: float = parameter(4.0, "time constant of the spike trace, substeps", low=1e-3)
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
class Actor:
    """Escape-noise neurons, a head for each component of an action; joint actions may share synapses (``agents.components``)."""

    learning_rate: float = parameter(20.0, "weight change for a unit of dopamine and eligibility", low=0.0)
    lambda_: float = parameter(0.95, "decay of eligibility an environment step, beside gamma", low=0.0, high=1.0)
    hazard: float = parameter(0.5, "probability a substep that some actor neuron fires", low=0.0, high=1.0)
    rule: str = parameter("escape-noise", "escape-noise, td-ltp, pair-stdp, or module:function", static=True)
    components: tuple[int, ...] = parameter((), "sizes of the components that joint actions share synapses by", static=True)
    inhibition: bool = parameter(True, "whether the first spike silences the other actor neurons", static=True)
    entropy: float = parameter(0.0, "reward for an action's surprise, -ln of its probability: it keeps choice open", low=0.0)


@struct.dataclass
class Critic:
    """Two opposed groups of integrate-and-fire neurons."""

    learning_rate: float = parameter(1.0, "weight change for a unit of dopamine and eligibility", low=0.0)
    lambda_: float = parameter(0.95, "decay of eligibility an environment step, beside gamma", low=0.0, high=1.0)
    neurons: int = parameter(2, "neurons of each group", low=1, high=1024, static=True)
    rate: float = parameter(8.0, "spikes a substep at full drive", low=1.0)
    leak: float = parameter(0.0, "share of the membrane potential lost a substep", low=0.0, high=1.0)
    floor: float = parameter(
        0.0, "share of the full rate that eligibility counts at least; above 0 a silenced neuron can come back", low=0.0, high=1.0
    )


@struct.dataclass
class Homeostasis:
    """What keeps the actor in range."""

    scaling: str = parameter("l2", "norm of a neuron's weights that synaptic scaling caps", choices=scaling.NORMS, static=True)
    cap: float = parameter(45.0, "largest norm of an actor neuron's weights", low=0.0)
    threshold_rate: float = parameter(1e-4, "threshold change an environment step for a unit of activity", low=0.0)


class Plastic(NamedTuple):
    """Synapses onto a population of n neurons."""

    weights: Array  # [n, C]
    eligibility: Array  # [n, C]


class State(NamedTuple):
    """A learner."""

    encoder: EncoderState  # input neurons
    actor: Plastic  # onto the P actor neurons, or populations that actor neurons share
    consolidated: Array  # [P, C], slow components of the actor's weights, which act when nothing is learned
    threshold: Array  # [P]
    critic: Plastic
    potential: Array  # [2 neurons], of the critic neurons, in thresholds
    value: Array  # [], value of the last observation
    uncertainty: Array  # [], expected |dopamine|
    surprise: Array  # [], recent |dopamine|, for norepinephrine
    patience: Array  # [], recent value, for serotonin
    stress: Array  # [], for cortisol
    unlikely: Array  # [], surprise of the last action, -ln of its probability
    scaled: Array  # [], environment steps on which synaptic scaling acted


@struct.dataclass
class SpikingActorCritic(Agent):
    """Hyperparameters of the spiking actor-critic, and its contract (``neurorl.agents.contract``)."""

    code: codes.Code
    encoder: Encoder = Encoder()
    memory: WorkingMemory = WorkingMemory()
    actor: Actor = Actor()
    consolidation: Consolidation = Consolidation(window=500.0)
    critic: Critic = Critic()
    dopamine: Dopamine = Dopamine()
    acetylcholine: Acetylcholine = Acetylcholine()
    norepinephrine: Norepinephrine = Norepinephrine()
    serotonin: Serotonin = Serotonin()
    cortisol: Cortisol = Cortisol()
    homeostasis: Homeostasis = Homeostasis()
    gamma: float = parameter(0.99, "discount an environment step", low=0.0, high=1.0)
    actions: Actions = Actions()

    @classmethod
    def for_spaces(
        cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any
    ) -> "SpikingActorCritic":
        """Return the agent with its defaults for an environment's spaces."""
        code = codes.for_space(observation_space, **ranges)
        # Neighbouring observations of a box follow each other, and a trace that carries over smooths them. States of a one-hot
        # code have no neighbours: there it would credit one state with the outcome of another.
        encoder = Encoder(carry=code.continuous)
        return cls(code=code, encoder=encoder, actions=actions.for_space(action_space))

    def init(self, key: Array) -> State:
        """Return a learner with zero weights."""
        rules.find(self.actor.rule)
        key_encoder, key_critic = jax.random.split(key)
        critics, populations = 2 * self.critic.neurons, self._membership().shape[1]
        return State(
            encoder=spike_encoder.init(key_encoder, self.inputs, self.code.init())._replace(memory=self._empty_memory()),
            actor=Plastic(*jnp.zeros((2, populations, self.inputs))),
            consolidated=jnp.zeros((populations, self.inputs)),
            threshold=jnp.zeros(populations),
            critic=Plastic(*jnp.zeros((2, critics, self.inputs))),
            potential=jax.random.uniform(key_critic, (critics,)),
            value=jnp.float32(0.0),
            uncertainty=jnp.asarray(self.acetylcholine.start, jnp.float32),
            surprise=jnp.asarray(self.acetylcholine.start, jnp.float32),
            patience=jnp.float32(0.0),
            stress=jnp.float32(0.0),
            unlikely=jnp.float32(0.0),
            scaled=jnp.int32(0),
        )

    def learn(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array]:
        """Release dopamine for the last action, change the weights, and choose the next action."""
        state, action, _ = self.record(state, timestep, key)
        return state, action

    def record(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array, Recording]:
        """Do what :meth:`learn` does and tell what the neurons did."""
        key_input, key_actor = jax.random.split(key)
        ended = timestep.terminated | timestep.truncated
        arousal = norepinephrine.arousal(self.norepinephrine, state.surprise, state.uncertainty)
        gamma = serotonin.discount(self.serotonin, state.patience, self.gamma)
        felt = cortisol.update(self.cortisol, state.stress, timestep.final_observation)  # what the last action led to
        stress = jnp.where(ended, cortisol.update(self.cortisol, jnp.float32(0.0), timestep.observation), felt)

        encoder = state.encoder._replace(code=self.code.adapt(state.encoder.code, timestep.observation))
        if self.memory.enabled:
            encoder = encoder._replace(memory=encoder.memory._replace(begins=ended))
        encoder, x = self.encode(encoder, timestep.observation, key_input)
        drive = x.project(state.actor.weights) - state.threshold
        drive = norepinephrine.explore(self.norepinephrine, arousal, drive)
        drive = cortisol.commit(self.cortisol, stress, drive)
        post, winners = self._decide(key_actor, self._joint(drive))
        potential, critic_spikes = self._criticise(state.potential, x.project(state.critic.weights))
        rates = critic_spikes / self.critic.rate
        value = 2.0 * jnp.mean(self._signs() * rates.mean(0))

        paid = timestep.reward + self.actor.entropy * state.unlikely
        delta = dopamine.release(self.dopamine, paid, state.value, value, timestep.terminated, timestep.truncated, gamma)
        delta = cortisol.caution(self.cortisol, felt, delta)
        uncertainty = acetylcholine.update(self.acetylcholine, state.uncertainty, delta, timestep.truncated)
        surprise = norepinephrine.update(self.norepinephrine, state.surprise, delta, timestep.truncated)
        if timestep.events:  # their rewards are in the reward already; a switch of source is not one, and speaks to the gate
            uncertainty = acetylcholine.startle(self.acetylcholine, uncertainty, reward.switched(timestep.events))
        gate = acetylcholine.gate(self.acetylcholine, uncertainty)
        actor_rate = self.actor.learning_rate * norepinephrine.open_gate(self.norepinephrine, arousal, gate)
        actor_weights = three_factor.change(state.actor.weights, state.actor.eligibility, delta, actor_rate)
        critic_weights = three_factor.change(state.critic.weights, state.critic.eligibility, delta, self.critic.learning_rate)
        actor_weights, scaled = scaling.cap(actor_weights, self.homeostasis.scaling, self.homeostasis.cap, enabled=delta != 0.0)

        actor_increment = rules.find(self.actor.rule)(x, rules.Postsynaptic(*map(self._parts, post)))
        eligible = jnp.maximum(rates, self.critic.floor)
        critic_increment = x.correlate(2.0 * self._signs() * eligible / self.encoder.substeps)
        actor_trace = eligibility.decay(state.actor.eligibility, gamma * self.actor.lambda_, ended)
        critic_trace = eligibility.decay(state.critic.eligibility, gamma * self.critic.lambda_, ended)
        chosen = self._parts(jnp.concatenate([jax.nn.one_hot(w, n) for w, n in zip(winners, self.actions.heads, strict=True)]))
        share = self._parts(jnp.concatenate([jnp.full(n, 1.0 / n) for n in self.actions.heads]))
        state = State(
            encoder=encoder,
            actor=Plastic(actor_weights, actor_trace + actor_increment),
            consolidated=consolidation.update(self.consolidation, state.consolidated, actor_weights),
            threshold=threshold.adapt(state.threshold, chosen, share, self.homeostasis.threshold_rate),
            critic=Plastic(critic_weights, critic_trace + critic_increment),
            potential=potential,
            value=value,
            uncertainty=uncertainty,
            surprise=surprise,
            patience=serotonin.update(self.serotonin, state.patience, value),
            stress=stress,
            unlikely=-(post.spikes * jnp.log(jnp.where(post.spikes > 0.0, post.hazard / self.actor.hazard, 1.0))).sum(),
            scaled=state.scaled + scaled,
        )
        spikes = {"input": x.spikes, "actor": post.spikes, "critic": critic_spikes}
        return state, self._express(post, winners), Recording(spikes, {"value": value, "dopamine": delta})

    def rest(self, state: State) -> EncoderState:
        """Return the input neurons as they are, and an empty memory: potentials and traces carry over between episodes."""
        return state.encoder._replace(memory=self._empty_memory())

    def act(self, state: State, activity: EncoderState, observation: Array, key: Array) -> tuple[EncoderState, Array]:
        """Choose the action of the largest drive by the slow weights, summed over the substeps, without noise."""
        activity, x = self.encode(activity, observation, key)
        drive = state.consolidated @ x.total() - self.encoder.substeps * state.threshold
        return activity, self.actions.of_winners([jnp.argmax(head) for head in self.actions.split(self._joint(drive))])

    def value(self, state: State, observation: Array) -> Array:
        """Return the discounted return expected of an observation, []: what the critic's rates settle at, without spikes.

        The value of ``record`` is (1 - gamma) times this, rounded to whole spikes and smeared by the trace of the step before.
        """
        rates, _ = self._rates(state.encoder, observation)
        decay = jnp.exp(-1.0 / self.encoder.tau)
        settled = rates / self._groups if self.encoder.carry else jnp.zeros_like(rates)
        spikes = jnp.broadcast_to(rates, (self.encoder.substeps, *rates.shape))
        x = SpikeTrace(settled, spikes, decay, gain=(1.0 - decay) / self._groups)
        drive = x.project(state.critic.weights).mean(0)
        return 2.0 * jnp.mean(self._signs() * jnp.clip(0.5 + drive, 0.0, 1.0)) / (1.0 - self.gamma)

    def report(self, state: State) -> dict[str, Array]:
        """Return what homeostasis and the modulators are doing."""
        norm = "l1" if self.homeostasis.scaling == "l1" else "l2"
        return {
            "value": state.value,
            "expected_uncertainty": state.uncertainty,
            "scaled_steps": state.scaled,
            "actor_norm_max": scaling.norms(state.actor.weights, norm).max(),
            "threshold_min": state.threshold.min(),
            "threshold_max": state.threshold.max(),
        }

    def encode(self, encoder: EncoderState, observation: Array, key: Array) -> tuple[EncoderState, SpikeTrace | ListedTrace]:
        """Let the input neurons fire at an observation; the traces of a map sum to about 1 / maps."""
        if self._fires_sparsely():
            return self._encode_sparsely(encoder, observation)
        rates, memory = self._rates(encoder, observation)
        if self.encoder.spikes == "poisson":
            potential, spikes = encoder.potential, spike_encoder.poisson(key, rates, self.encoder.substeps)
        else:
            # n neurons that take turns fire together as often as one that integrates n times the rate
            potential, spikes = spike_encoder.integrate(encoder.potential, self.encoder.neurons * rates, self.encoder.substeps)
            spikes = spikes / self.encoder.neurons
        decay = jnp.exp(-1.0 / self.encoder.tau)
        initial = encoder.trace if self.encoder.carry else jnp.zeros_like(encoder.trace)
        x = SpikeTrace(initial, spikes, decay, gain=(1.0 - decay) / self._groups)
        return EncoderState(potential, x.final(), encoder.code, memory), x

    def _fires_sparsely(self) -> bool:
        """Return whether the input neurons that may fire are few, known beforehand, and without a past."""
        fresh = not self.encoder.carry and self.encoder.spikes == "integrate" and not self.memory.enabled
        return fresh and hasattr(self.code, "active") and self.code.size > LARGE

    def _encode_sparsely(self, encoder: EncoderState, observation: Array) -> tuple[EncoderState, ListedTrace]:
        """Do what :meth:`encode` does, for the neurons that the code names."""
        code: Any = self.code  # one that names its neurons
        index, rates = code.active(observation, encoder.code)
        summed = jnp.zeros(self.code.size).at[index].add(rates)  # a neuron may be named twice: the first one fires for both
        repeated = jnp.tril(index[:, None] == index, -1).any(1)
        rates = jnp.where(repeated, 0.0, summed[index])
        before = encoder.potential[index]
        after, spikes = spike_encoder.integrate(before, rates, self.encoder.substeps)
        potential = encoder.potential.at[index].add(jnp.where(repeated, 0.0, after - before))
        decay = jnp.exp(-1.0 / self.encoder.tau)
        x = SpikeTrace(jnp.zeros_like(rates), spikes * ~repeated, decay, gain=(1.0 - decay) / self._groups)
        return encoder._replace(potential=potential), ListedTrace(x, index, self.code.size)

    def _rates(self, encoder: EncoderState, observation: Array) -> tuple[Array, Any]:
        """Return the rates of the input neurons, [inputs], and what working memory holds then."""
        rates = self.code.rates(observation, encoder.code)
        if not self.memory.enabled:
            return rates, ()
        held = working_memory.step(self.memory, encoder.memory, rates)
        return jnp.concatenate([rates, held.rates]), held

    @property
    def inputs(self) -> int:
        """Number of input neurons, those of the working memory included."""
        return self.code.size * (2 if self.memory.enabled else 1)

    @property
    def _groups(self) -> int:
        return self.code.groups * (2 if self.memory.enabled else 1)

    def _empty_memory(self) -> Any:
        return working_memory.init(self.code.size) if self.memory.enabled else ()

    def _decide(self, key: Array, drive: Array) -> tuple[rules.Postsynaptic, list[Array]]:
        """Let the neurons of each head compete, and return what they did [S, A] and the winner of each head."""
        heads = self.actions.split(drive)
        keys = [key] if len(heads) == 1 else list(jax.random.split(key, len(heads)))
        hazards = [escape_noise.hazard(head, self.actor.hazard) for head in heads]
        decisions = [escape_noise.first_spike(k, h, self.actor.inhibition) for k, h in zip(keys, hazards, strict=True)]
        until = [h * d.active[:, None] for h, d in zip(hazards, decisions, strict=True)]
        spikes = jnp.concatenate([d.spikes for d in decisions], axis=-1)
        return rules.Postsynaptic(spikes, jnp.concatenate(until, axis=-1)), [d.winner for d in decisions]

    def _express(self, post: rules.Postsynaptic, winners: list[Array]) -> Array:
        """Return the action: of the winners, or without inhibition the population vector of all spikes."""
        if self.actor.inhibition:
            return self.actions.of_winners(winners)
        counts = self.actions.split(post.spikes.sum(0))
        silent = [jax.nn.one_hot(w, n) * (c.sum() == 0) for w, n, c in zip(winners, self.actions.heads, counts, strict=True)]
        return self.actions.of_activity([c + s for c, s in zip(counts, silent, strict=True)])

    def _membership(self) -> np.ndarray:
        return components.membership(self.actor.components, self.actions.size)

    def _joint(self, drive: Array) -> Array:
        """Return the drives [..., A] of the actor neurons, of those [..., P] of the populations that they share."""
        return drive @ self._membership().T if self.actor.components else drive

    def _parts(self, activity: Array) -> Array:
        """Return the activity [..., P] of the populations, of that [..., A] of the actor neurons."""
        return activity @ self._membership() if self.actor.components else activity

    def _criticise(self, potential: Array, drive: Array) -> tuple[Array, Array]:
        """Return the potentials of the critic neurons and their spike counts, [S, 2 neurons]."""
        current = self.critic.rate * jnp.clip(0.5 + drive, 0.0, 1.0)
        counts = []
        for substep in range(self.encoder.substeps):
            potential, count = integrate_and_fire.step(potential, current[substep], self.critic.leak)
            counts.append(count)
        return potential, jnp.stack(counts)

    def _signs(self) -> Array:
        """Return +1 for the group whose rate raises the value and -1 for the other, [2 neurons]."""
        return jnp.repeat(jnp.array([1.0, -1.0]), self.critic.neurons)
