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

import functools
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl import codes
from neurorl.agents import actions
from neurorl.agents.action_neurons import Memory
from neurorl.agents.actions import Actions
from neurorl.agents.contract import RecordedAgent, Recording, Timestep
from neurorl.agents.critic import Critic
from neurorl.agents.readout import Actor, Choice, Readout
from neurorl.codes.sensory import Encoder, Sensory
from neurorl.codes.spike_encoder import EncoderState
from neurorl.codes.working_memory import WorkingMemory
from neurorl.homeostasis import scaling, threshold
from neurorl.neuromodulation.modulation import Levels, Modulation
from neurorl.parameters import parameter
from neurorl.plasticity import rules
from neurorl.plasticity.consolidation import Consolidation
from neurorl.plasticity.critical_period import CriticalPeriod
from neurorl.plasticity.plastic import Homeostasis, Plastic
from neurorl.plasticity.rules import Presynaptic
from neurorl.plasticity.stdp import STDP
from neurorl.typing import Scalar

WINDOW = STDP(a_plus=1.0, a_minus=1.2)  # of the rules, in units of the trace; the time constant is the trace's


class State(NamedTuple):
    """A learner."""

    sensory: EncoderState  # input neurons
    actor: Plastic  # onto the P actor neurons, or populations that actor neurons share
    threshold: Array  # [P]
    surprise: Array  # [], of the last action, -ln of its probability
    critic: Plastic
    potential: Array  # [2 neurons], of the critic neurons, in thresholds
    value: Array  # [], value of the last observation
    modulators: Levels
    scaled: Array  # [], environment steps on which synaptic scaling acted
    neurons: Memory = Memory()  # what the action neurons remember
    age: Any = ()  # [] int32, environment steps, where rates fall with it


class Activity(NamedTuple):
    """What an episode of frozen weights carries from step to step."""

    sensory: EncoderState
    neurons: Memory = Memory()


@struct.dataclass
class SpikingActorCritic(RecordedAgent):
    """Hyperparameters of the spiking actor-critic, and its contract (``neurorl.agents.contract``)."""

    BEGINS_ANEW: ClassVar = (
        "sensory.potential",
        "sensory.trace",
        "sensory.memory",
        "actor.eligibility",
        "surprise",
        "critic.eligibility",
        "potential",
        "value",
        "modulators.acetylcholine",
        "scaled",
        "neurons",
        "age",
    )

    code: codes.Code
    encoder: Encoder = Encoder()
    memory: WorkingMemory = WorkingMemory()
    actor: Actor = Actor()
    consolidation: Consolidation = Consolidation(window=500.0)
    critic: Critic = Critic()
    modulation: Modulation = Modulation()
    homeostasis: Homeostasis = Homeostasis()
    critical_period: CriticalPeriod = CriticalPeriod()
    gamma: float = parameter(0.99, "discount per environment step", low=0.0, high=1.0)
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

    def for_steps(self, steps: int) -> "SpikingActorCritic":
        """Let the critical period close at the end of a run, where nothing else was said."""
        if not self.critical_period.enabled or self.critical_period.steps is not None:
            return self
        return self.replace(critical_period=self.critical_period.replace(steps=steps))  # type: ignore[attr-defined]

    @property
    def sensory(self) -> Sensory:
        """The input neurons."""
        return Sensory(self.code, self.encoder, self.memory)

    @property
    def readout(self) -> Readout:
        """The neurons that choose."""
        return Readout(self.actions, self.actor)

    def init(self, key: Array) -> State:
        """Return a learner with zero weights."""
        rules.find(self.actor.rule, "agent.actor.rule")
        key_sensory, key_critic = jax.random.split(key)
        inputs, populations = self.sensory.size, self.readout.populations
        return State(
            sensory=self.sensory.init(key_sensory),
            actor=self.actor.begin(populations, inputs, slow=True),
            threshold=jnp.zeros(populations),
            surprise=jnp.float32(0.0),
            critic=self.critic.begin(self.critic.size, inputs),
            potential=jax.random.uniform(key_critic, (self.critic.size,)),
            value=jnp.float32(0.0),
            modulators=self.modulation.init(),
            scaled=jnp.int32(0),
            neurons=self.readout.begin(),
            age=self.critical_period.begin(),
        )

    def record(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array, Recording]:
        """Do what :meth:`learn` does and tell what the neurons did."""
        key_sensory, key_actor = jax.random.split(key)
        ended = timestep.terminated | timestep.truncated
        felt = self.modulation.before(state.modulators, timestep)
        gamma = self.modulation.discount(felt, self.gamma)

        sensory = self.sensory.adapt(state.sensory, timestep.observation, begins=ended)
        sensory, x = self.sensory.fire(sensory, timestep.observation, key_sensory)
        drive = self.modulation.drive(felt, self.actor.drive(state.actor, x) - state.threshold)
        choice = self.readout.choose(key_actor, drive, state.neurons)
        critic = self.critic.judge(state.critic, state.potential, x)

        reward = timestep.reward + self.actor.entropy * state.surprise
        delta = self.modulation.release(felt, reward, state.value, critic.value, timestep, gamma)
        modulators, gate = self.modulation.after(state.modulators, felt, delta, critic.value, timestep)
        left = functools.partial(self.critical_period.left, state.age)
        actor = self._kept_open(state.actor, x, choice, left(self.critical_period.actor) * left(self.critical_period.openness))
        gate = gate * left(self.critical_period.actor)
        learned, scaled = self.actor.learn(actor, delta, gate, self.homeostasis, self.consolidation)
        valued, _ = self.critic.learn(state.critic, delta, left(self.critical_period.critic))

        increment = rules.increment(rules.find(self.actor.rule), WINDOW, x, choice.response)
        thresholds = threshold.adapt(state.threshold, choice.chosen, self.readout.share, self.homeostasis.threshold_rate)
        state = State(
            sensory=sensory,
            actor=self.actor.tag(learned, increment, gamma, ended),
            threshold=thresholds,
            surprise=choice.surprise,
            critic=self.critic.tag(valued, critic.increment, gamma, ended),
            potential=critic.potential,
            value=critic.value,
            modulators=modulators,
            scaled=state.scaled + scaled,
            neurons=choice.neurons,
            age=self.critical_period.older(state.age),
        )
        spikes = {"input": x.spikes, "actor": choice.spikes, "critic": critic.spikes}
        return state, choice.action, Recording(spikes, {"value": critic.value, "dopamine": delta})

    def _kept_open(self, actor: Plastic, x: Presynaptic, choice: Choice, share: Scalar) -> Plastic:
        """Return the actor's synapses drawn towards open choice, by a share of their learning rate."""
        if not self.actor.openness:
            return actor
        change = x.correlate(self.readout.opening(choice))
        return actor._replace(weights=actor.weights + self.actor.learning_rate * share * change)

    def initial_activity(self, state: State) -> Activity:
        """Return the input neurons as they are, and an empty memory: potentials and traces carry over between episodes."""
        return Activity(self.sensory.rest(state.sensory), self.readout.begin())

    def act(self, state: State, activity: Activity, observation: Array, key: Array) -> tuple[Activity, Array]:
        """Choose by the drive of the slow weights, summed over the substeps, without noise."""
        sensory, x = self.sensory.fire(activity.sensory, observation, key)
        drive = state.actor.slow @ x.total() - self.encoder.substeps * state.threshold
        neurons, action = self.readout.act(drive / self.encoder.substeps, activity.neurons)
        return Activity(sensory, neurons), action

    def value(self, state: State, observation: Array) -> Array:
        """Return the discounted return expected of an observation, []: what the critic's rates settle at, without spikes.

        The value of ``record`` is (1 - gamma) times this, rounded to whole spikes and smeared by the trace of the step before.
        """
        return self.critic.materialised(state.critic, self.sensory.materialised(state.sensory, observation)) / (1.0 - self.gamma)

    def report(self, state: State) -> dict[str, Array]:
        """Return what homeostasis and the modulators are doing."""
        norm = "l1" if self.homeostasis.scaling == "l1" else "l2"
        return {
            "value": state.value,
            "expected_uncertainty": state.modulators["acetylcholine"],
            "scaled_steps": state.scaled,
            "actor_norm_max": scaling.norms(state.actor.weights, norm).max(),
            "threshold_min": state.threshold.min(),
            "threshold_max": state.threshold.max(),
        }
