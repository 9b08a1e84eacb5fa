r"""PPO whose policy and value are networks of leaky integrate-and-fire neurons, trained by surrogate gradients.

    v <- v + (I - v) / tau - s,   s = 1 where v >= 1

An observation is a constant current over S substeps into a layer of neurons, whose spike counts are read out linearly. The
networks begin every environment step at rest, so backpropagation does not reach across steps. Everything else is PPO
(``neurorl.agents.ppo``). Zenke and Ganguli (2018) for the surrogate, Tang et al. (2021) for the use in control.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl.agents import inputs
from neurorl.agents.contract import count_actions
from neurorl.agents.networks import orthogonal
from neurorl.agents.ppo import PPO
from neurorl.neurons.surrogate import spike
from neurorl.parameters import parameter


class SpikingActorCriticNetwork(nn.Module):
    """A policy and a value, each read out from a layer of spiking neurons of its own."""

    actions: int
    hidden: int
    substeps: int
    tau: float

    @nn.compact
    def __call__(self, x: Array) -> tuple[Array, Array]:
        """Return the logits of the actions [..., actions] and the value [...] of inputs [..., size]."""
        return self._read(x, self.actions, 0.01), self._read(x, 1, 1.0)[..., 0]

    def _read(self, x: Array, outputs: int, scale: float) -> Array:
        # Currents of a few thresholds, so that from the start some neurons fire at every substep and some never.
        synapses = nn.Dense(self.hidden, kernel_init=orthogonal(4.0), bias_init=lambda *a: 4.0 * jax.random.uniform(*a) - 1.0)
        rate = self._fire(synapses(x)).mean(0)
        return nn.Dense(outputs, kernel_init=orthogonal(scale))(rate)

    def _fire(self, current: Array) -> Array:
        """Return the spikes, [S, ..., neurons], of neurons at rest that receive a constant current."""
        v, spikes = jnp.zeros_like(current), []
        for _ in range(self.substeps):
            v = v + (current - v) / self.tau
            spikes.append(spike(v - 1.0))
            v = v - spikes[-1]
        return jnp.stack(spikes)


@struct.dataclass
class LifPPO(PPO):
    """Hyperparameters of PPO with spiking networks."""

    hidden: int = parameter(128, "spiking neurons of each of the two networks", low=1, static=True)
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
