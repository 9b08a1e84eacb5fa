"""A run from its configuration to its summary: train, log, evaluate, checkpoint, and go on after any interruption."""

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from neurorl import agents, interrupts
from neurorl.backend import keep_programs
from neurorl.errors import NeurorlError, NeurorlWarning
from neurorl.interrupts import Interrupted
from neurorl.loops import record
from neurorl.loops.learners import NOT_FINE, TOO_LARGE, Loop, begins_finite, curve_point, has_grown_too_large, learner
from neurorl.results import curves, episode_figure, figures, run_folder, summary
from neurorl.results.curves import Curve
from neurorl.results.run_folder import RunFolder
from neurorl.runs import changes, checkpoints, config
from neurorl.runs.clock import Clock
from neurorl.runs.config import Config
from neurorl.runs.options import Options
from neurorl.runs.progress import Progress, Several
from neurorl.runs.run import Run


def train(
    env: Any,
    agent: Any = agents.DEFAULT,
    *,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    settings: dict[str, Any] | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Run:
    """Train independent learners and return the finished run.

    Args:
        env: A gymnax or Gymnasium id, ``module:id``, an environment, or a function that makes a Gymnasium environment.
        agent: A registered name, ``module:Class``, an agent class, or an agent.
        out: The run's folder; by default ``runs/ENV__AGENT__SEED__TIME``.
        overwrite: Whether a run already in ``out`` is replaced; files that no run wrote stay.
        settings: Hyperparameters by key, as ``--set`` takes them: ``{"gamma": 0.95, "env.length": 1.0}``.
        progress: A meter of ``neurorl.runs.progress``; none by default.
        **options: Fields of ``neurorl.runs.options.Options``: seeds, seed, steps, eval_every, eval_episodes, eval_seed,
            log_every, checkpoint_every, max_episode_steps, loop, changes.

    Raises:
        NeurorlError: Bad input, or an environment that returns NaN. Nothing that exists is overwritten.
    """
    keep_programs()
    configuration = config.build(env, agent, options, settings or {})
    if out is None:
        folder = run_folder.create_default(configuration.env_id, configuration.agent_id, configuration.options.seed)
    else:
        folder = run_folder.create(out, overwrite)
    return _run(folder, configuration, progress, fresh=True)


def resume(path: str | os.PathLike[str], *, env: Any = None, agent: Any = None, progress: Progress | None = None) -> Run:
    """Go on with a run that was interrupted, from its last checkpoint, and return it finished.

    Args:
        path: The run's folder.
        env: The environment, where it cannot be made from its id.
        agent: The agent or its class, where it cannot be found by its name.
        progress: A meter of ``neurorl.runs.progress``; none by default.

    Raises:
        NeurorlError: No run, a damaged checkpoint, or an environment or agent that cannot be made.
    """
    keep_programs()
    folder, values = run_folder.open_run(path)
    run = Run(folder, values, env, agent)
    return run if folder.complete else _run(folder, run.configuration, progress)


def _run(folder: RunFolder, configuration: Config, progress: Progress | None, fresh: bool = False) -> Run:
    session = None
    try:
        if fresh:  # first of all: with its configuration a run that is killed at once can be resumed
            with _kept(folder):
                run_folder.write_json(folder.config, configuration.to_json())
        with (
            contextlib.closing(Several(progress or Progress())) as meter,
            contextlib.closing(configuration.make_loop()) as loop,
        ):
            session = _Session(folder, configuration, loop, meter)
            session.learn()
    except Exception:
        if fresh and (session is None or session.done == 0):
            folder.clear()  # there is nothing in it yet
        raise
    return session.finish()


class _Session:
    """A run from where its folder stands to its end."""

    def __init__(self, folder: RunFolder, configuration: Config, loop: Loop, progress: Progress):
        """Begin, or go on from the last checkpoint, and compile."""
        self.folder, self.configuration, self.options = folder, configuration, configuration.options
        self.seeds = np.arange(self.options.seed, self.options.seed + self.options.seeds)
        saved = checkpoints.steps(folder.checkpoints)
        self.progress, self.done = progress, saved[-1] if saved else 0
        progress.start(folder, configuration.to_json(), self.done)
        self.clock = Clock(folder)
        self.loop = loop
        with self.clock.measure("compile_seconds"):
            learners = self.loop.init()
            self.watched = begins_finite(learners.agent)
        if saved:
            learners = checkpoints.restore(folder.checkpoints, saved[-1], learners)
        else:
            with _kept(folder):
                checkpoints.save(folder.checkpoints, 0, learners)
        self.training, self.evaluation = (
            Curve(curves.read(path, until=self.done)) for path in (folder.training, folder.evaluation)
        )
        with self.clock.measure("compile_seconds"):
            self.learners = self.loop.warm_up(learners)

    def learn(self) -> None:
        """Train to the end.

        Raises:
            Interrupted: A signal came.
        """
        with interrupts.deferred() as signal:
            while self.done < self.options.steps:
                self._advance()
                if saved := _due(self.done, _checkpoint_every(self.options), self.options.steps):
                    self._save()
                if (signum := signal()) is not None and self.done < self.options.steps:
                    raise Interrupted(self._stop(saved), signum)

    def finish(self) -> Run:
        """Draw the figures and sum up; drawing may fail, and costs nothing."""
        values, training, evaluation = self.configuration.to_json(), self.training.table(), self.evaluation.table()
        run = Run(self.folder, values)
        run.configuration = self.configuration
        _draw(self.folder.learning_curve, lambda path: figures.learning_curve([run], path))
        if hasattr(self.configuration.agent, "record"):
            _draw(self.folder.spikes, self._draw_spikes)
        with _kept(self.folder):
            self.clock.write()
            run_folder.write_json(self.folder.summary, summary.summarise(values, training, evaluation, self.clock.values))
        return run

    def _advance(self) -> None:
        """Go on to the next environment step at which something is due, and log and evaluate what is."""
        opts, task = self.options, self.configuration.task
        self.loop.change(changes.at(opts.changes, task, self.done))
        chunk = _next_stop(self.done, opts) - self.done
        start = self.clock.values["train_seconds"]
        with self.clock.measure("train_seconds"):
            self.learners = jax.block_until_ready(self.loop.advance(self.learners, chunk))
        self._check_finite(self.done, self.done + chunk)
        self.done += chunk
        self.clock.trained(self.done, chunk * opts.seeds)
        if _due(self.done, opts.log_every, opts.steps):
            self.learners, values = curve_point(self.configuration.agent, self.learners)
            columns = {name: np.asarray(column) for name, column in values.items()}
            self.training.add(self.seeds, self.done, columns)
            self.progress.update(self.done, columns, chunk * opts.seeds / (self.clock.values["train_seconds"] - start))
        if _due(self.done, opts.eval_every, opts.steps):
            with self.clock.measure("evaluation_seconds"):
                returns = self.loop.evaluate(self.learners)
            columns = {"eval_return": returns.mean(1), "eval_return_min": returns.min(1), "eval_return_max": returns.max(1)}
            self.evaluation.add(self.seeds, self.done, columns)
            self.progress.evaluated(self.done, returns)

    def _save(self) -> None:
        """Keep everything up to here. The checkpoint is last: rows beyond it are dropped by who goes on from it."""
        self.progress.flush()
        with _kept(self.folder):
            self.training.write(self.folder.training)
            self.evaluation.write(self.folder.evaluation)
            self.learners = self.loop.checkpointed(self.learners)
            checkpoints.save(self.folder.checkpoints, self.done, self.learners)
            self.clock.write()

    def _stop(self, saved: bool) -> str:
        """Save where that changes no result, and say where the run will go on.

        A checkpoint of the host loop cuts its episodes, so it has checkpoints only where the run never stopped has them.
        """
        if not saved and not self.loop.cuts_episodes:
            self._save()
        last = checkpoints.steps(self.folder.checkpoints)[-1]
        kept = "saved" if last == self.done else f"saved at step {last}, the last checkpoint of the host loop"
        return f"interrupted at step {self.done} and {kept}; go on with: neurorl resume {self.folder.path}"

    def _draw_spikes(self, path: Path) -> None:
        opts, agent = self.options, self.configuration.agent
        task = changes.at(opts.changes, self.configuration.task, self.done - 1)  # with the rule that was in force
        state, carried = learner((self.learners.agent, self.learners.world), 0)
        episode = record.episode(task, agent, state, opts.eval_seed, carried)
        title = (
            f"{self.configuration.env_id}, seed {opts.seed} after {self.done:,} environment steps: one episode "
            f"({episode.reward.sum():g} in {len(episode.reward) - 1} steps, {episode.ended})"
        )
        signals: dict[str, np.ndarray] = {"reward": episode.reward}
        signals |= {name: np.asarray(signal) for name, signal in episode.recording.signals.items()}
        spikes = {name: np.asarray(each) for name, each in episode.recording.spikes.items()}
        episode_figure.draw(spikes, signals, title, path)

    def _check_finite(self, start: int, end: int) -> None:
        finite = np.asarray(self.learners.episodes.finite)
        broken = np.asarray(has_grown_too_large(self.learners.agent, self.watched))
        returned = self.loop.not_finite.get(int(np.argmin(finite)), f"an observation or reward that is {NOT_FINE}")
        for wrong, what in (
            (~finite, f"environment '{self.configuration.env_id}' returned {returned}"),
            (broken, f"agent '{self.configuration.agent_id}' {TOO_LARGE}"),
        ):
            if wrong.any():
                when = f"seed {self.seeds[wrong][0]}, between steps {start} and {end}"
                raise NeurorlError(f"{what} ({when}); the run stops at its last checkpoint")


@contextlib.contextmanager
def _kept(folder: RunFolder) -> Iterator[None]:
    """Say in one sentence what it means that a run's folder cannot be written."""
    try:
        yield
    except OSError as error:
        raise NeurorlError(
            f"run '{folder.path}' cannot be saved: {error.strerror or error}; what was saved before is whole. "
            f"Make room, then go on with: neurorl resume {folder.path}"
        ) from error


def _draw(path: Path, draw: Callable[[Path], None]) -> None:
    """Draw a figure, or say why there is none: nothing that only draws may cost a result."""
    try:
        draw(path)
    except Exception as error:  # whatever a renderer, a disk, an agent or an environment raises
        warnings.warn(f"'{path}' could not be drawn, the results are there without it: {error!r}", NeurorlWarning, stacklevel=2)


def _checkpoint_every(options: Options) -> int:
    assert options.checkpoint_every is not None, "config.build fills it in"
    return options.checkpoint_every


def _next_stop(done: int, options: Options) -> int:
    """Return the next environment step at which something is due."""
    periods = (options.log_every, options.eval_every, _checkpoint_every(options))
    change = changes.next_one(options.changes, done) or options.steps
    return min([options.steps, change, *((done // period + 1) * period for period in periods)])


def _due(done: int, period: int, steps: int) -> bool:
    return done % period == 0 or done == steps
