"""A finished or interrupted run, as Python sees it, and the agents it holds."""

import functools
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
from gymnasium import spaces

from neurorl import packing
from neurorl.envs.intake import Intake
from neurorl.envs.task import Task
from neurorl.errors import NeurorlError
from neurorl.loops.keys import key_of
from neurorl.loops.learners import Learners
from neurorl.results import curves, figures, run_folder
from neurorl.results.run_folder import RunFolder
from neurorl.runs import checkpoints, config
from neurorl.runs.config import Config


class TrainedAgent:
    """One learner of a run, taken out: it acts greedily with frozen weights."""

    def __init__(self, agent: Any, state: Any, task: Task, carried: Any = ()):
        """Wrap an agent, the state of one learner, the task whose observations and actions it exchanges, and what its environment
        carries over from training (``Learners.world``).
        """
        self.agent, self.state, self.task, self.carried = agent, state, task, carried
        self._intake = Intake(task.observation_space, "act() was given")
        self._act = jax.jit(agent.act)
        self.reset()

    def reset(self) -> None:
        """Return to the activity that an episode starts with.

        An agent with a working memory needs it at every episode's start, others only for bit-identical repetition.
        """
        self._activity, self._key = self.agent.rest(self.state), key_of(0)

    def act(self, observation: Any) -> Any:
        """Return the greedy action for one observation, as the environment takes it: an int where its actions are Discrete."""
        self._intake.write(0, observation)
        self._intake.check()
        if not np.isfinite(self._intake.rows).all():
            raise NeurorlError(f"act() was given an observation with a NaN or an infinite number: {observation!r}")
        return self.act_packed(self._intake.packed()[0])

    def act_packed(self, seen: np.ndarray) -> Any:
        """Return the greedy action for an observation that is packed (``neurorl.packing``)."""
        self._key, key = jax.random.split(self._key)
        self._activity, action = self._act(self.state, self._activity, seen, key)
        action = packing.unpack(self.task.action_space, np.asarray(action))
        return int(action) if isinstance(self.task.action_space, spaces.Discrete) else action


class Run:
    """The folder of a run."""

    def __init__(self, folder: RunFolder, configuration: Config):
        """Wrap a folder; :func:`load` and ``neurorl.train`` make one."""
        self.folder, self.configuration = folder, configuration

    def __repr__(self) -> str:
        """Name the folder."""
        return f"<neurorl.Run {self.path} ({'complete' if self.folder.complete else 'incomplete'})>"

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @functools.cached_property
    def summary(self) -> dict[str, Any]:
        """Content of summary.json."""
        if not self.folder.complete:
            raise NeurorlError(f"run '{self.path}' is not complete; go on with: neurorl resume {self.path}")
        return run_folder.read_json(self.folder.summary)

    @property
    def training(self) -> pd.DataFrame:
        """Training curve, one row a seed and point."""
        return _frame(self.folder.training)

    @property
    def evaluation(self) -> pd.DataFrame:
        """Evaluation curve, one row a seed and evaluation."""
        return _frame(self.folder.evaluation)

    def learners(self, step: int | None = None) -> Learners:
        """Return all learners at a checkpoint, by default the last."""
        from neurorl.runs.training import make_loop

        there = checkpoints.steps(self.folder.checkpoints)
        if not there:
            raise NeurorlError(f"run '{self.path}' has no finished checkpoint; start again with: neurorl resume {self.path}")
        template = make_loop(self.configuration).init()
        return checkpoints.restore(self.folder.checkpoints, there[-1] if step is None else step, template)

    def agent(self, index: int = 0, step: int | None = None) -> TrainedAgent:
        """Return learner ``index`` at a checkpoint, by default the last."""
        seeds = self.configuration.options.seeds
        if not 0 <= index < seeds:
            raise NeurorlError(f"seed index {index} is out of range: the run has {seeds} seeds, 0 to {seeds - 1}")
        learners = self.learners(step)
        state, world = jax.tree.map(lambda x: x[index], (learners.agent, learners.world))
        return TrainedAgent(self.configuration.agent, state, self.configuration.task, world)

    def plot(self, path: str | Path | None = None) -> Path:
        """Draw the learning curve, by default into the run's folder, and return the file."""
        target = Path(path) if path else self.folder.learning_curve
        plot([self], target)
        return target

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
        from neurorl.runs.evaluation import evaluate

        return evaluate(self, episodes, index, step)


def load(path: str | Path, env: Any = None) -> Run:
    """Return the run in a folder.

    Args:
        path: The run's folder.
        env: The environment, where it cannot be made from its id.
    """
    folder, values = run_folder.open_run(path)
    return Run(folder, config.from_json(values, env))


def plot(runs: list[Run], path: Path) -> None:
    """Draw the learning curves of runs, finished or not, into one figure."""
    rows = []
    for run in runs:
        training, evaluation = curves.read(run.folder.training), curves.read(run.folder.evaluation)
        if training is None or evaluation is None:
            raise NeurorlError(f"run '{run.path}' has no learning curve yet")
        rows.append((run.path.name, run.configuration, training, evaluation))
    figures.learning_curve(rows, path)


def _frame(path: Path) -> pd.DataFrame:
    table = curves.read(path)
    return pd.DataFrame() if table is None else table.to_pandas()
