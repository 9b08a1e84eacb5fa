r"""PPO whose policy and value are networks of leaky integrate-and-fire neurons, trained by surrogate gradients.

    v <- v + (I - v) / tau - s,   s = 1 where v >= 1

An observation is a constant current over S substeps into a first layer; its spikes drive a second, whose spike counts are read
out linearly. The networks begin every environment step at rest, so backpropagation does not reach across steps. Everything else
is PPO (``neurorl.agents.ppo``). Zenke and Ganguli (2018) for the surrogate, Tang et al. (2021) for the use in control.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from flax import struct
from gymnasium import spaces
from jax import Array
from jax.nn import initializers

from neurorl.agents import inputs
from neurorl.agents.contract import count_actions
from neurorl.agents.ppo import PPO
from neurorl.neurons.surrogate import spike
from neurorl.parameters import parameter


class SpikingActorCriticNetwork(nn.Module):
    """A policy and a value, two networks of two layers of spiking neurons each."""

    actions: int
    hidden: int
    substeps: int
    tau: float

    @nn.compact
    def __call__(self, x: Array) -> tuple[Array, Array]:
        """Return the logits of the actions [..., actions] and the value [...] of inputs [..., size]."""
        return self._tower(x, self.actions, 0.01), self._tower(x, 1, 1.0)[..., 0]

    def _tower(self, x: Array, outputs: int, scale: float) -> Array:
        current = self._synapses(self.hidden)(x)
        first = self._fire([current] * self.substeps)
        currents = self._synapses(self.hidden)(first)  # of all substeps in one product
        second = self._fire(list(currents))
        return nn.Dense(outputs, kernel_init=initializers.orthogonal(scale))(second.mean(0))

    def _synapses(self, neurons: int) -> nn.Dense:
        # Currents of a few thresholds, so that from the start some neurons fire at every substep and some never.
        start = initializers.uniform(4.0)
        return nn.Dense(neurons, kernel_init=initializers.orthogonal(4.0), bias_init=lambda *a: start(*a) - 1.0)

    def _fire(self, currents: list[Array]) -> Array:
        """Return the spikes, [S, ..., neurons], of neurons at rest that receive these currents, one a substep."""
        v, spikes = jnp.zeros_like(currents[0]), []
        for current in currents:
            v = v + (current - v) / self.tau
            spikes.append(spike(v - 1.0))
            v = v - spikes[-1]
        return jnp.stack(spikes)


@struct.dataclass
class LifPPO(PPO):
    """Hyperparameters of PPO with spiking networks."""

    substeps: int = parameter(8, "substeps an environment step", low=1, high=256, static=True)
    tau: float = parameter(4.0, "time constant of the membrane, substeps", low=1.0, static=True)

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "LifPPO":
        """Return the agent with its defaults for an environment's spaces; the range of every dimension becomes [-1, 1]."""
        scaled = inputs.for_space(observation_space, True, ranges.get("low"), ranges.get("high"))
        # Surrogate gradients reach the first layer thousandfold smaller than PPO's do: Adam must not take them for zero.
        return cls(inputs=scaled, actions=count_actions(cls, action_space), learning_rate=1e-3, adam_epsilon=1e-8)

    @property
    def network(self) -> nn.Module:
        """The network: inputs [..., size] to logits [..., actions] and value [...]."""
        return SpikingActorCriticNetwork(self.actions, self.hidden, self.substeps, self.tau)
