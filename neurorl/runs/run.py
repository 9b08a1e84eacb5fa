"""A finished or interrupted run, as Python sees it, and the agents it holds."""

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium import spaces

from neurorl import packing
from neurorl.backend import keep_programs
from neurorl.envs.intake import Intake
from neurorl.envs.task import Task
from neurorl.errors import NeurorlError
from neurorl.files import user_path
from neurorl.loops.keys import key_of
from neurorl.loops.learners import Learners, learner
from neurorl.results import figures, run_folder
from neurorl.results.result import Result
from neurorl.results.run_folder import RunFolder
from neurorl.runs import checkpoints, config, evaluation, exported
from neurorl.runs.config import Config
from neurorl.runs.exported import Exported


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

        self._act, self._act_many = act, jax.jit(jax.vmap(act, in_axes=(None, 0, 0, 0)))
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
        return self.act_packed(self.packed(observation))

    def packed(self, observation: Any) -> np.ndarray:
        """Return an observation packed (``neurorl.packing``); errors as of :meth:`act`."""
        self._intake.write(0, observation)
        self._intake.check()
        if not np.isfinite(self._intake.rows).all():
            raise NeurorlError(f"act() was given an observation with a NaN or an infinite number: {observation!r}")
        return self._intake.packed()[0]

    def act_packed(self, seen: np.ndarray) -> Any:
        """Return the greedy action for an observation that is packed (``neurorl.packing``)."""
        self._activity, action, self._key = self._act(self.state, self._activity, seen, self._key)
        return self.unpacked(action)

    def unpacked(self, action: Any) -> Any:
        """Return an action that is packed as the environment takes it."""
        action = packing.unpack(self.task.action_space, np.asarray(action))
        return int(action) if isinstance(self.task.action_space, spaces.Discrete) else action

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = True
    ) -> tuple[Any, Any]:
        """Return greedy actions for observations side by side, as Stable-Baselines3 asks a model for them.

        Args:
            observation: Of one environment, or of n with a leading axis [n] on every part.
            state: What the call before returned; None at the beginning. With it every environment has an activity of its own.
            episode_start: [n], bool: which environments begin an episode, and come to rest.
            deterministic: True: a trained agent explores no more.

        Returns:
            The action, or actions [n, ...], and the state for the next call.

        Raises:
            NeurorlError: An observation as :meth:`act` refuses it, or ``deterministic=False``.
        """
        if not deterministic:
            raise NeurorlError("'deterministic' is False; a trained agent acts greedily, and explores in training only")
        alone = not packing.is_batch(self.task.observation_space, observation)
        items = [observation] if alone else packing.items(self.task.observation_space, observation)
        intake = Intake(self.task.observation_space, "predict() was given", len(items))
        for index, item in enumerate(items):
            intake.write(index, item)
        intake.check()
        if not np.isfinite(intake.rows).all():
            raise NeurorlError("predict() was given an observation with a NaN or an infinite number")
        rest = self._at_rest(len(items))
        activity, keys = rest if state is None else state
        if episode_start is not None:
            begins = np.broadcast_to(np.asarray(episode_start, bool), len(items))
            activity = jax.tree.map(lambda new, old: jax.vmap(jnp.where)(begins, new, old), rest[0], activity)
        activity, actions, keys = self._act_many(self.state, activity, intake.packed(), keys)
        actions = packing.unpack(self.task.action_space, np.asarray(actions), (len(items),))
        return packing.item(actions, 0) if alone else actions, (activity, keys)

    def _at_rest(self, count: int) -> tuple[Any, Any]:
        """Return the activity that an episode starts with, and keys, of some environments."""
        initial = self.agent.initial_activity(self.state)
        activity = jax.tree.map(lambda x: jnp.broadcast_to(x, (count, *jnp.shape(x))), initial)
        return activity, jax.vmap(key_of)(jnp.arange(count))

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
    """The folder of a run, or the one file of it that :meth:`export` wrote, which has its learners and no curves.

    Its results are there at once; its environment and its agent are made when they are needed.
    """

    def __init__(
        self, folder: RunFolder, values: dict[str, Any], env: Any = None, agent: Any = None, file: Exported | None = None
    ):
        """Wrap a folder, or a file, and the content of its config.json; :func:`load` and ``neurorl.train`` make one."""
        super().__init__(folder, values)
        self._given, self._file = (env, agent), file
        if file is not None and file.summary is not None:
            self.summary = file.summary

    def __repr__(self) -> str:
        """Name the folder."""
        kind = "exported" if self._file else "complete" if self.folder.complete else "incomplete"
        return f"<neurorl.Run {self.path} ({kind})>"

    @functools.cached_property
    def configuration(self) -> Config:
        """The environment, the agent and the options.

        Raises:
            NeurorlError: The environment or the agent cannot be made from its name: give it to :func:`load`.
        """
        return config.from_json(self.values, *self._given)

    def learners(self, step: int | None = None) -> Learners:
        """Return all learners at a checkpoint, by default the last."""
        if self._file is not None:
            if step not in (None, self._file.step):
                raise NeurorlError(f"there is no checkpoint {step} in '{self.path}'; it holds step {self._file.step}")
            keep_programs()
            return self._file.learners(self.configuration.make_loop().init(), str(self.path))
        there = checkpoints.steps(self.folder.checkpoints)
        if not there:
            raise NeurorlError(f"run '{self.path}' has no finished checkpoint; start again with: neurorl resume {self.path}")
        keep_programs()
        template = self.configuration.make_loop().init()
        return checkpoints.restore(self.folder.checkpoints, there[-1] if step is None else step, template)

    def agent(self, index: int = 0, step: int | None = None) -> TrainedAgent:
        """Return learner ``index`` at a checkpoint, by default the last."""
        self._check_index(index)
        learners = self.learners(step)
        state, world = learner((learners.agent, learners.world), index)
        return TrainedAgent(self.configuration.agent, state, self.configuration.task, world)

    def export(self, path: str | os.PathLike[str], index: int | None = None, step: int | None = None) -> Path:
        """Write the learners, or one of them, into one file (safetensors) that :func:`load` takes, and return it.

        Args:
            path: The file, by custom with the ending ``.safetensors``.
            index: Only this learner.
            step: Checkpoint, by default the last.
        """
        learners, values, target = self.learners(step), self.values, user_path(path)
        known = self.summary if self.folder.complete else self._file.summary if self._file else None
        summed = known if index is None else None  # it sums up all learners
        if index is not None:
            self._check_index(index)
            own = () if isinstance(learners.world, tuple) else learner(learners.world, np.array([index]))
            learners = learners._replace(agent=learner(learners.agent, np.array([index])), world=own)
            values = values | {"seeds": 1, "seed": values["seed"] + index}
        exported.write(target, values, learners, summed)
        return target

    def _check_index(self, index: int) -> None:
        seeds = self.values["seeds"]
        if not 0 <= index < seeds:
            raise NeurorlError(f"seed index {index} is out of range: the run has {seeds} seeds, 0 to {seeds - 1}")

    def plot(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Draw the learning curve, by default into the run's folder, and return the file."""
        if self._file is not None:
            raise NeurorlError(f"'{self.path}' holds trained learners and no curves; plot the folder of the run")
        return plot([self], path or self.folder.learning_curve)

    def evaluate(
        self, episodes: int = 20, index: int | None = None, step: int | None = None, settings: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Play greedy episodes with frozen weights; in Gymnasium's own environment where it has the task.

        Args:
            episodes: Episodes of each learner.
            index: Only this learner.
            step: Checkpoint, by default the last.
            settings: Parameters of the environment that differ from those of training, by key: ``{"env.length": 1.0}``.

        Returns:
            ``environment`` ("gymnasium", "gymnax", or another suite), ``seeds``, ``returns`` (of every episode, a list for each
            learner),
            ``mean_return`` of each learner, and over learners ``return_iqm`` and ``return_ci95``.
        """
        return evaluation.evaluate(self.configuration, self.learners(step), episodes, index, settings)


def load(path: str | os.PathLike[str], env: Any = None, agent: Any = None) -> Run:
    """Return the run in a folder. Curves and summary can be read whether or not its environment and agent still exist.

    Args:
        path: The run's folder, a file that :meth:`Run.export` wrote, or ``zoo/NAME`` for an agent that comes with the package.
        env: The environment, where it cannot be made from its id.
        agent: The agent or its class, where it cannot be found by its name.
    """
    file = exported.find(path)
    if file is not None:
        held = exported.read(file)
        return Run(RunFolder(file), held.values, env, agent, held)
    return Run(*run_folder.open_run(path), env, agent)


def plot(runs: Sequence[Result], path: str | os.PathLike[str]) -> Path:
    """Draw the learning curves of runs, finished or not, into one figure, and return the file."""
    target = figures.target(path)
    figures.learning_curve(runs, target)
    return target
