r"""SARSA(lambda): the value of every action, linear in a code of the observation (Rummery and Niranjan 1994).

    delta = r + gamma Q(s', a') - Q(s, a),   w += alpha delta e,   Q(s, a) = sum of w_a over the active neurons of s

Replacing traces (Singh and Sutton 1996) decay by gamma lambda, are 1 for the active neurons of the action taken, and 0 for
those of the others. Dutch traces make the update equal to the online lambda-return exactly (van Seijen et al. 2016):

    e <- gamma lambda e + (1 - alpha gamma lambda e.x) x,   w += alpha (delta + Q - Q_old) e - alpha (Q - Q_old) x

A one-hot code makes it a table; ``linear-sarsa`` brings tile coding. Truncated transitions teach nothing.
"""

from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl.agents import exploration
from neurorl.agents.contract import Agent, Timestep, count_actions
from neurorl.codes import OneHot, Tilings
from neurorl.errors import NeurorlError
from neurorl.parameters import parameter


class State(NamedTuple):
    """A learner."""

    weights: Array  # [actions, C]
    trace: Array  # [actions, C]
    active: Array  # [groups], int, the neurons of the last observation
    action: Array  # [], int, last taken
    old_value: Array  # [], of the last observation and action, by the weights before the last change
    step: Array  # [], environment steps
    code: Any  # what the code has learned of ranges


@struct.dataclass
class Sarsa(Agent):
    """Hyperparameters of SARSA(lambda), and its contract (``neurorl.agents.contract``)."""

    BEGINS_ANEW: ClassVar = ("trace", "active", "action", "old_value", "step")

    code: OneHot | Tilings
    actions: int = parameter(2, "number of actions", low=1, static=True)
    step_size: float = parameter(0.1, "share of a prediction error that one step makes good", low=0.0)
    gamma: float = parameter(0.99, "discount per environment step", low=0.0, high=1.0)
    lambda_: float = parameter(0.9, "decay of the trace an environment step, beside gamma", low=0.0, high=1.0)
    traces: str = parameter("replacing", "kind of trace", choices=("replacing", "dutch"), static=True)
    start_value: float = parameter(0.0, "value of every action at the start; above the true ones it makes an agent explore")
    epsilon_start: float = parameter(1.0, "probability of a random action at the start", low=0.0, high=1.0)
    epsilon_end: float = parameter(0.05, "and after exploration", low=0.0, high=1.0)
    explore_steps: int | None = parameter(
        None, "environment steps over which epsilon falls; null: half of the run", low=1, optional=True
    )

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "Sarsa":
        """Return the agent with its defaults for an environment's spaces."""
        if not isinstance(observation_space, spaces.Discrete):
            raise NeurorlError(
                f"observations of {type(observation_space).__name__} have no table: use the agent linear-sarsa, "
                "or an environment with Discrete observations"
            )
        code = OneHot(n=int(observation_space.n), start=int(observation_space.start))
        return cls(code=code, actions=count_actions(cls, action_space))

    def for_steps(self, steps: int) -> "Sarsa":
        """Let epsilon fall over half of the run, where nothing else was said."""
        if self.explore_steps is not None:
            return self
        return self.replace(explore_steps=max(1, steps // 2))  # type: ignore[attr-defined]

    def init(self, key: Array) -> State:
        """Return a learner of which every action has the start value."""
        shape = (self.actions, self.code.size)
        weights = jnp.full(shape, self.start_value / self.code.groups, jnp.float32)
        none = jnp.int32(0)
        nothing = jnp.zeros(self.code.groups, jnp.int32)
        return State(weights, jnp.zeros(shape), nothing, none, jnp.float32(0.0), none, self.code.init())

    def learn(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array]:
        """Choose the next action, and learn from the last one."""
        code = self.code.adapt(state.code, timestep.observation)
        active, _ = self.code.active(timestep.observation, code)
        values = state.weights[:, active].sum(-1)
        action = self._explore(key, values, state.step)

        value_tm1 = state.weights[state.action, state.active].sum()
        value_t = jnp.where(timestep.terminated, 0.0, values[action])
        delta = timestep.reward + self.gamma * value_t - value_tm1
        rate = self.step_size / self.code.groups
        if self.traces == "dutch":
            overlap = state.trace[state.action, state.active].sum()
            trace = state.trace.at[state.action, state.active].add(1.0 - rate * overlap)
            correction = value_tm1 - state.old_value
            change = (rate * (delta + correction) * trace).at[state.action, state.active].add(-rate * correction)
        else:
            trace = state.trace.at[:, state.active].set(0.0).at[state.action, state.active].set(1.0)
            change = rate * delta * trace
        weights = state.weights + jnp.where(timestep.truncated, 0.0, change)
        ended = timestep.terminated | timestep.truncated
        # What the next step finds has already decayed; an episode begins with nothing to credit.
        trace = jnp.where(ended, 0.0, self.gamma * self.lambda_ * trace)
        return State(weights, trace, active, action, values[action], state.step + 1, code), action

    def act(self, state: State, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose the action of the highest value."""
        return activity, jnp.argmax(self._values(state, observation))

    def value(self, state: State, observation: Array) -> Array:
        """Return the discounted return expected of an observation and the best action, []."""
        return self._values(state, observation).max()

    def report(self, state: State) -> dict[str, Array]:
        """Return the probability of a random action."""
        return {"epsilon": self._epsilon(state.step)}

    def _values(self, state: State, observation: Array) -> Array:
        active, _ = self.code.active(observation, state.code)
        return state.weights[:, active].sum(-1)

    def _explore(self, key: Array, values: Array, step: Array) -> Array:
        """Return the best action, the ties among them broken at random, or with probability epsilon any."""
        key_explore, key_action = jax.random.split(key)
        best = jnp.where(values == values.max(), 0.0, -jnp.inf)
        at_random = jax.random.uniform(key_explore) < self._epsilon(step)
        return jax.random.categorical(key_action, jnp.where(at_random, jnp.zeros_like(best), best))

    def _epsilon(self, step: Array) -> Array:
        return exploration.epsilon(self.epsilon_start, self.epsilon_end, self.explore_steps, step)
