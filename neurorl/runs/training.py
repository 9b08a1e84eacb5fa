"""Train a run, and go on with it after any interruption."""

import contextlib
import os
import warnings
from typing import Any

from neurorl import groups
from neurorl.backend import keep_programs
from neurorl.errors import NeurorlError, NeurorlWarning
from neurorl.loggers import Job, Logger, Several, identity, names
from neurorl.parameters import from_dict
from neurorl.results import run_folder
from neurorl.results.run_folder import RunFolder
from neurorl.runs import checkpoints, config
from neurorl.runs.config import Config
from neurorl.runs.options import Options
from neurorl.runs.run import Run
from neurorl.runs.session import Session, Until, kept


def train(
    env: Any,
    agent: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    settings: dict[str, Any] | None = None,
    loggers: names.Given = None,
    until: Until | None = None,
    **options: Any,
) -> Run:
    """Train independent learners and return the finished run.

    Args:
        env: A gymnax or Gymnasium id, ``module:id``, an environment, or a function that makes a Gymnasium environment.
        agent: A registered name, ``module:Class``, an agent class, or an agent; by default that of the run to
            ``start`` from, else the usual one of the spaces (:func:`neurorl.agents.usual`): ``spiking-deep``, and
            ``spiking-actor-critic`` where boxes are answered by choices.
        out: The run's folder; by default ``runs/ENV__AGENT__SEED__TIME``.
        overwrite: Whether a run already in ``out`` is replaced; files that no run wrote stay.
        settings: Hyperparameters by key, as ``--set`` takes them: ``{"gamma": 0.95, "env.length": 1.0}``.
        loggers: Names ("bar", "tensorboard", "wandb", "mlflow", "trackio", ``module:Class``), instances of ``neurorl.Logger``,
            and functions, which are called with every point (docs/logging.md). None: a bar where somebody watches, in a notebook
            or at Python's prompt, and nothing in a program; (): nothing.
        until: A function of a point; the run ends at the first for which it returns True.
        **options: Fields of ``neurorl.runs.options.Options``: seeds, seed, steps, eval_every, eval_episodes, eval_seed,
            log_every, checkpoint_every, max_episode_steps, until_solved, loop, wrappers, changes, start.

    Raises:
        NeurorlError: Bad input, or an environment that returns NaN. Nothing that exists is overwritten.
    """
    keep_programs()
    told = names.make(loggers)
    configuration = config.build(env, agent, options, settings or {})
    if out is None:
        folder = run_folder.create_default(configuration.env_id, configuration.agent_id, configuration.options.seed)
    else:
        folder = run_folder.create(out, overwrite)
    return _run(folder, configuration, told, until, fresh=True)


def resume(
    path: str | os.PathLike[str],
    *,
    env: Any = None,
    agent: Any = None,
    loggers: names.Given = None,
    until: Until | None = None,
    steps: int | None = None,
) -> Run:
    """Go on with a run that was interrupted, or that is to take more steps, from its last checkpoint, and return it finished.

    Args:
        path: The run's folder.
        env: The environment, where it cannot be made from its id.
        agent: The agent or its class, where it cannot be found by its name.
        loggers: As for :func:`train`, beside those that the run was given by name, which go on.
        until: As for :func:`train`; a function is not kept, so give it again.
        steps: Environment steps that every learner is to have taken in the end, where that is another number than before.

    Raises:
        NeurorlError: No run, a damaged checkpoint, an environment or agent that cannot be made, or fewer steps than were taken.
    """
    keep_programs()
    folder, values = run_folder.open_run(path)
    if steps is not None:
        values = _with_steps(folder, values, steps)
    run = Run(folder, values, env, agent)
    if folder.complete and steps is None:
        return run
    if steps is not None:
        _lengthen(run)
    return _run(folder, run.configuration, names.make_again(identity.read(folder.path).loggers, loggers), until)


def _with_steps(folder: RunFolder, values: dict[str, Any], steps: int) -> dict[str, Any]:
    """Return the configuration of a run with another number of steps, which end no more because every learner has solved it."""
    steps = from_dict(Options(), {"steps": steps}).steps
    done = max(checkpoints.steps(folder.checkpoints), default=0)
    if steps <= done:
        raise NeurorlError(f"'steps' is {steps}; run '{folder.path}' has taken {done} already, so give more")
    early = folder.complete and done < values["steps"]
    return values | {"steps": steps} | ({"until_solved": False} if early else {})


def _lengthen(run: Run) -> None:
    """Let a run be one that is not complete and has as many steps to take as its values say."""
    values = run.configuration.to_json()  # first: what cannot be made changes nothing
    with kept(run.folder):
        run.folder.summary.unlink(missing_ok=True)
        run_folder.write_json(run.folder.config, values)


def _run(folder: RunFolder, configuration: Config, loggers: list[Logger], until: Until | None, fresh: bool = False) -> Run:
    session = None
    try:
        with kept(folder):
            if fresh:  # first of all: with its configuration a run that is killed at once can be resumed
                run_folder.write_json(folder.config, configuration.to_json())
            known = identity.of_job(folder.path, loggers)
        if configuration.task.loop == "jax":
            _say_where_groups_wait(configuration.options)
        job = Job(known.id, folder.path.resolve().name, folder.path, configuration.to_json())
        with contextlib.closing(Several(loggers)) as logger:
            with contextlib.closing(configuration.make_loop()) as loop:
                session = Session(job, folder, configuration, loop, logger, until)
                session.learn()
            return session.finish()
    except Exception:
        if fresh and (session is None or session.done == 0):
            folder.clear()  # there is nothing in it yet
        raise


def _say_where_groups_wait(options: Options) -> None:
    """Warn of groups that follow each other on an accelerator, where unlike on a core larger ones take no longer."""
    count = groups.count(options.seeds, options.group)
    used = groups.devices(count)
    if count > len(used) and used[0].platform != "cpu":
        warnings.warn(
            f"{count} groups of learners follow each other on {len(used)} {'devices' if len(used) > 1 else 'device'} "
            f"({used[0].platform}), where larger ones take no longer: --group {-(-options.seeds // len(used))} "
            "(the last bit of results depends on it)",
            NeurorlWarning,
            stacklevel=2,
        )
