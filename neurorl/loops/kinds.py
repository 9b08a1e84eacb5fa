"""Which loop trains which task, and which of them share one compiled program."""

import copy
from collections.abc import Hashable
from typing import Any

import jax
import numpy as np

from neurorl.agents.contract import Agent
from neurorl.envs.task import JaxTask, Task
from neurorl.loops.host_loop import HostLoop
from neurorl.loops.jax_loop import JaxLoop

LOOPS: dict[str, Any] = {"jax": JaxLoop, "host": HostLoop}  # by ``Task.loop``
_last: dict[Hashable, JaxLoop] = {}  # the loop of the last program; one, because each holds what was compiled


def make(task: Task, agent: Agent, seed: int, seeds: int, eval_seed: int, eval_episodes: int, group: int) -> Any:
    """Return the loop of a task; one that differs from the last in numbers and seeds only is compiled already.

    ``group``, the most learners in a compiled group, means nothing to the host loop: all of its agents act in one call.
    """
    arguments = (task, agent, seed, seeds, eval_seed, eval_episodes)
    if not isinstance(task, JaxTask):
        return LOOPS[task.loop](*arguments)
    key = program(task, agent)
    if key not in _last:
        _last.clear()
        _last[key] = LOOPS[task.loop](*arguments)
    loop = copy.copy(_last[key])  # what is compiled is shared, its arguments are not
    loop.set_arguments(task, agent, seed, seeds, eval_seed, eval_episodes, group)
    return loop


def program(task: JaxTask, agent: Agent) -> Hashable:
    """Return what the compiled program of the jitted loop depends on: everything but numbers that are arguments of it."""
    leaves, kind = jax.tree.flatten(agent)
    numbers, params = jax.tree.flatten(task.env_params)
    dtypes = tuple((np.asarray(leaf).dtype.kind, np.shape(leaf)) for leaf in (*leaves, *numbers))
    fixed = {name: value for name, value in task.parameters.items() if not hasattr(task.env_params, name)}
    own = {name: value for name, value in getattr(task.world, "__dict__", {}).items() if name != "env" and name[0] != "_"}
    environment = (task.env_id, type(task.world), type(task.env), _content((vars(task.env), fixed, own)), task.max_episode_steps)
    return (environment, kind, params, dtypes)


def _content(values: Any) -> Hashable:
    """Return something that is equal for values that are: an environment is made anew for every run."""
    leaves, tree = jax.tree.flatten(values)
    return tree, tuple(_of_leaf(leaf) for leaf in leaves)


def _of_leaf(leaf: Any) -> Hashable:
    if isinstance(leaf, np.ndarray | jax.Array):
        return leaf.dtype.str, leaf.shape, np.asarray(leaf).tobytes()
    return leaf if isinstance(leaf, Hashable) else id(leaf)
