"""Evaluate a run with frozen weights, in Gymnasium's own environment where it has the task."""

import contextlib
import dataclasses
from typing import Any

import numpy as np

from neurorl.envs import suites
from neurorl.envs.resolution import resolve
from neurorl.envs.task import JaxTask, Task
from neurorl.errors import NeurorlError
from neurorl.loops.greedy import Stage
from neurorl.loops.learners import Learners, learner
from neurorl.results import statistics
from neurorl.runs import changes
from neurorl.runs.config import Config
from neurorl.runs.options import Options

SEED = 2_000_003  # of the first episode, apart from the evaluations during training


def evaluate(
    configuration: Config,
    learners: Learners,
    episodes: int = 20,
    index: int | None = None,
    settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Play greedy episodes with frozen weights; see ``Run.evaluate``."""
    if episodes < 1:
        raise NeurorlError(f"'episodes' is {episodes}; it must be at least 1")
    opts, task, agent = configuration.options, configuration.task, configuration.agent
    if index is not None and not 0 <= index < opts.seeds:
        raise NeurorlError(f"seed index {index} is out of range: the run has {opts.seeds} seeds, 0 to {opts.seeds - 1}")
    chosen = np.arange(opts.seeds) if index is None else np.array([index])
    states = learner(learners.agent, chosen)
    task = changes.at(opts.changes, task, int(learners.step) - 1)  # the rule that was in force
    if settings:
        task = altered(task, opts, settings)
    twin = task.twin()
    if twin is not None:
        carried = learner(learners.world, chosen) if twin is task else ()
        with contextlib.closing(Stage(twin, len(chosen), [SEED + i for i in range(episodes)])) as stage:
            returns = stage.play(agent, states, carried)
    else:
        loop = dataclasses.replace(configuration, task=task).make_loop(eval_seed=SEED, eval_episodes=episodes)
        returns = loop.evaluate(learners._replace(agent=states))
    means = returns.mean(1)
    if not np.isfinite(returns).all():
        raise NeurorlError(f"environment '{task.env_id}' returned a reward that is NaN or infinite")
    return {
        "env_id": configuration.env_id,
        "environment": (suites.prefix_of(task.env_id) or "gymnax") if twin is None else "gymnasium",
        "agent": configuration.agent_id,
        "env_steps": int(learners.step),
        "episodes": episodes,
        "threshold": task.threshold,
        "settings": settings or {},
        "seeds": (opts.seed + chosen).tolist(),
        "mean_return": [float(mean) for mean in means],
        "returns": returns.tolist(),
        "return_iqm": statistics.interquartile_mean(means),
        "return_ci95": statistics.confidence_interval(means),
    }


def altered(task: Task, options: Options, settings: dict[str, Any]) -> Task:
    """Return a task with other parameters, for agents that were trained without.

    Args:
        task: As trained.
        options: Of the run.
        settings: By key, ``env.NAME``.

    Raises:
        NeurorlError: Anything but a parameter of the environment, one that changes what agents see or do, or an environment that
            no name makes again.
    """
    for key in settings:
        if not key.startswith("env."):
            raise NeurorlError(f"'{key}' is no parameter of the environment; an evaluation can change those only: env.NAME")
    changed = {key.removeprefix("env."): value for key, value in settings.items()}
    if isinstance(task, JaxTask) and all(hasattr(task.env_params, name) for name in changed):
        return task.altered(changed)
    if task.source is None:
        raise NeurorlError(f"'{task.env_id}' is what a program made, and no name makes it again with other parameters")
    limit = options.max_episode_steps
    other = resolve(task.source, task.loop, {**task.parameters, **changed}, limit, options.wrappers)
    for what, before, after in (
        ("observations", task.observation_space, other.observation_space),
        ("actions", task.action_space, other.action_space),
    ):
        if before != after:
            raise NeurorlError(f"{', '.join(settings)} changes the {what} from {before} to {after}, which the agents do not know")
    return other
