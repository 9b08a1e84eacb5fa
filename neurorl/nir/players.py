"""A trained agent as a NIR graph that plays: the graph, and the border on either side of it.

    player = neurorl.nir.player(run.agent(0))
    write(player.graph, "agent.nir")                    for the simulator or the chip
    player.reset()                                      at an episode's start
    spikes = player.inputs(observation)                 [steps, n]: what the code makes of an observation
    action = player.action(outputs)                     [steps, m]: what the graph's output was meanwhile

The border is what NIR cannot say: the code of the observation, and the choice. What an agent does when it does not learn is
written: its slow weights, and no noise.
"""

from collections.abc import Collection
from typing import Any

import numpy as np

from neurorl.agents.spiking_network import SpikingNetwork
from neurorl.agents.spiking_sarsa import SpikingSarsa
from neurorl.errors import NeurorlError
from neurorl.nir.border import Player
from neurorl.nir.network_player import NetworkPlayer
from neurorl.nir.value_player import ValuePlayer

__all__ = ["Player", "player"]


def player(trained: Any, refine: int = 1, leave_out: Collection[str] = (), membrane: bool = False) -> Player:
    """Return a trained agent as a player.

    Args:
        trained: One learner of a run, ``run.agent(index)``, of ``spiking-sarsa`` or ``spiking-network``.
        refine: Steps of the simulator in one step of the agent's neurons. Where neurons are reset to 0 and not by their threshold
            (Norse) what is left over at a spike is lost; more steps lose less.
        leave_out: What a network may lose (``neurorl.nir.LOSSES``).
        membrane: Whether the membranes of a network's motor neurons are in the graph too, as LI, which Norse, snnTorch and Spyx
            do not read. Otherwise its output is their current, and the border integrates it.

    Raises:
        NeurorlError: Another agent, or one that has something that NIR cannot say.
    """
    if isinstance(refine, bool) or not isinstance(refine, int | np.integer) or refine < 1:
        raise NeurorlError(f"'refine' is {refine!r}; it must be a whole number of steps of at least 1")
    if isinstance(trained.agent, SpikingSarsa):
        if trained.agent.hidden.size:
            raise NeurorlError(
                "'hidden' divides its inputs by how much comes, which NIR cannot say; without (hidden.size=0) it can"
            )
        return ValuePlayer(trained, int(refine))
    if isinstance(trained.agent, SpikingNetwork):
        return NetworkPlayer(trained, int(refine), leave_out, membrane)
    raise NeurorlError(f"agent {type(trained.agent).__name__} cannot be written as NIR; spiking-sarsa and spiking-network can")
