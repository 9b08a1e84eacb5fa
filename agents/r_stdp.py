"""R-STDP: spike-timing-dependent plasticity gated by the raw reward, without a critic to predict it (Florian 2007).

It is the spiking actor-critic with settings, not another agent: dopamine is the reward, the critic's weights stay 0, the
surprise gate, which would measure reward instead of surprise, is off, and pairs of spikes make the eligibility. What it fails
at shows what the prediction error is for: where every step is paid, every action is reinforced.
"""

from typing import Any

from flax import struct
from gymnasium import spaces

from neurorl.agents.critic import Critic
from neurorl.agents.readout import Actor
from neurorl.agents.spiking_actor_critic import SpikingActorCritic
from neurorl.neuromodulation.acetylcholine import Acetylcholine
from neurorl.neuromodulation.dopamine import Dopamine
from neurorl.neuromodulation.modulation import Modulation


@struct.dataclass
class RStdp(SpikingActorCritic):
    """The spiking actor-critic with the reward itself for dopamine."""

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "RStdp":
        """Return the agent with its defaults for an environment's spaces."""
        agent = super().for_spaces(observation_space, action_space, **ranges)
        return agent.replace(  # type: ignore[attr-defined]
            actor=Actor(rule="pair-stdp"),
            critic=Critic(learning_rate=0.0, neurons=1),
            modulation=Modulation(dopamine=Dopamine(signal="reward"), acetylcholine=Acetylcholine(enabled=False)),
        )
