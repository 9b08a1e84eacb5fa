r"""``spiking-sarsa`` as a player: Affine -> IF, two neurons an action, whose spike counts are its value.

    I = (1/2 +- Q_0 / 2 - theta + W x / groups) / refine,   v <- v + I;   Q = (n_push - n_pull) / (steps / refine)

The input is the code's rates, which hold still within an environment step. Left out are the bounds of the current, [0, 1] a
substep, which few actions meet, and the charge that a neuron carries from one environment step to the next.
"""

from typing import Any

import jax
import numpy as np

from neurorl.agents.spiking_sarsa import SIGNS
from neurorl.nir.border import Player
from neurorl.nir.files import MS, note, package


class ValuePlayer(Player):
    """A learner of ``spiking-sarsa``; a substep of the agent counts as 1 ms."""

    begins_anew = True

    def __init__(self, trained: Any, refine: int):
        """Make the graph."""
        super().__init__(trained)
        nir, agent, state = package(), trained.agent, trained.state
        self.dt, self.steps, self._substeps = 1.0 / refine, agent.substeps * refine, agent.substeps
        weight, bias = (np.asarray(part, np.float32) / refine for part in agent.currents(state))
        n, m = weight.shape[-1], bias.size
        about = {"agent": "spiking-sarsa", "env_id": trained.task.env_id, "dt_ms": self.dt, "steps": self.steps}
        about |= {"border": {"input": "rates of the code", "output": "spike counts of push and pull, two an action"}}
        about |= {"lost": {"bounds of the current": ["0 and 1 a substep"], "residual charge": ["between environment steps"]}}
        one = np.ones(m)
        nodes = {
            "input": nir.Input({"input": np.array([n])}),
            "synapses": nir.Affine(weight.reshape(m, n), bias.ravel()),
            "values": nir.IF(r=one * MS / self.dt, v_threshold=one, v_reset=0.0 * one),
            "output": nir.Output({"output": np.array([m])}),
        }
        edges = [("input", "synapses"), ("synapses", "values"), ("values", "output")]
        self.graph = nir.NIRGraph(nodes, edges, metadata=note(about))
        self._rates = jax.jit(lambda observation: agent.code.rates(observation, state.code))

    def inputs(self, observation: Any) -> np.ndarray:
        """Return the code's rates [steps, n], a view of one row."""
        rates = np.asarray(self._rates(self.trained.packed(observation)), np.float32)
        return np.broadcast_to(rates, (self.steps, len(rates)))

    def action(self, outputs: np.ndarray) -> Any:
        """Return the action of the largest difference of spike counts in each head."""
        actions = self.trained.agent.actions
        values = np.asarray(outputs).sum(0).reshape(actions.size, 2) @ SIGNS / self._substeps
        return self.trained.unpacked(actions.of_winners([np.argmax(head) for head in actions.split(values)]))
