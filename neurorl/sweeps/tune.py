"""Hyperparameter search: Optuna proposes rows, and the shards of a sweep try them.

The study lies in a journal file in the folder, so that several processes, on several machines with a common disk, may share it:
each started by the same command. A trial whose process was killed is proposed again.
"""

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from neurorl import extras
from neurorl.errors import NeurorlError
from neurorl.loggers import identity, names
from neurorl.results import run_folder, statistics
from neurorl.sweeps import driver, grouping, rows, tables
from neurorl.sweeps import folder as folders
from neurorl.sweeps.driver import Report
from neurorl.sweeps.folder import SweepFolder
from neurorl.sweeps.rows import Row
from neurorl.sweeps.runners import Runner, make
from neurorl.sweeps.runners.runner import prepare
from neurorl.sweeps.spec import Range, Spec
from neurorl.sweeps.telling import Telling

OWNER = "owner"  # user attribute of a trial: the process that runs it
AGAIN = "again"  # user attribute of a trial: the number of the abandoned one that it repeats
PATIENCE = 60.0  # seconds after which a running trial without an owner counts as abandoned


def tune(
    file: str | Path | dict[str, Any],
    trials: int,
    out: str | Path | None = None,
    runner: str | Runner = "local",
    address: str | None = None,
    processes: int | None = None,
    storage: str | None = None,
    loggers: names.Given = (),
) -> Report:
    """Search for the best row, or go on searching, until the study has a number of trials.

    The fields of [grid] and [random] are the space; a trial's value is the interquartile mean over seeds of the last greedy
    return, which is maximised.

    Args:
        file: As for :func:`neurorl.sweeps.sweep`.
        trials: How many trials the study is to have, earlier ones included.
        out, runner, address, processes: As for :func:`neurorl.sweeps.sweep`.
        storage: Any storage URL of Optuna instead of the journal file.
        loggers: As for :func:`neurorl.sweeps.sweep`; a trial is a row.
    """
    prepare()
    if trials < 1:
        raise NeurorlError(f"'trials' is {trials}; it must be at least 1")
    made = names.make(loggers)
    plan, path = driver.load(file, out)
    space = {**{key: plan.grid[key] for key in sorted(plan.grid)}, **{key: plan.random[key] for key in sorted(plan.random)}}
    if not space:
        raise NeurorlError("there is nothing to tune: give fields in [random] or [grid]")
    if "env" in space:
        raise NeurorlError(
            "'env' cannot be tuned, since returns of different environments do not compare; write it above the tables"
        )
    served = make(runner, address, processes) if isinstance(runner, str) else runner
    given = None if storage is None else _storage(storage)  # before there is a folder
    folder = folders.begin(path, plan, "tune")
    study = _study(folder, given, plan.head.seed)
    computed = 0
    failures: list[dict[str, Any]] = []
    begun = _count(study)
    parts = -(-plan.head.seeds // plan.head.group)  # shards of a trial
    told = names.make_again(identity.read(folder.path).loggers, made)
    telling = Telling(folder, told, trials * parts, begun * parts, begun * plan.head.seeds)
    try:
        while (left := trials - _count(study)) > 0:
            asked = [_ask(study, plan, space) for _ in range(min(left, served.width))]
            computed += _try(study, plan, folder, asked, served, telling, failures)
    finally:
        telling.close()
    if folder.files():
        tables.write(folder)
    run_folder.write_json(folder.failures, {"failures": failures})
    return Report(folder, len(folder.files()), computed, failures)


def _try(
    study: Any,
    plan: Spec,
    folder: SweepFolder,
    asked: list[Any],
    runner: Runner,
    telling: Telling,
    failures: list[dict[str, Any]],
) -> int:
    """Run trials and tell their values; return how many shards they took."""
    good, shards = [], []
    for trial, row in asked:
        try:
            good.append((trial, row, rows.resolve(plan, row)))
            shards.append(grouping.plan(plan, [(row, good[-1][2])]))
        except NeurorlError as error:
            failures.append({"what": rows.describe(row), "error": str(error)})
            study.tell(trial, state=_states().FAIL)
    together = [shard for each in shards for shard in each]
    resolved = [(row, configuration) for _, row, configuration in good]
    failures += driver.run(plan, folder, together, resolved, runner, telling) if together else []
    for (trial, row, _), each in zip(good, shards, strict=True):
        value = _value(folder, each) if all(folder.has(shard) for shard in each) else None
        if value is None:
            if all(folder.has(shard) for shard in each):
                failures.append({"what": rows.describe(row), "error": "no seed has a greedy return; see the column 'error'"})
            study.tell(trial, state=_states().FAIL)
        else:
            study.tell(trial, value)
    return len(together)


def _value(folder: SweepFolder, shards: list[grouping.Shard]) -> float | None:
    """Return the interquartile mean over seeds of the last greedy return."""
    table = tables.of([folder.shards / f"{shard.name}.parquet" for shard in shards]).to_pandas()
    return statistics.interquartile_mean(table[table.env_step == table.env_step.max()].eval_return.to_numpy(float))


def _ask(study: Any, plan: Spec, space: dict[str, Any]) -> tuple[Any, Row]:
    """Return a trial and its row."""
    trial = study.ask()
    trial.set_user_attr(OWNER, f"{socket.gethostname()}:{os.getpid()}")
    values: dict[str, Any] = {}
    for key in sorted(space, key=lambda key: (key != "agent", key)):
        among = space[key]
        if not isinstance(among, Range):
            values[key] = json.loads(trial.suggest_categorical(key, [json.dumps(choice) for choice in among]))
        elif rows.is_whole(plan, values, key):
            values[key] = trial.suggest_int(key, int(-(-among.low // 1)), int(among.high // 1), log=among.log)
        else:
            values[key] = trial.suggest_float(key, among.low, among.high, log=among.log)
    return trial, Row(trial.number, values)


def _count(study: Any) -> int:
    """Return how many trials are done or running; those whose process has died are given up first, and proposed again."""
    for trial in study.get_trials(deepcopy=False, states=(_states().RUNNING,)):
        owner = trial.user_attrs.get(OWNER)
        if owner is None:
            dead = time.time() - trial.datetime_start.timestamp() > PATIENCE
        else:
            host, _, process = owner.rpartition(":")
            dead = host == socket.gethostname() and not _lives(int(process))
        if dead:
            study.tell(trial.number, state=_states().FAIL)
            if trial.params:
                study.enqueue_trial(trial.params, user_attrs={AGAIN: trial.number})
    known = study.get_trials(deepcopy=False)
    again = {trial.user_attrs[AGAIN] for trial in known if AGAIN in trial.user_attrs}
    return sum(trial.number not in again and trial.state != _states().WAITING for trial in known)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _states() -> Any:
    return _optuna().trial.TrialState


def _storage(url: str) -> Any:
    """Return Optuna's storage at a URL."""
    try:
        return _optuna().storages.get_storage(url)
    except NeurorlError:
        raise
    except Exception as error:  # whatever Optuna and the database below it raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise NeurorlError(
            f"--storage {url}: Optuna cannot open it ({reason}); give a URL such as sqlite:///study.db, or leave it out"
        ) from error


def _study(folder: SweepFolder, storage: Any, seed: int) -> Any:
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal = optuna.storages.journal
    kept = storage or optuna.storages.JournalStorage(journal.JournalFileBackend(os.fspath(folder.study)))
    study = optuna.create_study(storage=kept, study_name="neurorl", direction="maximize", load_if_exists=True)
    # Processes that share a study must not propose alike; constant_liar keeps them away from what the others are trying.
    begun = len(study.get_trials(deepcopy=False))
    study.sampler = optuna.samplers.TPESampler(seed=(seed + 7919 * begun) % 2**32, constant_liar=True)
    return study


def _optuna() -> Any:
    with extras.needed("tuning", "optuna"):
        import optuna
    return optuna
