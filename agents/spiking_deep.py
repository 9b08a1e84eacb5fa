r"""Spiking values with a hidden layer that dopamine teaches: no backpropagation, no replay, one pass.

    Q = opposed spikes under K x + O a;   a = hidden spikes under W y

The code's own synapses K learn at once what one layer can (``spiking_sarsa``), and hidden neurons beside them what it cannot
(``hidden_layer``). Both are taught by the same dopamine. Images of several channels have only the hidden layer: what one pixel
says by itself is little, and learned faster than what hidden neurons say, whose errors it hides. A code that tells states apart
leaves nothing for hidden neurons to say: there the learner is ``spiking_sarsa``.
"""

import dataclasses
from typing import Any

from flax import struct
from gymnasium import spaces

from neurorl import codes
from neurorl.agents import actions
from neurorl.agents.exploration import Exploration
from neurorl.agents.hidden_layer import HiddenLayer
from neurorl.agents.spiking_sarsa import STATES_TOLD_APART, SpikingSarsa
from neurorl.plasticity.coherence import Coherence

NEURONS = 128
PARTNERS = 16  # of input neurons, which hold what an episode began with

# Neighbours share what is learned: small errors that are alike are no noise, and what a random start shows is worth its steps.
NEIGHBOURS: dict[str, Any] = {
    "lambda_": 0.8,
    "coherence": Coherence(enabled=False),
    "exploration": Exploration(enabled=True),
    "hidden": HiddenLayer(size=NEURONS, held=PARTNERS),
}
# Of many pixels none transmits so much that a step would throw a value past its goal, hence no damping. Games pay often, and of a
# value that looks less far ahead a larger share is what the next action changes.
IMAGE: dict[str, Any] = {
    "direct": False,
    "gamma": 0.97,
    "optimism": 0.0,
    "hope": 0.0,
    "coherence": Coherence(enabled=False),
    "exploration": Exploration(enabled=True, longest=100_000),
    "hidden": HiddenLayer(size=NEURONS, kappa=2.0, damping=0.0, unit="spread"),
}


@struct.dataclass
class SpikingDeep(SpikingSarsa):
    """Hyperparameters of spiking values with a hidden layer, and its contract (``neurorl.agents.contract``)."""

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "SpikingDeep":
        """Return the agent with its defaults for an environment's spaces: what is lit of an image, sharp codes of others."""
        code = codes.sharp_for_space(observation_space, **ranges)
        own = NEIGHBOURS if code.continuous else STATES_TOLD_APART
        if isinstance(code, codes.Pixels) and "kind" not in ranges and len(observation_space.shape or ()) > 2:
            code, own = codes.Lit(receptors=code.receptors), IMAGE
        return cls(code=code, actions=dataclasses.replace(actions.for_space(action_space), neurons=5), **own)
