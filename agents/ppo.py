r"""Proximal policy optimisation (Schulman et al. 2017), with the constants and details of CleanRL's ``ppo.py``.

    L = -min(rho A, clip(rho, 1 +- c) A) + c_v L_value - c_e H,   rho = pi(a|s) / pi_old(a|s)

A learner has one environment: 512 successive steps take the place of CleanRL's 4 x 128, so that batches and minibatches have
the same sizes. Truncated transitions have no weight in the loss.
"""

from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl.agents import advantages, categorical, inputs, networks
from neurorl.agents.contract import Agent, Timestep
from neurorl.agents.inputs import Inputs
from neurorl.errors import NeurorlError
from neurorl.parameters import parameter


class Decision(NamedTuple):
    """What was seen and done at one environment step."""

    inputs: Array  # [size]
    action: Array  # [], int; [heads] of several components
    log_probability: Array  # [], of the action
    value: Array  # []
    memory: Any = ()  # what it was made with beside the inputs; nothing where the network has no memory


class Transition(NamedTuple):
    """A decision and what came of it."""

    decision: Decision
    reward: Array  # []
    next_value: Array  # []
    terminated: Array  # [], bool
    truncated: Array  # [], bool


class State(NamedTuple):
    """A learner."""

    weights: Any  # of the network
    moments: Any  # Adam's
    rollout: Transition  # with a leading axis [rollout] on every field
    last: Decision
    step: Array  # [], environment steps
    memory: Any = ()  # after the last decision


@struct.dataclass
class PPO(Agent):
    """Hyperparameters of PPO, and its contract (``neurorl.agents.contract``)."""

    BEGINS_ANEW: ClassVar = ("moments", "rollout", "last", "step")

    inputs: Inputs = Inputs()
    actions: int = parameter(2, "number of actions, or of the choices of all components", low=1, static=True)
    heads: tuple[int, ...] = parameter((), "choices of each component of an action; empty: it has one", static=True)
    hidden: int = parameter(64, "neurons of a hidden layer", low=1, static=True)
    rollout: int = parameter(512, "environment steps between updates, which are the batch", low=2, static=True)
    minibatches: int = parameter(4, "parts that the batch is cut into", low=1, static=True)
    epochs: int = parameter(4, "times that an update goes through the batch", low=1, static=True)
    learning_rate: float = parameter(2.5e-4, "Adam's, at the start", low=0.0)
    anneal_steps: int | None = parameter(
        None, "environment steps over which the learning rate falls to 0; null: the run's", low=1, optional=True
    )
    gamma: float = parameter(0.99, "discount per environment step", low=0.0, high=1.0)
    lambda_: float = parameter(0.95, "decay of advantages an environment step, beside gamma", low=0.0, high=1.0)
    clip: float = parameter(0.2, "largest change of a probability's ratio, and of a value", low=0.0)
    entropy: float = parameter(0.01, "weight of the entropy", low=0.0)
    value_weight: float = parameter(0.5, "weight of the value's loss", low=0.0)
    adam_epsilon: float = parameter(1e-5, "Adam's: gradients below it change little", above=0.0)
    largest_gradient: float = parameter(0.5, "norm at which the gradient is clipped", above=0.0)

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "PPO":
        """Return the agent with its defaults for an environment's spaces."""
        heads = categorical.heads_of(cls, action_space)
        return cls(
            inputs=inputs.for_space(observation_space), actions=sum(heads), heads=() if action_space.shape == () else heads
        )

    def for_steps(self, steps: int) -> "PPO":
        """Let the learning rate fall over the run, where nothing else was said."""
        return self.replace(anneal_steps=steps) if self.anneal_steps is None else self  # type: ignore[attr-defined]

    @property
    def update_every(self) -> int:
        """Environment steps of a rollout."""
        return self.rollout

    @property
    def network(self) -> nn.Module:
        """The network: inputs [..., size] to logits [..., actions] and value [...]."""
        return networks.ActorCritic(self.actions, self.hidden)

    def init(self, key: Array) -> State:
        """Return a learner with random weights."""
        if self.minibatches > self.rollout:
            raise NeurorlError(
                f"'agent.minibatches' is {self.minibatches}; it must be at most 'agent.rollout', which is {self.rollout}"
            )
        blank = jnp.zeros(self.inputs.size)
        weights = self._draw(key)
        none = jnp.zeros(len(self.heads), jnp.int32) if self.heads else jnp.int32(0)
        memory = self._blank()
        last = Decision(blank, none, jnp.float32(0.0), jnp.float32(0.0), self._recalled(memory, jnp.array(True)))
        empty = Transition(last, jnp.float32(0.0), jnp.float32(0.0), jnp.array(False), jnp.array(True))
        rollout = jax.tree.map(lambda x: jnp.broadcast_to(x, (self.rollout, *x.shape)), empty)
        return State(weights, self._optimiser().init(weights), rollout, last, jnp.int32(0), memory)

    def learn(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array]:
        """Note what the last action brought, and draw the next one from the policy."""
        seen = self.inputs.vector(timestep.observation)
        recalled = self._recalled(state.memory, timestep.terminated | timestep.truncated)
        memory, logits, value = self._judge(state.weights, recalled, seen)
        if self.heads:
            action = categorical.draw(key, logits, self.heads)
            decision = Decision(seen, action, categorical.log_probability(logits, action, self.heads), value, recalled)
        else:
            action = jax.random.categorical(key, logits)
            decision = Decision(seen, action, jax.nn.log_softmax(logits)[action], value, recalled)
        done = Transition(state.last, timestep.reward, value, timestep.terminated, timestep.truncated)
        slot = state.step % self.rollout
        rollout = jax.tree.map(lambda all_, new: all_.at[slot].set(new), state.rollout, done)
        return state._replace(rollout=rollout, last=decision, step=state.step + 1, memory=memory), action

    def update(self, state: State, key: Array) -> State:
        """Go through the rollout a few times, in minibatches."""
        r = state.rollout
        advantage = advantages.estimate(
            r.reward, r.decision.value, r.next_value, r.terminated, r.truncated, self.gamma, self.lambda_
        )
        batch = (r.decision, advantage, 1.0 - r.truncated)
        steps = self.rollout if self.anneal_steps is None else self.anneal_steps
        left = jnp.clip(1.0 - (state.step - self.rollout) / steps, 0.0, 1.0)
        orders = self._orders(key, self.rollout)

        def descend(carry: tuple[Any, Any], chosen: Array) -> tuple[tuple[Any, Any], None]:
            weights, moments = carry
            gradient = jax.grad(self._loss)(weights, *jax.tree.map(lambda x: x[chosen], batch))
            change, moments = self._optimiser().update(gradient, moments)
            change = jax.tree.map(lambda c: -self.learning_rate * left * c, change)
            return (optax.apply_updates(weights, change), moments), None

        (weights, moments), _ = jax.lax.scan(descend, (state.weights, state.moments), orders)
        return state._replace(weights=weights, moments=moments)

    def act(self, state: State, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose the most probable action."""
        recalled = self._recalled(activity, jnp.array(False))
        activity, logits, _ = self._judge(state.weights, recalled, self.inputs.vector(observation))
        return activity, categorical.likeliest(logits, self.heads) if self.heads else jnp.argmax(logits)

    def value(self, state: State, observation: Array) -> Array:
        """Return the discounted return expected of an observation, []."""
        return self._judge(state.weights, self._recalled(self._blank(), jnp.array(True)), self.inputs.vector(observation))[2]

    def _draw(self, key: Array) -> Any:
        """Return random weights of the network."""
        return self.network.init(key, jnp.zeros(self.inputs.size))

    def _blank(self) -> Any:
        """Return the memory of a network that has seen nothing; this one has none."""
        return ()

    def _recalled(self, memory: Any, begins: Array) -> Any:
        """Return what is left of a memory for the next decision, which may begin an episode."""
        return memory

    def _judge(self, weights: Any, recalled: Any, inputs: Array) -> tuple[Any, Array, Array]:
        """Return the memory afterwards, the logits [actions] and the value [] of inputs [size]."""
        return (recalled, *self.network.apply(weights, inputs))

    def _judge_again(self, weights: Any, decision: Decision) -> tuple[Array, Array]:
        """Return the logits [n, actions] and the values [n] of a minibatch of decisions."""
        judged: Any = self.network.apply(weights, decision.inputs)
        return judged

    def _orders(self, key: Array, pieces: int) -> Array:
        """Return which pieces of the rollout each minibatch of each epoch takes, [epochs minibatches, n]."""
        orders = jax.vmap(lambda k: jax.random.permutation(k, pieces))(jax.random.split(key, self.epochs))
        size = pieces // self.minibatches
        return orders[:, : size * self.minibatches].reshape(self.epochs * self.minibatches, size)

    def _optimiser(self) -> optax.GradientTransformation:
        return optax.chain(optax.clip_by_global_norm(self.largest_gradient), optax.scale_by_adam(eps=self.adam_epsilon))

    def _loss(self, weights: Any, decision: Decision, advantage: Array, weight: Array) -> Array:
        """Return the loss of a minibatch of decisions, with weight 0 for those that teach nothing."""

        def mean(x: Array) -> Array:
            return (weight * x).sum() / jnp.maximum(weight.sum(), 1.0)

        logits, value = self._judge_again(weights, decision)
        log_probability, entropy = self._policy(logits, decision.action)
        ratio = jnp.exp(log_probability - decision.log_probability)
        centred = advantage - mean(advantage)
        normal = centred / (jnp.sqrt(mean(centred**2)) + 1e-8)
        gain = jnp.minimum(normal * ratio, normal * jnp.clip(ratio, 1.0 - self.clip, 1.0 + self.clip))
        target = advantage + decision.value
        near = decision.value + jnp.clip(value - decision.value, -self.clip, self.clip)
        error = 0.5 * jnp.maximum((value - target) ** 2, (near - target) ** 2)
        return mean(-gain + self.value_weight * error - self.entropy * entropy)

    def _policy(self, logits: Array, action: Array) -> tuple[Array, Array]:
        """Return the logarithm of the probability of each action of a batch, and the policy's entropy, [...] each."""
        if self.heads:
            return categorical.log_probability(logits, action, self.heads), categorical.entropy(logits, self.heads)
        log_policy = jax.nn.log_softmax(logits)
        log_probability = jnp.take_along_axis(log_policy, action[..., None], -1)[..., 0]
        return log_probability, -(jnp.exp(log_policy) * log_policy).sum(-1)
