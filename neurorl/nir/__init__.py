"""Networks and trained agents in the Neuromorphic Intermediate Representation (NIR), which other simulators and chips read.

    graph = to_nir(network, state)      a network as a graph of NIR's primitives; ``write(graph, FILE)`` puts it into a file
    network = from_nir(read(FILE))      and back
    player = neurorl.nir.player(run.agent(0))    a trained agent: its graph, and its border of code and choice

Pedersen et al. (2024), Neuromorphic intermediate representation, Nature Communications 15:8122. Needs the extra ``nir``.
docs/nir.md says what is written, and what NIR cannot say.
"""

from neurorl.nir.files import read, write
from neurorl.nir.players import Player, player
from neurorl.nir.reading import from_nir
from neurorl.nir.writing import LOSSES, to_nir

__all__ = ["LOSSES", "Player", "from_nir", "player", "read", "to_nir", "write"]
