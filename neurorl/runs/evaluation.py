"""Evaluate a run with frozen weights, in Gymnasium's own environment where it has the task."""

from typing import Any

import gymnasium
import numpy as np

from neurorl.envs import registry
from neurorl.envs.task import Task, resolve
from neurorl.errors import NeurorlError
from neurorl.loops import host_loop
from neurorl.loops.jax_loop import JaxLoop
from neurorl.loops.learners import Learners, learner
from neurorl.results import statistics
from neurorl.runs import changes
from neurorl.runs.config import Config

SEED = 2_000_003  # of the first episode, apart from the evaluations during training


def gymnasium_task(task: Task) -> Task | None:
    """Return the Gymnasium twin of a task, or None where it has none that plays the same rules."""
    if task.loop == "host":
        return task
    name = task.env_id.rpartition(":")[2]
    settings = task.parameters if task.changed else None
    if name not in gymnasium.registry or (settings and name not in registry.OWN):  # only our own takes the same parameters
        return None
    limit = task.max_episode_steps if task.limited_by_us else None
    return resolve(name, "host", settings, limit)


def evaluate(configuration: Config, learners: Learners, episodes: int = 20, index: int | None = None) -> dict[str, Any]:
    """Play greedy episodes with frozen weights; see ``Run.evaluate``."""
    if episodes < 1:
        raise NeurorlError(f"'episodes' is {episodes}; it must be at least 1")
    opts, task, agent = configuration.options, configuration.task, configuration.agent
    if index is not None and not 0 <= index < opts.seeds:
        raise NeurorlError(f"seed index {index} is out of range: the run has {opts.seeds} seeds, 0 to {opts.seeds - 1}")
    lanes = list(range(opts.seeds)) if index is None else [index]
    learners = learners._replace(agent=learner(learners.agent, np.array(lanes)))
    task = changes.at(opts.changes, task, int(learners.step) - 1)  # the rule that was in force
    twin = gymnasium_task(task)
    if twin is not None:
        returns = host_loop.play(twin, agent, learners.agent, [SEED + i for i in range(episodes)], learners=len(lanes))
    else:
        returns = JaxLoop(task, agent, opts.seed, opts.seeds, SEED, episodes).evaluate(learners)
    means = returns.mean(1)
    if not np.isfinite(returns).all():
        raise NeurorlError(f"environment '{task.env_id}' returned a reward that is NaN or infinite")
    return {
        "env_id": configuration.env_id,
        "environment": "gymnax" if twin is None else "gymnasium",
        "agent": configuration.agent_id,
        "env_steps": int(learners.step),
        "episodes": episodes,
        "threshold": task.threshold,
        "seeds": [opts.seed + lane for lane in lanes],
        "mean_return": [float(mean) for mean in means],
        "returns": returns.tolist(),
        "return_iqm": statistics.interquartile_mean(means),
        "return_ci95": statistics.confidence_interval(means),
    }
