r"""Spiking SARSA(lambda): the value of an action is the difference of two opposed neurons' spike counts.

    I = 1/2 +- (Q_0 / 2) + W x - theta;   n = floor(v + S I), v <- v + S I - n;   Q = (n_push - n_pull) / S

Input neurons fire a sharp code of the observation. Each action has a push and a pull neuron, and the action whose counts differ
most is taken. What the action brought, its reward and the value of the action after it, less what it was worth, is released as
dopamine, and every synapse changes by its eligibility times that dopamine (Rummery and Niranjan 1994; Sutton and Barto 2018,
chapter 12). Actions of several components have a head of such neurons each; the value is the mean of the heads.

Five things let one configuration serve tasks that pay on different scales (docs/learners.md): dopamine in units of the largest
return met, optimism in the same unit, synapses that slow down when what is asked of them cancels out, a code by space with the
constants that go with it, and curiosity: while it learns, an action is credited with what may be wrong about its value.

    credit_a = curiosity * E|delta| * c_a,   c_a the coherence of its synapses: 1 where untried, 1 / sqrt(n) after n chances

(an upper confidence bound; Auer, Cesa-Bianchi and Fischer 2002; expected uncertainty, Yu and Dayan 2005).

A hidden population may speak beside the code's own synapses (``hidden_layer``), and actions may be random (``exploration``): the
value after such a step is that of the best action, and eligibility ends where the action taken was another (Watkins 1989).
``spiking_deep`` has both.

Two clocks: the *substep* (spikes; S of them an environment step) and the *environment step* (action, reward, dopamine, weight
change). Input and weights hold still within an environment step and the neurons do not leak, so that S substeps are one step of
S times the current, residual charge kept.
"""

import dataclasses
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl import codes
from neurorl.agents import actions
from neurorl.agents.actions import Actions
from neurorl.agents.contract import RecordedAgent, Recording, Timestep
from neurorl.agents.exploration import Exploration
from neurorl.agents.hidden_layer import Fired, HiddenLayer
from neurorl.homeostasis import threshold
from neurorl.neuromodulation import acetylcholine, reward_scale
from neurorl.neuromodulation.acetylcholine import Acetylcholine
from neurorl.neuromodulation.reward_scale import Returns
from neurorl.neurons import integrate_and_fire
from neurorl.parameters import parameter
from neurorl.plasticity import coherence, consolidation, eligibility, three_factor
from neurorl.plasticity.coherence import Coherence, Pushes
from neurorl.plasticity.consolidation import Consolidation
from neurorl.plasticity.plastic import Plastic

SIGNS = np.array([1.0, -1.0], np.float32)  # of push and pull
EXPECTED = Acetylcholine()  # how expected uncertainty is tracked
HEADROOM = 1.25  # values up to this many times the largest return can be told, so that a rate does not saturate at it

# Where a code tells states apart, what is learned of one says nothing of others. Their values can be learned from, so that traces
# are short; each must be visited, so that optimism outweighs the largest cost; and chance must be averaged out for each.
STATES_TOLD_APART: dict[str, Any] = {
    "learning_rate": 0.9,
    "lambda_": 0.35,
    "optimism": 1.2,
    "hope": 0.0,
    "curiosity": 1.0,
    "coherence": Coherence(forget=0.0005, power=2),
}


class State(NamedTuple):
    """A learner of A actions, of all heads."""

    code: Any  # what the code has learned of its input
    synapses: Plastic  # [A, 2, C], onto push and pull; eligibility in [0, 1]
    pushes: Pushes  # [A, 2, C] each
    potential: Array  # [A, 2], in thresholds
    threshold: Array  # [A], of both neurons of a pair
    value: Array  # [], of the last observation and action, in units of the scale
    returns: Returns
    uncertainty: Array  # [], expected size of dopamine
    begun: Array  # [], bool: whether an episode has ended that brought anything, so that the scale means something
    dopamine: Array  # [], last one
    hidden: Any = ()  # hidden_layer.State, where there is a hidden population
    explored: Any = ()  # [], bool: whether the last action was random and not the best; where actions may be random
    step: Any = ()  # [], environment steps, likewise


@struct.dataclass
class SpikingSarsa(RecordedAgent):
    """Hyperparameters of spiking SARSA(lambda), and its contract (``neurorl.agents.contract``)."""

    BEGINS_ANEW: ClassVar = (
        *("synapses.eligibility", "pushes", "potential", "value", "returns.running", "uncertainty", "dopamine"),
        *("explored", "step"),
    )

    code: codes.Code
    substeps: int = parameter(1024, "substeps an environment step", low=1, high=65_536, static=True)
    learning_rate: float = parameter(0.5, "share of a prediction error that one visit of a fresh synapse corrects", low=0.0)
    lambda_: float = parameter(0.9, "decay of eligibility per environment step, beside gamma", low=0.0, high=1.0)
    gamma: float = parameter(0.99, "discount per environment step", low=0.0, high=1.0)
    optimism: float = parameter(0.3, "value of what was never tried, in units of the largest return", low=-1.0, high=HEADROOM)
    hope: float = parameter(1.0, "how much of the best return met is added to that", low=0.0, high=1.0)
    curiosity: float = parameter(0.0, "credit of a choice, in units of the expected error of its value", low=0.0)
    scale: float = parameter(0.0, "largest return assumed before one was met, in the unit of the reward", low=0.0)
    gain: float = parameter(1.0, "dopamine for a unit of prediction error; 0 freezes every weight", low=0.0)
    coherence: Coherence = Coherence()
    consolidation: Consolidation = Consolidation()
    threshold_rate: float = parameter(1e-4, "threshold change per environment step for a unit of activity", low=0.0)
    direct: bool = parameter(True, "whether the code has synapses of its own onto the values", static=True)
    hidden: HiddenLayer = HiddenLayer()
    exploration: Exploration = Exploration()
    actions: Actions = Actions()

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "SpikingSarsa":
        """Return the agent with its defaults for an environment's spaces."""
        code = codes.sharp_for_space(observation_space, **ranges)
        own = {} if code.continuous else STATES_TOLD_APART
        return cls(code=code, actions=dataclasses.replace(actions.for_space(action_space), neurons=5), **own)

    def for_steps(self, steps: int) -> "SpikingSarsa":
        """Return the agent with exploration fitted to a run of ``steps``."""
        return self.replace(exploration=self.exploration.for_steps(steps))  # type: ignore[attr-defined]

    def init(self, key: Array) -> State:
        """Return a learner whose synapses onto the values are zero."""
        shape = (self.actions.size, 2, self.code.size if self.direct else 0)
        return State(
            code=self.code.init(),
            synapses=Plastic(*jnp.zeros((3, *shape))),
            pushes=coherence.init(self.coherence, shape),
            potential=jax.random.uniform(key, shape[:2]),
            threshold=jnp.zeros(shape[0]),
            value=jnp.float32(0.0),
            returns=reward_scale.init(self.scale),
            uncertainty=jnp.float32(EXPECTED.start),
            begun=jnp.array(False),
            dopamine=jnp.float32(0.0),
            hidden=self.hidden.init(jax.random.fold_in(key, 1), self.code, self.actions.size) if self.hidden.size else (),
            explored=jnp.array(False) if self.exploration.enabled else (),
            step=jnp.int32(0) if self.exploration.enabled else (),
        )

    def started_from(self, fresh: State, other: State) -> State:
        """Return a learner that goes on with the weights and scales of another; tags, activity and exploration begin anew."""
        state: State = super().started_from(fresh, other)
        return state._replace(hidden=self.hidden.started_from(fresh.hidden, other.hidden)) if self.hidden.size else state

    def record(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array, Recording]:
        """Do what :meth:`learn` does and tell what the neurons did, as counts of the whole environment step."""
        ended = timestep.terminated | timestep.truncated
        code = self.code.adapt(state.code, timestep.observation)
        returns = reward_scale.update(state.returns, timestep.reward, ended, self.gamma)
        layer, fired = self._hear(state.hidden, code, timestep)
        span = self._span(layer, returns)
        said = self._said(layer.outputs.weights, fired, span) if fired else 0.0
        potential, rate = self._fire(state, state.synapses.weights, state.potential, timestep.observation, said)
        best = self._choose(key, rate, self._doubt(state, timestep.observation))
        winners, explored = self._explore(key, best, state.step) if self.exploration.enabled else (best, ())
        chosen, value = self._value(winners, rate)
        after = self._value(best, rate)[1] if self.exploration.enabled else value

        reward = reward_scale.scaled(returns, timestep.reward) / HEADROOM
        delta = reward + self.gamma * jnp.where(timestep.terminated, 0.0, after) - state.value
        delta = self.gain * jnp.where(timestep.truncated | ~state.begun, 0.0, delta)
        step = 0.5 * self.learning_rate * SIGNS[:, None]  # half on each neuron of a pair
        if self.coherence.enabled:
            step = step * coherence.rate(self.coherence, state.pushes)
        synapses = state.synapses
        weights = three_factor.change(synapses.weights, synapses.eligibility, delta, jnp.asarray(step))

        x = self.code.rates(timestep.observation, code)
        cut = ended | state.explored if self.exploration.enabled else ended
        trace = eligibility.decay(synapses.eligibility, self.gamma * self.lambda_, cut)
        if self.direct:
            trace = eligibility.replace(trace, 2.0 * rate[:, :, None] * x, x, chosen[:, None, None] > 0.0)
        if fired:
            keep = jnp.where(cut, 0.0, self.gamma * self.hidden.decay)
            layer = self.hidden.learn(layer, fired, chosen / len(winners), span * delta, keep, self.consolidation)
        state = State(
            code=code,
            synapses=Plastic(weights, trace, consolidation.update(self.consolidation, synapses.slow, weights)),
            pushes=coherence.update(self.coherence, state.pushes, delta, synapses.eligibility),
            potential=potential,
            threshold=threshold.adapt(state.threshold, rate.mean(1), 0.5, self.threshold_rate),
            value=value,
            returns=returns,
            uncertainty=acetylcholine.update(EXPECTED, state.uncertainty, delta, timestep.truncated),
            begun=state.begun | (ended & (returns.largest > 0.0)),
            dopamine=delta,
            hidden=layer,
            explored=explored,
            step=state.step + 1 if self.exploration.enabled else (),
        )
        spikes = {"input": x[None]} | ({"hidden": fired.counts[None]} if fired else {})
        spikes |= {"values": (self.substeps * rate).reshape(1, -1)}
        signals = {"value": value, "dopamine": delta, "reward scale": returns.largest}
        return state, self.actions.of_winners(winners), Recording(spikes, signals)

    def initial_activity(self, state: State) -> Any:
        """Return the residual charge of the neurons, and the activity of hidden ones."""
        if not self.hidden.size:
            return state.potential
        return state.potential, self.hidden.initial_activity(state.hidden, self.code)

    def act(self, state: State, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose the action of the largest difference of spike counts, by the slow components of the weights onto the values."""
        if not self.hidden.size:
            potential, rate = self._fire(state, state.synapses.slow, activity, observation)
            return potential, self.actions.of_winners(self._choose(key, rate))
        potential, hidden = activity
        layer = self.hidden.remember(state.hidden._replace(activity=hidden), self.code, state.code, observation)
        fired = self.hidden.fire(layer, self.code, state.code, observation)
        said = self._said(state.hidden.outputs.slow, fired, self._span(state.hidden, state.returns))
        potential, rate = self._fire(state, state.synapses.slow, potential, observation, said)
        return (potential, layer.activity._replace(charge=fired.charge)), self.actions.of_winners(self._choose(key, rate))

    def value(self, state: State, observation: Array) -> Array:
        """Return the value of an observation, that of its best action, in units of reward; a memory takes it for the first."""
        said: Array | float = 0.0
        if self.hidden.size:
            layer = state.hidden._replace(activity=self.hidden.initial_activity(state.hidden, self.code))
            layer = self.hidden.remember(layer, self.code, state.code, observation)
            fired = self.hidden.fire(layer, self.code, state.code, observation)
            said = self._said(state.hidden.outputs.weights, fired, self._span(state.hidden, state.returns))
        _, rate = self._fire(state, state.synapses.weights, state.potential, observation, said)
        best = jnp.stack([head.max() for head in self.actions.split(rate @ SIGNS)])
        return best.mean() * HEADROOM * state.returns.largest

    def currents(self, state: State) -> tuple[Array, Array]:
        """Return what drives the neurons, hidden ones apart, when nothing is learned: a matrix [A, 2, C], and a bias [A, 2]."""
        bias = 0.5 * (1.0 + self._untried(state) * SIGNS) - state.threshold[:, None]
        return state.synapses.slow / self.code.groups, bias

    def report(self, state: State) -> dict[str, Array]:
        """Return what the modulators and homeostasis are doing."""
        return {
            "value": state.value,
            "reward_scale": state.returns.largest,
            "best_return": state.returns.best,
            "weight_max": jnp.abs(state.synapses.weights).max(initial=0.0),
            "threshold_min": state.threshold.min(),
            "threshold_max": state.threshold.max(),
            **({"tag_mass": state.hidden.mass} if self.hidden.size else {}),
            **({"epsilon": self.exploration.probability(state.step)} if self.exploration.enabled else {}),
        }

    def _hear(self, layer: Any, code: Any, timestep: Timestep) -> tuple[Any, Fired | None]:
        """Return the hidden population after a timestep, and what its neurons did; nothing where there is none."""
        if not self.hidden.size:
            return layer, None
        ended = timestep.terminated | timestep.truncated
        layer = self.hidden.adapt(layer, self.code, code, timestep.observation, begins=ended)
        layer = self.hidden.pay(layer, timestep.reward, ended, self.gamma)
        return layer, self.hidden.fire(layer, self.code, code, timestep.observation)

    def _span(self, layer: Any, returns: Returns) -> Array:
        """Return the largest value [] that can be told in the unit of hidden neurons; 1 where there are none."""
        return self.hidden.span(layer, HEADROOM * returns.largest) if self.hidden.size else jnp.float32(1.0)

    def _said(self, weights: Array, fired: Fired, span: Array) -> Array:
        """Return the currents [A, 2] that hidden neurons add to those of push and pull."""
        return 0.5 * (self.hidden.said(weights, fired) / span)[:, None] * SIGNS

    def _fire(
        self, state: State, weights: Array, potential: Array, observation: Array, said: Array | float = 0.0
    ) -> tuple[Array, Array]:
        """Return the potentials after an environment step and the rates in spikes per substep, both [A, 2]."""
        current = 0.5 * (1.0 + self._untried(state) * SIGNS) + self._read(state, weights, observation) - state.threshold[:, None]
        if self.hidden.size:
            current += said
        potential, counts = integrate_and_fire.step(potential, self.substeps * jnp.clip(current, 0.0, 1.0))
        return potential, counts / self.substeps

    def _untried(self, state: State) -> Array:
        """Return the value of what was never tried, in units of the scale with its headroom, []."""
        return (self.optimism + self.hope * reward_scale.scaled(state.returns, state.returns.best)) / HEADROOM

    def _read(self, state: State, synapses: Array, observation: Array) -> Array:
        """Return a quantity of the synapses [A, 2, C] at the inputs that fire, summed and divided by their groups, [A, 2]."""
        if not self.direct:
            return jnp.zeros(synapses.shape[:2])
        if isinstance(self.code, codes.ListedCode):
            index, x = self.code.active(observation, state.code)
            read = (synapses[:, :, index] * x).sum(-1)
        else:
            read = synapses @ self.code.rates(observation, state.code)
        return read / self.code.groups

    def _doubt(self, state: State, observation: Array) -> Array:
        """Return the credit [A] of choices, in units of the scale: n errors of size e that cancel leave e / sqrt(n)."""
        agreement = jnp.broadcast_to(coherence.agreement(state.pushes), state.synapses.weights.shape)
        return self.curiosity * state.uncertainty * self._read(state, agreement, observation).mean(1)

    def _value(self, winners: list[Array], rate: Array) -> tuple[Array, Array]:
        """Return the winners as ones among zeros, [A], and their value, the mean of the heads."""
        heads = zip(winners, self.actions.heads, strict=True)
        chosen = jnp.concatenate([jax.nn.one_hot(winner, n) for winner, n in heads])
        return chosen, (chosen * (rate @ SIGNS)).sum() / len(winners)

    def _explore(self, key: Array, best: list[Array], step: Array) -> tuple[list[Array], Array]:
        """Return the best action, or sometimes any, and whether it is another than the best."""
        key_whether, key_which = jax.random.split(jax.random.fold_in(key, 1))
        explores = jax.random.uniform(key_whether) < self.exploration.probability(step)
        any_ = self._choose(key_which, jnp.zeros((self.actions.size, 2)))
        winners = [jnp.where(explores, a, b) for a, b in zip(any_, best, strict=True)]
        return winners, jnp.stack([w != b for w, b in zip(winners, best, strict=True)]).any()

    def _choose(self, key: Array, rate: Array, credit: Array | float = 0.0) -> list[Array]:
        """Return the action of the largest difference of spike counts, and ``credit`` [A], in each head, ties at random."""
        values = rate @ SIGNS + credit + jax.random.uniform(key, rate.shape[:1]) * 0.1 / self.substeps
        return [jnp.argmax(head) for head in self.actions.split(values)]
