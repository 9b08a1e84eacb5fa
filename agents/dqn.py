r"""Deep Q-learning (Mnih et al. 2015), with the constants and details of CleanRL's ``dqn.py``.

    L = (r + gamma max_a Q_target(s', a) - Q(s, a))^2 over a batch drawn from the last 10,000 transitions

Actions are epsilon-greedy, and epsilon falls linearly. Truncated transitions are not stored.
"""

from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl.agents import exploration, inputs, networks, replay
from neurorl.agents.contract import Agent, Timestep, count_actions
from neurorl.agents.inputs import Inputs
from neurorl.agents.replay import Replay
from neurorl.parameters import parameter


class Transition(NamedTuple):
    """One environment step."""

    inputs: Array  # [size]
    action: Array  # [], int
    reward: Array  # []
    terminated: Array  # [], bool
    next_inputs: Array  # [size]


class State(NamedTuple):
    """A learner."""

    weights: Any  # of the network
    target: Any  # a copy of them from a while ago
    moments: Any  # Adam's
    replay: Replay
    inputs: Array  # [size], last seen
    action: Array  # [], int, last taken
    step: Array  # [], environment steps


@struct.dataclass
class DQN(Agent):
    """Hyperparameters of DQN, and its contract (``neurorl.agents.contract``)."""

    BEGINS_ANEW: ClassVar = ("moments", "replay", "inputs", "action", "step")

    inputs: Inputs = Inputs()
    actions: int = parameter(2, "number of actions", low=1, static=True)
    hidden: tuple[int, int] = parameter((120, 84), "neurons of the two hidden layers", static=True)
    memory: int = parameter(10_000, "transitions remembered", low=1, static=True)
    batch: int = parameter(128, "transitions of an update", low=1, static=True)
    train_every: int = parameter(10, "environment steps between updates", low=1, static=True)
    begin: int = parameter(10_000, "environment steps before the first update", low=0)
    target_every: int = parameter(500, "environment steps between copies to the target network", low=1)
    learning_rate: float = parameter(2.5e-4, "Adam's", low=0.0)
    gamma: float = parameter(0.99, "discount per environment step", low=0.0, high=1.0)
    epsilon_start: float = parameter(1.0, "probability of a random action at the start", low=0.0, high=1.0)
    epsilon_end: float = parameter(0.05, "and after exploration", low=0.0, high=1.0)
    explore_steps: int | None = parameter(
        None, "environment steps over which epsilon falls; null: half of the run", low=1, optional=True
    )

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "DQN":
        """Return the agent with its defaults for an environment's spaces."""
        return cls(inputs=inputs.for_space(observation_space), actions=count_actions(cls, action_space))

    def for_steps(self, steps: int) -> "DQN":
        """Let epsilon fall over half of the run, where nothing else was said."""
        if self.explore_steps is not None:
            return self
        return self.replace(explore_steps=max(1, steps // 2))  # type: ignore[attr-defined]

    @property
    def update_every(self) -> int:
        """Environment steps between updates."""
        return self.train_every

    @property
    def network(self) -> networks.ActionValues:
        """The network: inputs [..., size] to values [..., actions]."""
        return networks.ActionValues(self.actions, self.hidden)

    def init(self, key: Array) -> State:
        """Return a learner with random weights and nothing to remember."""
        blank, none = jnp.zeros(self.inputs.size), jnp.int32(0)
        weights = self.network.init(key, blank)
        memory = replay.init(Transition(blank, none, jnp.float32(0.0), jnp.array(False), blank), self.memory)
        moments = optax.scale_by_adam().init(weights)
        return State(weights, jax.tree.map(jnp.copy, weights), moments, memory, blank, none, none)

    def learn(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array]:
        """Remember what the last action brought, and choose the next one epsilon-greedily."""
        key_explore, key_action = jax.random.split(key)
        led_to = self.inputs.vector(timestep.final_observation)
        transition = Transition(state.inputs, state.action, timestep.reward, timestep.terminated, led_to)
        memory = replay.store(state.replay, transition, ~timestep.truncated)

        seen = self.inputs.vector(timestep.observation)
        greedy = jnp.argmax(self._values(state.weights, seen))
        at_random = jax.random.randint(key_action, (), 0, self.actions)
        action = jnp.where(jax.random.uniform(key_explore) < self._epsilon(state.step), at_random, greedy)
        return state._replace(replay=memory, inputs=seen, action=action, step=state.step + 1), action

    def update(self, state: State, key: Array) -> State:
        """Descend on one batch of memories."""
        batch = replay.sample(state.replay, key, self.batch)
        gradient = jax.grad(self._loss)(state.weights, state.target, batch)
        change, moments = optax.scale_by_adam().update(gradient, state.moments)
        weights = optax.apply_updates(state.weights, jax.tree.map(lambda c: -self.learning_rate * c, change))
        weights, moments = _where(state.step > self.begin, (weights, moments), (state.weights, state.moments))
        target = _where(state.step % self.target_every < self.train_every, weights, state.target)
        return state._replace(weights=weights, moments=moments, target=target)

    def act(self, state: State, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose the action of the highest value."""
        return activity, jnp.argmax(self._values(state.weights, self.inputs.vector(observation)))

    def value(self, state: State, observation: Array) -> Array:
        """Return the discounted return expected of an observation, []."""
        return self._values(state.weights, self.inputs.vector(observation)).max()

    def report(self, state: State) -> dict[str, Array]:
        """Return the probability of a random action."""
        return {"epsilon": self._epsilon(state.step)}

    def _values(self, weights: Any, inputs: Array) -> Array:
        """Return the values of the actions [..., actions] of inputs [..., size]."""
        values: Any = self.network.apply(weights, inputs)
        return values

    def _epsilon(self, step: Array) -> Array:
        return exploration.epsilon(self.epsilon_start, self.epsilon_end, self.explore_steps, step)

    def _loss(self, weights: Any, target: Any, batch: Transition) -> Array:
        after = jnp.where(batch.terminated, 0.0, self._values(target, batch.next_inputs).max(-1))
        goal = batch.reward + self.gamma * after
        value = jnp.take_along_axis(self._values(weights, batch.inputs), batch.action[:, None], 1)[:, 0]
        return ((goal - value) ** 2).mean()


def _where(condition: Array, new: Any, old: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)
