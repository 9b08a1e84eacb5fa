"""A run from its configuration to its summary: train, log, evaluate, checkpoint, and go on after any interruption."""

import contextlib
import dataclasses
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from neurorl import agents
from neurorl.errors import NeurorlError
from neurorl.loops.jax_loop import JaxLoop
from neurorl.loops.kinds import LOOPS
from neurorl.loops.learners import Learners, Loop, curve_point
from neurorl.results import curves, figures, run_folder, summary
from neurorl.results.curves import Curve
from neurorl.results.run_folder import RunFolder
from neurorl.runs import changes, checkpoints, config
from neurorl.runs.config import Config
from neurorl.runs.progress import Progress
from neurorl.runs.run import Run


class Interrupted(NeurorlError):
    """Ctrl-C: the run was saved and can be resumed."""


def train(
    env: Any,
    agent: Any = agents.DEFAULT,
    *,
    out: str | Path | None = None,
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
        overwrite: Whether a run already in ``out`` is replaced.
        settings: Hyperparameters by key, as ``--set`` takes them: ``{"gamma": 0.95, "env.length": 1.0}``.
        progress: A meter of ``neurorl.runs.progress``; none by default.
        **options: Fields of ``neurorl.runs.config.Options``: seeds, seed, steps, eval_every, eval_episodes,
            checkpoint_every, log_every, max_episode_steps, loop, changes.

    Raises:
        NeurorlError: Bad input, or an environment that returns NaN. Nothing that exists is overwritten.
    """
    configuration = config.build(env, agent, options, settings or {})
    opts = configuration.options
    path = out or run_folder.default_path(configuration.env_id, configuration.agent_id, opts.seed)
    folder = run_folder.create(path, overwrite)
    run_folder.write_json(folder.config, configuration.to_json())
    return _run(folder, configuration, progress or Progress())


def resume(path: str | Path, *, env: Any = None, progress: Progress | None = None) -> Run:
    """Go on with a run that was interrupted, from its last checkpoint, and return it finished.

    Args:
        path: The run's folder.
        env: The environment, where it cannot be made from its id.
        progress: A meter of ``neurorl.runs.progress``; none by default.

    Raises:
        NeurorlError: No run, or a damaged checkpoint.
    """
    folder, values = run_folder.open_run(path)
    configuration = config.from_json(values, env)
    if folder.complete:
        return Run(folder, configuration)
    return _run(folder, configuration, progress or Progress())


def make_loop(configuration: Config) -> Loop:
    """Return the loop that a configuration asks for."""
    opts = configuration.options
    return LOOPS[configuration.task.loop](
        configuration.task, configuration.agent, opts.seed, opts.seeds, opts.eval_seed, opts.eval_episodes
    )


def _run(folder: RunFolder, configuration: Config, progress: Progress) -> Run:
    opts = configuration.options
    seeds = np.arange(opts.seed, opts.seed + opts.seeds)
    loop = make_loop(configuration)
    clock = Clock(folder)
    with clock.measure("compile_seconds"):
        learners = loop.init()
    saved = checkpoints.steps(folder.checkpoints)
    if saved:
        learners = checkpoints.restore(folder.checkpoints, saved[-1], learners)
    else:
        checkpoints.save(folder.checkpoints, 0, learners)
    done = int(learners.step)
    training, evaluation = (Curve(curves.read(path, until=done)) for path in (folder.training, folder.evaluation))
    with clock.measure("compile_seconds"):
        learners = loop.warm_up(learners)

    def save(learners: Learners) -> Learners:
        training.write(folder.training)
        evaluation.write(folder.evaluation)
        learners = loop.checkpointed(learners)
        checkpoints.save(folder.checkpoints, int(learners.step), learners)
        clock.write()
        return learners

    progress.start(configuration.env_id, opts.steps, done)
    try:
        with _deferred_interrupt() as interrupted:
            while done < opts.steps:
                if isinstance(loop, JaxLoop):
                    loop.change(changes.at(opts.changes, configuration.task, done))
                chunk = _next_stop(done, opts) - done
                start = clock.values["train_seconds"]
                with clock.measure("train_seconds"):
                    learners = jax.block_until_ready(loop.advance(learners, chunk))
                done += chunk
                clock.trained(done, chunk * opts.seeds)
                _check_finite(configuration, learners, seeds, done - chunk, done)
                if _due(done, opts.log_every, opts.steps):
                    learners, values = curve_point(configuration.agent, learners)
                    columns = {name: np.asarray(column) for name, column in values.items()}
                    training.add(seeds, done, columns)
                    progress.update(done, columns, chunk * opts.seeds / (clock.values["train_seconds"] - start))
                if _due(done, opts.eval_every, opts.steps):
                    with clock.measure("evaluation_seconds"):
                        returns = loop.evaluate(learners)
                    evaluation.add(seeds, done, _evaluation_columns(returns))
                    progress.evaluated(done, returns)
                if _due(done, _checkpoint_every(opts), opts.steps):
                    learners = save(learners)
                if interrupted() and done < opts.steps:
                    save(learners)
                    raise Interrupted(f"interrupted at step {done} and saved; go on with: neurorl resume {folder.path}")
    finally:
        progress.close()
    figures.learning_curve([(folder.path.name, configuration, training.table(), evaluation.table())], folder.learning_curve)
    in_force = dataclasses.replace(configuration, task=changes.at(opts.changes, configuration.task, done - 1))
    figures.spikes(in_force, learners, folder.spikes)
    clock.write()
    run_folder.write_json(folder.summary, summary.summarise(configuration, training.table(), evaluation.table(), clock.values))
    return Run(folder, configuration)


class Clock:
    """Clock times of a run, added up over resumes and kept in timing.json.

    ``train_processor_seconds`` is what training took of processors: unlike clock time it means the same on a busy machine. Per
    environment step of each learner it is kept in ``processor_seconds_at``, all learners together.
    """

    def __init__(self, folder: RunFolder):
        """Go on from what the folder holds."""
        self._path = folder.timing
        zero: dict[str, Any] = {"train_seconds": 0.0, "train_steps": 0, "evaluation_seconds": 0.0, "compile_seconds": 0.0}
        zero |= {"train_processor_seconds": 0.0, "processor_seconds_at": {}}
        self.values = zero | (run_folder.read_json(self._path) if self._path.is_file() else {})

    @contextlib.contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the wall time of a block to ``name``."""
        start, processor = time.perf_counter(), time.process_time()
        yield
        self.values[name] += time.perf_counter() - start
        if name == "train_seconds":
            self.values["train_processor_seconds"] += time.process_time() - processor

    def trained(self, done: int, steps: int) -> None:
        """Note that ``steps`` environment steps of all learners together brought each to step ``done``."""
        self.values["train_steps"] += steps
        self.values["processor_seconds_at"][str(done)] = self.values["train_processor_seconds"]

    def write(self) -> None:
        """Keep the times."""
        run_folder.write_json(self._path, self.values)


def _checkpoint_every(options: Any) -> int:
    assert options.checkpoint_every is not None, "config.build fills it in"
    return options.checkpoint_every


def _next_stop(done: int, options: Any) -> int:
    """Return the next environment step at which something is due."""
    periods = (options.log_every, options.eval_every, _checkpoint_every(options))
    change = changes.next_one(options.changes, done) or options.steps
    return min([options.steps, change, *((done // period + 1) * period for period in periods)])


def _due(done: int, period: int, steps: int) -> bool:
    return done % period == 0 or done == steps


def _evaluation_columns(returns: np.ndarray) -> dict[str, np.ndarray]:
    return {"eval_return": returns.mean(1), "eval_return_min": returns.min(1), "eval_return_max": returns.max(1)}


def _check_finite(configuration: Config, learners: Learners, seeds: np.ndarray, start: int, end: int) -> None:
    finite = np.asarray(learners.episodes.finite)
    if not finite.all():
        raise NeurorlError(
            f"environment '{configuration.env_id}' returned an observation or reward that is NaN or infinite "
            f"(seed {seeds[~finite][0]}, between steps {start} and {end}); the run stops at its last checkpoint"
        )


@contextlib.contextmanager
def _deferred_interrupt() -> Iterator[Any]:
    """Let a first Ctrl-C wait for the end of a chunk of steps, and a second one end the program."""
    asked = False

    def ask(*_: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    try:
        previous = signal.signal(signal.SIGINT, ask)
    except ValueError:  # not in the main thread: Ctrl-C goes there
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, previous)
