r"""PPO with memory: the policy and the value read a layer of gated recurrent units beside the observation (Cho et al. 2014).

An episode begins with an empty memory. The rollout is cut into sequences of successive steps, which minibatches are made of; each
is gone through again from the memory that was recorded before its first step, emptied wherever an episode begins within it, and
gradients reach back to that step (Hausknecht and Stone 2015; Kapturowski et al. 2019, stored state). Everything else is PPO
(``neurorl.agents.ppo``).
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import struct
from jax import Array

from neurorl.agents import networks
from neurorl.agents.ppo import PPO, Decision, State
from neurorl.errors import NeurorlError
from neurorl.parameters import parameter


class Recalled(NamedTuple):
    """What a decision was made with beside the inputs."""

    memory: Array  # [memory]
    begins: Array  # [], bool, whether an episode began with it


@struct.dataclass
class RecurrentPPO(PPO):
    """Hyperparameters of PPO with memory."""

    memory: int = parameter(32, "gated recurrent units", low=1, static=True)
    sequence: int = parameter(16, "environment steps of a sequence, through which gradients reach back", low=1, static=True)

    @property
    def network(self) -> networks.RecurrentActorCritic:
        """The network: memory [..., memory] and inputs [..., size] to memory, logits [..., actions] and value [...]."""
        return networks.RecurrentActorCritic(self.actions, self.hidden, self.memory)

    def init(self, key: Array) -> State:
        """Return a learner with random weights.

        Raises:
            NeurorlError: The rollout cannot be cut into sequences, or these not into minibatches.
        """
        if self.rollout % self.sequence:
            raise NeurorlError(f"'agent.sequence' is {self.sequence}; it must divide 'agent.rollout', which is {self.rollout}")
        if self.minibatches * self.sequence > self.rollout:
            raise NeurorlError(
                f"'agent.minibatches' is {self.minibatches}; it must be at most {self.rollout // self.sequence}, the sequences "
                f"of {self.sequence} in 'agent.rollout'"
            )
        return super().init(key)

    def initial_activity(self, state: State) -> Array:
        """Return an empty memory."""
        return self._blank()

    def value(self, state: State, observation: Array) -> Array:
        """Return the discounted return expected of an observation that begins an episode, []."""
        return super().value(state, observation)

    def _draw(self, key: Array) -> Any:
        return self.network.init(key, self._blank(), jnp.zeros(self.inputs.size))

    def _blank(self) -> Array:
        return jnp.zeros(self.memory)

    def _recalled(self, memory: Array, begins: Array) -> Recalled:
        return Recalled(jnp.where(begins, 0.0, memory), begins)

    def _judge(self, weights: Any, recalled: Recalled, inputs: Array) -> tuple[Array, Array, Array]:
        judged: Any = self.network.apply(weights, recalled.memory, inputs)
        return judged

    def _judge_again(self, weights: Any, decision: Decision) -> tuple[Array, Array]:
        """Return the logits [n, sequence, actions] and the values [n, sequence] of a minibatch of sequences of decisions."""
        first, begins = decision.memory.memory[:, 0], decision.memory.begins.T
        inputs = decision.inputs.swapaxes(0, 1)
        judged: Any = self.network.apply(weights, first, begins, inputs, method=networks.RecurrentActorCritic.replay)
        return judged[0].swapaxes(0, 1), judged[1].T

    def _orders(self, key: Array, pieces: int) -> Array:
        """Return which steps each minibatch takes, [epochs minibatches, n, sequence]."""
        orders = super()._orders(key, pieces // self.sequence)
        return orders[..., None] * self.sequence + jnp.arange(self.sequence)
