"""Which configurations run as one compiled program, so that what was compiled once serves again."""

import copy
import json
from collections.abc import Hashable
from typing import Any

import jax
import numpy as np

from neurorl.loops.host_loop import HostLoop
from neurorl.loops.jax_loop import JaxLoop
from neurorl.loops.learners import Loop
from neurorl.runs.config import Config

_last: dict[Hashable, JaxLoop] = {}  # the loop of the last program; one, because each holds what was compiled


def make_loop(configuration: Config) -> Loop:
    """Return the loop that a configuration asks for; one that differs from the last in numbers and seeds only is compiled."""
    opts, task, agent = configuration.options, configuration.task, configuration.agent
    arguments = (task, agent, opts.seed, opts.seeds, opts.eval_seed, opts.eval_episodes)
    if task.loop == "host":
        return HostLoop(*arguments)
    key = program(configuration)
    found = _last.get(key)
    if found is None:
        _last.clear()
        found = _last[key] = JaxLoop(*arguments)
    loop = copy.copy(found)  # what is compiled is shared, its arguments are not
    loop.set_arguments(*arguments)
    return loop


def program(configuration: Config) -> Hashable:
    """Return what the compiled program of the jitted loop depends on: everything but numbers that are arguments of it."""
    task, options = configuration.task, configuration.options
    leaves, agent = jax.tree.flatten(configuration.agent)
    numbers, params = jax.tree.flatten(task.env_params)
    arguments = {key: value for key, value in task.parameters.items() if not hasattr(task.env_params, key)}
    kinds = tuple((np.asarray(leaf).dtype.kind, np.shape(leaf)) for leaf in (*leaves, *numbers))
    changes = tuple((step, name, json.dumps(value)) for step, name, value in options.changes)
    limits = (changes, options.steps, options.eval_every, options.eval_episodes, options.eval_seed, task.max_episode_steps)
    env = (task.env_id, type(task.env), _content(vars(task.env)), tuple(arguments.items()))
    return (env, configuration.agent_id, agent, params, kinds, limits)


def _content(values: Any) -> Hashable:
    """Return something that is equal for values that are: an environment is made anew for every run."""
    leaves, tree = jax.tree.flatten(values)
    return tree, tuple(
        (leaf.dtype.str, leaf.shape, np.asarray(leaf).tobytes())
        if isinstance(leaf, np.ndarray | jax.Array)
        else leaf
        if isinstance(leaf, Hashable)
        else id(leaf)
        for leaf in leaves
    )
