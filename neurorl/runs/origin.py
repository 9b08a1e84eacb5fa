"""What a run starts from: the learners in another run's folder or in one file, whether or not their environment still exists."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurorl.agents.contract import Agent
from neurorl.errors import NeurorlError
from neurorl.loops.learners import Learners
from neurorl.results import run_folder
from neurorl.runs import checkpoints, exported


def values(start: str) -> dict[str, Any]:
    """Return the config.json of what a run starts from.

    Raises:
        NeurorlError: There is no such run.
    """
    file = exported.find(start)
    return run_folder.open_run(start)[1] if file is None else exported.read(file).values


def started(start: str, agent: Agent, learners: Learners) -> Learners:
    """Return new learners with what others have learned: learner i with that of their learner i mod n.

    Args:
        start: A run's folder, an exported file, or ``zoo/NAME``.
        agent: The agent.
        learners: Learners that have seen nothing.

    Raises:
        NeurorlError: There is no such run, or it is of another agent, or of one of another size.
    """
    arrays = _arrays(start)
    count = len(next(iter(arrays.values())))
    chosen = np.arange(learners.episodes.ended.shape[0]) % count
    taken = {place: array[chosen] for place, array in arrays.items()}
    world = taken.pop(_WORLD, None)
    states = checkpoints.filled(learners.agent, taken, f"'{start}', which the run starts from,")
    kept = jax.jit(jax.vmap(agent.started_from))(learners.agent, states)
    if world is not None and getattr(learners.world, "shape", None) == world.shape:
        learners = learners._replace(world=jnp.asarray(world))  # what wrappers gathered: the weights are made for it
    return learners._replace(agent=kept)


_WORLD = "the world"  # place of what wrappers gathered


def _arrays(start: str) -> dict[str, np.ndarray]:
    """Return the arrays of the agents' states by their place, and what wrappers gathered, where there is such."""
    file = exported.find(start)
    if file is not None:
        found, state, world = exported.read(file).arrays, "[0]", "[1]"
    else:
        folder, _ = run_folder.open_run(start)
        there = checkpoints.steps(folder.checkpoints)
        if not there:
            raise NeurorlError(f"run '{start}' has no finished checkpoint to start from")
        found, state, world = checkpoints.read(folder.checkpoints, there[-1]), ".agent", ".world"
    of_agents = {place.removeprefix(state): array for place, array in found.items() if place.startswith(state)}
    return of_agents | ({_WORLD: found[world]} if world in found else {})
