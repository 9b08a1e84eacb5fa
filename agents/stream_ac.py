r"""Stream AC(lambda): an actor and a critic that learn from a stream, one step at a time (Elsayed, Vasan and Mahmood 2024).

    delta = r^ + gamma V(s') - V(s)
    z_v <- gamma lambda z_v + grad V(s);   z_p <- gamma lambda z_p + grad (log pi(a|s) + .01 sign(delta) H(pi(s)))
    w <- w + alpha / max(1, M) delta z,    M = alpha kappa max(1, |delta|) |z|_1, of each network;   z <- 0 at an end

Their constants, and what :mod:`neurorl.agents.stream_q` does to inputs, rewards and weights. Actions of any space, by
:mod:`neurorl.agents.policy`.

Two things differ from their program, as there: a truncated transition bootstraps from where it led, and there is no input that
tells the time.
"""

from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl import rarely
from neurorl.agents import actions, inputs, policy, running_normal, traced
from neurorl.agents.actions import Actions
from neurorl.agents.contract import Agent, Timestep
from neurorl.agents.inputs import Inputs
from neurorl.agents.running_normal import Normal
from neurorl.agents.stream_network import Network
from neurorl.agents.traced import Traced
from neurorl.neuromodulation import return_spread
from neurorl.neuromodulation.return_spread import Spread
from neurorl.parameters import parameter


class State(NamedTuple):
    """A learner."""

    actor: Traced
    critic: Traced
    normal: Normal
    inputs: Array  # [size], normalised, last seen
    drawn: Array  # [components], last drawn from the policy
    returns: Spread
    begun: Array  # [], bool: whether anything was done


@struct.dataclass
class StreamAC(Agent):
    """Hyperparameters of stream AC(lambda), and its contract (``neurorl.agents.contract``)."""

    BEGINS_ANEW: ClassVar = ("actor.trace", "critic.trace", "inputs", "drawn", "returns.running", "begun")

    inputs: Inputs = Inputs()
    actions: Actions = Actions()
    shape: tuple[int, ...] = parameter((), "shape of an observation, as a convolution sees it", static=True)
    filters: int = parameter(0, "filters of 3 x 3 pixels of a first layer; 0: none", low=0, static=True)
    hidden: tuple[int, ...] = parameter((128, 128), "neurons of the other hidden layers of each network", static=True)
    normalise: bool = parameter(True, "whether inputs are normalised by their running moments", static=True)
    learning_rate: float = parameter(1.0, "largest step, where the bound does not bind", low=0.0)
    kappa_actor: float = parameter(3.0, "how many times smaller an actor's step is than the largest safe one", above=0.0)
    kappa_critic: float = parameter(2.0, "and a critic's", above=0.0)
    entropy: float = parameter(0.01, "weight of the policy's entropy", low=0.0)
    gamma: float = parameter(0.99, "discount per environment step", low=0.0, high=1.0)
    lambda_: float = parameter(0.8, "decay of the traces an environment step, beside gamma", low=0.0, high=1.0)

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "StreamAC":
        """Return the agent with its defaults for an environment's spaces: a convolution and one more layer for images."""
        shape, image = observation_space.shape or (), len(observation_space.shape or ()) == 3
        layers: dict[str, Any] = {"filters": 16, "hidden": (128,)} if image else {}
        return cls(
            inputs=inputs.for_space(observation_space),
            actions=actions.for_space(action_space),
            shape=tuple(map(int, shape)),
            **layers,
        )

    def network(self, outputs: int) -> Network:
        """Return a network of inputs [size] to outputs [outputs]."""
        return Network(outputs, self.hidden, self.filters, self.shape)

    def init(self, key: Array) -> State:
        """Return a learner with sparse random weights that has seen nothing."""
        blank = jnp.zeros(self.inputs.size)
        key_actor, key_critic = jax.random.split(key)
        actor = self.network(policy.size(self.actions)).init(key_actor, blank)
        critic = self.network(1).init(key_critic, blank)
        return State(
            actor=Traced(actor, jax.tree.map(jnp.zeros_like, actor)),
            critic=Traced(critic, jax.tree.map(jnp.zeros_like, critic)),
            normal=running_normal.init(self.inputs.size),
            inputs=blank,
            drawn=jnp.zeros(len(self.actions.choices)),
            returns=return_spread.init(),
            begun=jnp.array(False),
        )

    def learn(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array]:
        """Learn from what the last action brought, and draw the next one from the policy."""
        ended = timestep.terminated | timestep.truncated
        normal = running_normal.update(state.normal, self.inputs.vector(timestep.observation))
        returns = return_spread.update(state.returns, timestep.reward, ended, self.gamma)
        seen = self._vector(normal, timestep.observation)
        cut = rarely.where(timestep.truncated, self._judged, state.critic.weights, normal, timestep.final_observation)
        after = jnp.where(ended, jnp.where(timestep.terminated, 0.0, cut), self._value(state.critic.weights, seen))

        value, of_value = jax.value_and_grad(self._value)(state.critic.weights, state.inputs)
        delta = timestep.reward / return_spread.size(returns) + self.gamma * after - value
        delta = jnp.where(state.begun, delta, 0.0)  # nothing was done before the first observation
        of_policy = jax.grad(self._praise)(state.actor.weights, state.inputs, state.drawn, jnp.sign(delta))
        over = ended | ~state.begun
        decay, rate = self.gamma * self.lambda_, self.learning_rate
        actor = traced.step(state.actor, of_policy, decay, delta, self.kappa_actor, rate, over)
        critic = traced.step(state.critic, of_value, decay, delta, self.kappa_critic, rate, over)

        drawn = policy.draw(key, self._outputs(actor.weights, seen), self.actions)
        action = policy.action(drawn, self.actions)
        return State(actor, critic, normal, seen, drawn, returns, jnp.array(True)), action

    def act(self, state: State, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose what is most probable."""
        outputs = self._outputs(state.actor.weights, self._vector(state.normal, observation))
        return activity, policy.action(policy.likeliest(outputs, self.actions), self.actions)

    def value(self, state: State, observation: Array) -> Array:
        """Return the discounted return expected of an observation, []."""
        return self._judged(state.critic.weights, state.normal, observation) * return_spread.size(state.returns)

    def report(self, state: State) -> dict[str, Array]:
        """Return the entropy of the policy at the last observation, and the unit of the values."""
        outputs = self._outputs(state.actor.weights, state.inputs)
        return {"entropy": policy.entropy(outputs, self.actions), "return_spread": return_spread.size(state.returns)}

    def _praise(self, weights: Any, seen: Array, drawn: Array, sign: Array) -> Array:
        """Return what the actor's trace follows: how probable its choice was, and how open it is."""
        outputs = self._outputs(weights, seen)
        open_ = self.entropy * sign * policy.entropy(outputs, self.actions)
        return policy.log_probability(outputs, drawn, self.actions) + open_

    def _outputs(self, weights: Any, seen: Array) -> Array:
        outputs: Any = self.network(policy.size(self.actions)).apply(weights, seen)
        return outputs

    def _value(self, weights: Any, seen: Array) -> Array:
        values: Any = self.network(1).apply(weights, seen)
        return values[0]

    def _judged(self, weights: Any, normal: Normal, observation: Array) -> Array:
        """Return the value of an observation in units of the returns' spread, []."""
        return self._value(weights, self._vector(normal, observation))

    def _vector(self, normal: Normal, observation: Array) -> Array:
        """Return what the networks see of an observation, [size]."""
        x = self.inputs.vector(observation)
        return running_normal.normalised(normal, x) if self.normalise else x
