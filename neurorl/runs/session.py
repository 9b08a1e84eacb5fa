"""A run from where its folder stands to its end: train, log, evaluate, save, and stop where that costs nothing."""

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from neurorl import interrupts
from neurorl.errors import NeurorlError, NeurorlWarning
from neurorl.interrupts import Interrupted
from neurorl.loggers import Job, Logger, Point, Progress
from neurorl.loops import episodes, record
from neurorl.loops.learners import NOT_FINE, TOO_LARGE, Loop, begins_finite, curve_point, has_grown_too_large, learner, with_log
from neurorl.results import curves, episode_figure, figures, run_folder, statistics, summary
from neurorl.results.curves import Curve
from neurorl.results.run_folder import RunFolder
from neurorl.runs import changes, checkpoints, origin
from neurorl.runs.clock import Clock
from neurorl.runs.config import Config
from neurorl.runs.options import Options
from neurorl.runs.run import Run

LONGEST = 1000  # environment steps between two readings of the log of episodes
Until = Callable[[Point], Any]  # whether a run ends at a point


class Session:
    """A run from where its folder stands to its end."""

    def __init__(self, job: Job, folder: RunFolder, configuration: Config, loop: Loop, logger: Logger, until: Until | None):
        """Begin, or go on from the last checkpoint, and compile."""
        self.folder, self.configuration, self.options = folder, configuration, configuration.options
        self.seeds = np.arange(self.options.seed, self.options.seed + self.options.seeds)
        saved = checkpoints.steps(folder.checkpoints)
        self.logger, self.until = logger, until
        self.done, self.end = saved[-1] if saved else 0, self.options.steps
        logger.start(job, self.done)
        self._show()
        self.clock = Clock(folder)
        self.loop = loop
        with self.clock.measure("compile_seconds"):
            learners = self.loop.init()
            self.watched = begins_finite(learners.agent)
        if saved:
            learners = checkpoints.restore(folder.checkpoints, saved[-1], learners)
        else:
            if self.options.start is not None:
                learners = origin.started(self.options.start, configuration.agent, learners)
            with kept(folder):
                checkpoints.save(folder.checkpoints, 0, learners)
        self.training, self.evaluation, self.episodes = (
            Curve(curves.read(path, until=self.done)) for path in (folder.training, folder.evaluation, folder.episodes)
        )
        self.solved = statistics.Solved(self.options.seeds, configuration.task.threshold)
        for returns in curves.grid(self.evaluation.table(), "eval_return").values.T:
            self.solved.add(returns)
        with self.clock.measure("compile_seconds"):
            self.learners = self.loop.warm_up(with_log(learners, self._room))

    def learn(self) -> None:
        """Train to the end, or to the point at which it may end.

        Raises:
            Interrupted: A signal came.
        """
        if self.done and self._may_end(self._point_of_before()):
            self.end = self.done  # it did, and what came after was interrupted
        with interrupts.deferred() as signal:
            while self.done < self.end:
                self._advance()
                if saved := _due(self.done, _checkpoint_every(self.options), self.end):
                    self._save()
                if (signum := signal()) is not None and self.done < self.end:
                    raise Interrupted(self._stop(saved), signum)

    def finish(self) -> Run:
        """Draw the figures and sum up; drawing may fail, and costs nothing."""
        values, training, evaluation = self.configuration.to_json(), self.training.table(), self.evaluation.table()
        run = Run(self.folder, values)
        run.configuration = self.configuration
        drawn = [_draw(self.folder.learning_curve, lambda path: figures.learning_curve([run], path))]
        if hasattr(self.configuration.agent, "record"):
            drawn.append(_draw(self.folder.spikes, self._draw_spikes))
        for figure in filter(None, drawn):
            self.logger.figure(figure.stem, figure)
        with kept(self.folder):
            self.clock.write()
            summed = summary.summarise(values, self.end, training, evaluation, self.clock.values)
            run_folder.write_json(self.folder.summary, summed)
        self.logger.end(summed)
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
        self._read_episodes()
        self.clock.trained(self.done, chunk * opts.seeds)
        speed = chunk * opts.seeds / (self.clock.values["train_seconds"] - start)
        training = self._training_point() if _due(self.done, opts.log_every, self.end) else {}
        evaluation = self._evaluation_point() if _due(self.done, opts.eval_every, self.end) else {}
        if training or evaluation:
            point = Point(self.done, training, evaluation, self.solved.learners, speed)
            if self._may_end(point):  # the last point has both, as that of a run that was not ended
                self.end = self.done
                training, evaluation = training or self._training_point(), evaluation or self._evaluation_point()
                point = Point(self.done, training, evaluation, self.solved.learners, speed)
            self.logger.point(point)
        self._show(speed)

    def _read_episodes(self) -> None:
        """Take the episodes that ended out of the learners' logs."""
        if self._room:
            whose, columns = episodes.read(self.learners.episodes.log)
            self.episodes.extend({"seed": self.seeds[whose], **columns})
            self.learners = with_log(self.learners, self._room)

    def _training_point(self) -> dict[str, np.ndarray]:
        """Add a point to the training curve."""
        self.learners, values = curve_point(self.configuration.agent, self.learners)
        columns = {name: np.asarray(column) for name, column in values.items()}
        self.training.add(self.seeds, self.done, columns)
        return columns

    def _evaluation_point(self) -> dict[str, np.ndarray]:
        """Evaluate."""
        with self.clock.measure("evaluation_seconds"):
            returns = self.loop.evaluate(self.learners)
        columns = {"eval_return": returns.mean(1), "eval_return_min": returns.min(1), "eval_return_max": returns.max(1)}
        self.evaluation.add(self.seeds, self.done, columns)
        self.solved.add(columns["eval_return"])
        return columns

    def _may_end(self, point: Point) -> bool:
        """Return whether the run may end at a point, before it has taken all of its steps."""
        return (self.options.until_solved and bool(point.solved.all())) or (self.until is not None and bool(self.until(point)))

    def _point_of_before(self) -> Point:
        """Return the point at the checkpoint that the run goes on from."""
        training, evaluation = (curves.at(curve.table(), self.done) for curve in (self.training, self.evaluation))
        return Point(self.done, training, evaluation, self.solved.learners)

    @property
    def _room(self) -> int:
        """How many episodes the log of a learner holds between two stops; 0 without a log."""
        return min(LONGEST, self.options.steps) if self.options.log_episodes else 0

    def _show(self, speed: float = math.nan) -> None:
        opts = self.options
        self.logger.progress(Progress(self.configuration.env_id, self.done, self.end, "steps", opts.seeds, speed))

    def _save(self) -> None:
        """Keep everything up to here. The checkpoint is last: rows beyond it are dropped by who goes on from it."""
        self.logger.flush()
        with kept(self.folder):
            self.training.write(self.folder.training)
            self.evaluation.write(self.folder.evaluation)
            if self._room:
                self.episodes.write(self.folder.episodes)
            self.learners = self.loop.checkpointed(self.learners)
            checkpoints.save(self.folder.checkpoints, self.done, with_log(self.learners, 0))  # it is empty
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
        broken = has_grown_too_large(self.learners.agent, self.watched)
        returned = self.loop.not_finite.get(int(np.argmin(finite)), f"an observation or reward that is {NOT_FINE}")
        for wrong, what in (
            (~finite, f"environment '{self.configuration.env_id}' returned {returned}"),
            (broken, f"agent '{self.configuration.agent_id}' {TOO_LARGE}"),
        ):
            if wrong.any():
                when = f"seed {self.seeds[wrong][0]}, between steps {start} and {end}"
                raise NeurorlError(f"{what} ({when}); the run stops at its last checkpoint")


def _draw(path: Path, draw: Callable[[Path], None]) -> Path | None:
    """Draw a figure and return it, or say why there is none: nothing that only draws may cost a result."""
    try:
        draw(path)
        return path
    except Exception as error:  # whatever a renderer, a disk, an agent or an environment raises
        warnings.warn(f"'{path}' could not be drawn, the results are there without it: {error!r}", NeurorlWarning, stacklevel=2)
        return None


def _checkpoint_every(options: Options) -> int:
    assert options.checkpoint_every is not None, "config.build fills it in"
    return options.checkpoint_every


def _next_stop(done: int, options: Options) -> int:
    """Return the next environment step at which something is due."""
    periods = (options.log_every, options.eval_every, _checkpoint_every(options))
    change = changes.next_one(options.changes, done) or options.steps
    read = done + LONGEST if options.log_episodes else options.steps
    return min([options.steps, change, read, *((done // period + 1) * period for period in periods)])


def _due(done: int, period: int, steps: int) -> bool:
    return done % period == 0 or done == steps


@contextlib.contextmanager
def kept(folder: RunFolder) -> Iterator[None]:
    """Say in one sentence what it means that a run's folder cannot be written."""
    try:
        yield
    except OSError as error:
        raise NeurorlError(
            f"run '{folder.path}' cannot be saved: {error.strerror or error}; what was saved before is whole. "
            f"Make room, then go on with: neurorl resume {folder.path}"
        ) from error
