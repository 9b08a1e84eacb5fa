"""A finished or interrupted run, as Python sees it, and the agents it holds."""

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
import jax
import numpy as np
from gymnasium import spaces

from neurorl import packing
from neurorl.backend import keep_programs
from neurorl.envs.intake import Intake
from neurorl.envs.task import Task
from neurorl.errors import NeurorlError
from neurorl.loops.keys import key_of
from neurorl.loops.learners import Learners, learner
from neurorl.results import figures, run_folder
from neurorl.results.result import Result
from neurorl.results.run_folder import RunFolder
from neurorl.runs import checkpoints, config, evaluation
from neurorl.runs.config import Config


class TrainedAgent:
    """One learner of a run, taken out: it acts greedily with frozen weights."""

    def __init__(self, agent: Any, state: Any, task: Task, carried: Any = ()):
        """Wrap an agent, the state of one learner, the task whose observations and actions it exchanges, and what its environment
        carries over from training (``Learners.world``).
        """
        self.agent, self.state, self.task, self.carried = agent, state, task, carried
        self._intake = Intake(task.observation_space, "act() was given")

        @jax.jit
        def act(state: Any, activity: Any, observation: Any, key: Any) -> tuple[Any, Any, Any]:
            key, this = jax.random.split(key)
            return *agent.act(state, activity, observation, this), key

        self._act = act
        self.reset()

    def reset(self) -> None:
        """Return to the activity that an episode starts with.

        An agent with a working memory needs it at every episode's start, others only for bit-identical repetition.
        """
        self._activity, self._key = self.agent.initial_activity(self.state), key_of(0)

    def act(self, observation: Any) -> Any:
        """Return the greedy action for one observation, as the environment takes it: an int where its actions are Discrete.

        Raises:
            NeurorlError: An observation of another shape than the space's, outside of it, or with a NaN.
        """
        self._intake.write(0, observation)
        self._intake.check()
        if not np.isfinite(self._intake.rows).all():
            raise NeurorlError(f"act() was given an observation with a NaN or an infinite number: {observation!r}")
        return self.act_packed(self._intake.packed()[0])

    def act_packed(self, seen: np.ndarray) -> Any:
        """Return the greedy action for an observation that is packed (``neurorl.packing``)."""
        self._activity, action, self._key = self._act(self.state, self._activity, seen, self._key)
        action = packing.unpack(self.task.action_space, np.asarray(action))
        return int(action) if isinstance(self.task.action_space, spaces.Discrete) else action

    def environment(self, render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
        """Return an environment for it in Gymnasium; what wrappers gathered in training is in it, and stays as it is.

        Raises:
            NeurorlError: Gymnasium has no such environment.
        """
        twin = self.task.twin()
        if twin is None:
            raise NeurorlError(f"'{self.task.env_id}' with these parameters is no environment of Gymnasium")
        (env,) = twin.as_trained(self.carried if twin is self.task else (), render_mode).envs
        return gymnasium.wrappers.TimeLimit(env, twin.max_episode_steps) if twin.limited_by_us else env


class Run(Result):
    """The folder of a run. Its results are there at once; its environment and its agent are made when they are needed."""

    def __init__(self, folder: RunFolder, values: dict[str, Any], env: Any = None, agent: Any = None):
        """Wrap a folder and the content of its config.json; :func:`load` and ``neurorl.train`` make one."""
        super().__init__(folder, values)
        self._given = env, agent

    def __repr__(self) -> str:
        """Name the folder."""
        return f"<neurorl.Run {self.path} ({'complete' if self.folder.complete else 'incomplete'})>"

    @functools.cached_property
    def configuration(self) -> Config:
        """The environment, the agent and the options.

        Raises:
            NeurorlError: The environment or the agent cannot be made from its name: give it to :func:`load`.
        """
        return config.from_json(self.values, *self._given)

    def learners(self, step: int | None = None) -> Learners:
        """Return all learners at a checkpoint, by default the last."""
        there = checkpoints.steps(self.folder.checkpoints)
        if not there:
            raise NeurorlError(f"run '{self.path}' has no finished checkpoint; start again with: neurorl resume {self.path}")
        keep_programs()
        template = self.configuration.make_loop().init()
        return checkpoints.restore(self.folder.checkpoints, there[-1] if step is None else step, template)

    def agent(self, index: int = 0, step: int | None = None) -> TrainedAgent:
        """Return learner ``index`` at a checkpoint, by default the last."""
        seeds = self.values["seeds"]
        if not 0 <= index < seeds:
            raise NeurorlError(f"seed index {index} is out of range: the run has {seeds} seeds, 0 to {seeds - 1}")
        learners = self.learners(step)
        state, world = learner((learners.agent, learners.world), index)
        return TrainedAgent(self.configuration.agent, state, self.configuration.task, world)

    def plot(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Draw the learning curve, by default into the run's folder, and return the file."""
        return plot([self], path or self.folder.learning_curve)

    def evaluate(self, episodes: int = 20, index: int | None = None, step: int | None = None) -> dict[str, Any]:
        """Play greedy episodes with frozen weights; in Gymnasium's own environment where it has the task.

        Args:
            episodes: Episodes of each learner.
            index: Only this learner.
            step: Checkpoint, by default the last.

        Returns:
            ``environment`` ("gymnasium" or "gymnax"), ``seeds``, ``returns`` [learners][episodes], ``mean_return`` of each
            learner, and over learners ``return_iqm`` and ``return_ci95``.
        """
        return evaluation.evaluate(self.configuration, self.learners(step), episodes, index)


def load(path: str | os.PathLike[str], env: Any = None, agent: Any = None) -> Run:
    """Return the run in a folder. Curves and summary can be read whether or not its environment and agent still exist.

    Args:
        path: The run's folder.
        env: The environment, where it cannot be made from its id.
        agent: The agent or its class, where it cannot be found by its name.
    """
    return Run(*run_folder.open_run(path), env, agent)


def plot(runs: Sequence[Result], path: str | os.PathLike[str]) -> Path:
    """Draw the learning curves of runs, finished or not, into one figure, and return the file."""
    target = figures.target(path)
    figures.learning_curve(runs, target)
    return target
