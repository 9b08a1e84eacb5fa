"""What every player has: a graph, how it is to be run, and what goes in and comes out."""

from typing import Any

import numpy as np


class Player:
    """A trained agent in two parts: a graph for any simulator, and the border around it (``neurorl.nir.player`` makes one)."""

    graph: Any  # nir.NIRGraph
    dt: float  # ms, step of the simulator
    steps: int  # of the simulator in an environment step
    begins_anew: bool  # whether the graph's neurons begin an environment step at rest, or where the last one left them

    def __init__(self, trained: Any):
        """Wrap one learner of a run."""
        self.trained = trained

    def reset(self) -> None:
        """Begin an episode."""

    def inputs(self, observation: Any) -> np.ndarray:
        """Return what the graph's input gets in an environment step, float32 [steps, n]."""
        raise NotImplementedError

    def action(self, outputs: np.ndarray) -> Any:
        """Return the action of what the graph's output was in an environment step, [steps, m]."""
        raise NotImplementedError
