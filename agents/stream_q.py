r"""Stream Q(lambda): deep Q-learning from a stream, one step at a time, without replay (Elsayed, Vasan and Mahmood 2024).

    delta = r^ + gamma max_a Q(s', a) - Q(s, a);    z <- gamma lambda z + grad Q(s, a)
    w <- w + alpha / max(1, M) delta z,   M = alpha kappa max(1, |delta|) |z|_1;    z <- 0 at an end and after exploring

Their constants. Observations are normalised by their running mean and variance, rewards by the spread of returns; weights are
sparse at first, and LayerNorm without gain stands before each LeakyReLU. What the spiking agent that learns features is
compared with: the same stream, the same bound on a step, and exact gradients by backpropagation.

Two things differ from their program: a truncated transition bootstraps from where it led, and there is no input that tells the
time.
"""

from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl import rarely
from neurorl.agents import exploration, inputs, running_normal, traced
from neurorl.agents.contract import Agent, Timestep, count_actions
from neurorl.agents.inputs import Inputs
from neurorl.agents.running_normal import Normal
from neurorl.agents.stream_network import Network
from neurorl.agents.traced import Traced
from neurorl.neuromodulation import return_spread
from neurorl.neuromodulation.return_spread import Spread
from neurorl.parameters import parameter


class State(NamedTuple):
    """A learner."""

    weights: Any  # of the network
    trace: Any  # likewise
    normal: Normal
    inputs: Array  # [size], normalised, last seen
    action: Array  # [], int, last taken
    explored: Array  # [], bool: whether it was not the best
    returns: Spread
    step: Array  # [], environment steps


@struct.dataclass
class StreamQ(Agent):
    """Hyperparameters of stream Q(lambda), and its contract (``neurorl.agents.contract``)."""

    BEGINS_ANEW: ClassVar = ("trace", "inputs", "action", "explored", "returns.running", "step")

    inputs: Inputs = Inputs()
    actions: int = parameter(2, "number of actions", low=1, static=True)
    shape: tuple[int, ...] = parameter((), "shape of an observation, as a convolution sees it", static=True)
    filters: int = parameter(0, "filters of 3 x 3 pixels of a first layer; 0: none", low=0, static=True)
    hidden: tuple[int, ...] = parameter((128, 128), "neurons of the other hidden layers", static=True)
    normalise: bool = parameter(True, "whether inputs are normalised by their running moments", static=True)
    learning_rate: float = parameter(1.0, "largest step, where the bound does not bind", low=0.0)
    kappa: float = parameter(2.0, "how many times smaller a step is than the largest safe one", above=0.0)
    gamma: float = parameter(0.99, "discount per environment step", low=0.0, high=1.0)
    lambda_: float = parameter(0.8, "decay of the trace an environment step, beside gamma", low=0.0, high=1.0)
    epsilon_start: float = parameter(1.0, "probability of a random action at the start", low=0.0, high=1.0)
    epsilon_end: float = parameter(0.01, "and after exploration", low=0.0, high=1.0)
    explore_steps: int | None = parameter(
        None, "environment steps over which epsilon falls; null: a fifth of the run", low=1, optional=True
    )

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "StreamQ":
        """Return the agent with its defaults for an environment's spaces: a convolution and one more layer for images."""
        shape, image = observation_space.shape or (), len(observation_space.shape or ()) == 3
        layers: dict[str, Any] = {"filters": 16, "hidden": (128,)} if image else {}
        actions = count_actions(cls, action_space)
        return cls(inputs=inputs.for_space(observation_space), actions=actions, shape=tuple(map(int, shape)), **layers)

    def for_steps(self, steps: int) -> "StreamQ":
        """Let epsilon fall over a fifth of the run, where nothing else was said."""
        if self.explore_steps is not None:
            return self
        return self.replace(explore_steps=max(1, steps // 5))  # type: ignore[attr-defined]

    @property
    def network(self) -> Network:
        """The network: inputs [size] to values [actions]."""
        return Network(self.actions, self.hidden, self.filters, self.shape)

    def init(self, key: Array) -> State:
        """Return a learner with sparse random weights that has seen nothing."""
        blank = jnp.zeros(self.inputs.size)
        weights = self.network.init(key, blank)
        nothing, none = jax.tree.map(jnp.zeros_like, weights), jnp.int32(0)
        return State(
            weights, nothing, running_normal.init(self.inputs.size), blank, none, jnp.array(True), return_spread.init(), none
        )

    def learn(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array]:
        """Learn from what the last action brought, and choose the next one epsilon-greedily."""
        ended = timestep.terminated | timestep.truncated
        normal = running_normal.update(state.normal, self.inputs.vector(timestep.observation))
        returns = return_spread.update(state.returns, timestep.reward, ended, self.gamma)
        seen = self._vector(normal, timestep.observation)
        values = self._values(state.weights, seen)
        cut = rarely.where(timestep.truncated, self._best, state.weights, normal, timestep.final_observation)
        after = jnp.where(timestep.terminated, 0.0, jnp.where(timestep.truncated, cut, values.max()))

        value, gradient = jax.value_and_grad(lambda w: self._values(w, state.inputs)[state.action])(state.weights)
        delta = timestep.reward / return_spread.size(returns) + self.gamma * after - value
        delta = jnp.where(state.step == 0, 0.0, delta)  # nothing was done before the first observation
        before, over = Traced(state.weights, state.trace), ended | state.explored
        decay = self.gamma * self.lambda_
        learned = traced.step(before, gradient, decay, delta, self.kappa, self.learning_rate, over)

        action, explored = self._choose(key, values, state.step)
        return State(
            weights=learned.weights,
            trace=learned.trace,
            normal=normal,
            inputs=seen,
            action=action,
            explored=explored,
            returns=returns,
            step=state.step + 1,
        ), action

    def act(self, state: State, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose the action of the highest value."""
        return activity, jnp.argmax(self._values(state.weights, self._vector(state.normal, observation)))

    def value(self, state: State, observation: Array) -> Array:
        """Return the discounted return expected of an observation, []."""
        return self._best(state.weights, state.normal, observation) * return_spread.size(state.returns)

    def report(self, state: State) -> dict[str, Array]:
        """Return the probability of a random action, and the unit of the values."""
        return {"epsilon": self._epsilon(state.step), "return_spread": return_spread.size(state.returns)}

    def _vector(self, normal: Normal, observation: Array) -> Array:
        """Return what the network sees of an observation, [size]."""
        x = self.inputs.vector(observation)
        return running_normal.normalised(normal, x) if self.normalise else x

    def _values(self, weights: Any, inputs: Array) -> Array:
        values: Any = self.network.apply(weights, inputs)
        return values

    def _best(self, weights: Any, normal: Normal, observation: Array) -> Array:
        return self._values(weights, self._vector(normal, observation)).max()

    def _choose(self, key: Array, values: Array, step: Array) -> tuple[Array, Array]:
        """Return the best action, or with probability epsilon any, and whether it is another than the best one."""
        key_explore, key_action = jax.random.split(key)
        best = jnp.argmax(values)
        at_random = jax.random.randint(key_action, (), 0, self.actions)
        action = jnp.where(jax.random.uniform(key_explore) < self._epsilon(step), at_random, best)
        return action, action != best

    def _epsilon(self, step: Array) -> Array:
        return exploration.epsilon(self.epsilon_start, self.epsilon_end, self.explore_steps, step)
