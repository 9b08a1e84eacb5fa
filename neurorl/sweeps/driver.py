"""A sweep from its file to its results: compute the shards that are missing, collect what fails, go on after anything."""

import dataclasses
import math
from pathlib import Path
from typing import Any

from neurorl.errors import NeurorlError
from neurorl.files import user_path
from neurorl.loggers import identity, names
from neurorl.results import run_folder
from neurorl.runs.config import Config
from neurorl.sweeps import folder as folders
from neurorl.sweeps import grouping, growth, rows, shard, spec, tables
from neurorl.sweeps.folder import SweepFolder
from neurorl.sweeps.rows import Row
from neurorl.sweeps.runners import Runner, make
from neurorl.sweeps.runners.runner import prepare
from neurorl.sweeps.spec import Spec
from neurorl.sweeps.telling import Telling


@dataclasses.dataclass(frozen=True)
class Report:
    """What a command did."""

    folder: SweepFolder
    shards: int  # in the sweep
    computed: int  # now
    failures: list[dict[str, Any]]  # {"what", "error"}, of rows, shards and learners


def sweep(
    file: str | Path | dict[str, Any],
    out: str | Path | None = None,
    runner: str | Runner = "local",
    address: str | None = None,
    processes: int | None = None,
    loggers: names.Given = (),
) -> Report:
    """Run a sweep, or go on with it, or with one from which it has grown (:mod:`neurorl.sweeps.growth`).

    Args:
        file: A TOML file, the folder of a sweep, or the content of the file as a dictionary.
        out: The folder; by default ``runs/NAME`` for NAME.toml.
        runner: "local", "pool", "ray", or a runner.
        address: Of the Ray cluster.
        processes: Of the pool.
        loggers: As for ``neurorl.train``; every row is told as a run, once all of its seeds are done. Loggers that were given by
            name go on with the sweep.

    Raises:
        NeurorlError: Bad input, or a folder that holds another sweep. Failing configurations are reported, not raised.
    """
    prepare()
    made = names.make(loggers)
    plan, path = load(file, out)
    served = make(runner, address, processes) if isinstance(runner, str) else runner
    parts = folders.parts(path, plan, "sweep")
    good, bad = resolve(plan, growth.rows(parts))
    folder = folders.begin(path, plan, "sweep")
    kept = [file for file in folder.files() if folders.part_of(file) in growth.useful(parts)]
    earlier = tables.grown(folder, growth.useful(parts)) if kept else None
    there = set() if earlier is None else set(zip(*(earlier[name].to_pylist() for name in tables.LEARNER), strict=True))
    shards = grouping.plan(plan, good, there, len(parts) - 1)
    missing = [each for each in shards if not folder.has(each)]
    failures = [{"what": rows.describe(row), "error": error} for row, error in bad]
    told = names.make_again(identity.read(folder.path).loggers, made)
    begun = len(there) + sum(each.learners for each in shards if each not in missing)
    total = len(kept) + len(shards)
    telling = Telling(folder, told, total, total - len(missing), begun, remember=True, earlier=earlier)
    try:
        if there and missing and (why := rounded_otherwise(parts, good)):
            telling.say(why)
        telling.rows(good, shards)
        failures += run(plan, folder, shards, good, served, telling)
    finally:
        telling.close()
    if folder.files():
        tables.write(folder)
        failures += learner_failures(folder)
    run_folder.write_json(folder.failures, {"failures": failures})
    return Report(folder, total, len(missing), failures)


def rounded_otherwise(parts: list[Spec], good: list[tuple[Row, Config]]) -> str | None:
    """Return a sentence where learners from before a sweep grew may have another last bit than in one asked for at once."""
    counts, sizes = growth.counts(parts), set()
    for found in grouping.programs(good).values():
        now = math.prod(grouping.shape(parts[-1], len(found)))
        for number in growth.useful(parts):
            if begun := sum(row.index < counts[number] for row in found):
                sizes.add((math.prod(grouping.shape(parts[number], begun)), now))
    others = [f"{old} instead of {now}" for old, now in sorted(sizes) if old != now]
    if not others:
        return None
    return (
        f"learners from before were computed in batches of {', '.join(others)}: "
        "they may differ in the last bit from those of a sweep asked for at once"
    )


def load(file: str | Path | dict[str, Any], out: str | Path | None) -> tuple[Spec, Path]:
    """Return the configuration of a sweep, and where it goes."""
    if isinstance(file, dict):
        if out is None:
            raise NeurorlError("a sweep that is given as a dictionary needs 'out', the folder of its results")
        return spec.check(file), user_path(out)
    file = user_path(file)
    if file.is_dir():
        if out is not None:
            raise NeurorlError(f"'{file}' is the folder of a sweep, so --out {out} makes no sense; give its TOML file")
        return folders.open_sweep(file)[1], file
    return spec.read(file), user_path(out) if out is not None else Path("runs") / file.stem


def resolve(plan: Spec, found: list[Row]) -> tuple[list[tuple[Row, Config]], list[tuple[Row, str]]]:
    """Return the rows that can run, with their configurations, and those that cannot, with their errors.

    Raises:
        NeurorlError: No row can run.
    """
    good, bad = [], []
    for row in found:
        try:
            good.append((row, rows.resolve(plan, row)))
        except NeurorlError as error:
            bad.append((row, str(error)))
    if not good:
        raise NeurorlError(f"no row of the sweep can run; {rows.describe(bad[0][0])}: {bad[0][1]}")
    return good, bad


def run(
    plan: Spec,
    folder: SweepFolder,
    shards: list[grouping.Shard],
    good: list[tuple[Row, Config]],
    runner: Runner,
    telling: Telling,
) -> list[dict[str, Any]]:
    """Compute the shards that are missing; return those that failed.

    Args:
        plan, folder: The sweep.
        shards: All shards of the rows.
        good: The rows with their configurations.
        runner, telling: What computes them, and what tells of it.
    """
    missing = [each for each in shards if not folder.has(each)]
    by_name = {each.name: each for each in missing}
    configurations = {row.index: configuration for row, configuration in good}
    shards_of: dict[int, list[grouping.Shard]] = {}
    for each in shards:
        for row in each.rows:
            shards_of.setdefault(row.index, []).append(each)
    failures = []
    outcomes = runner.run([shard.to_task(plan, each) for each in missing], folder.shards)
    try:
        for outcome in outcomes:
            each = by_name[outcome.name]
            telling.shard(each.learners, each.seeds * sum(configurations[row.index].options.steps for row in each.rows))
            if outcome.error is not None:
                what = f"seeds {each.seed} to {each.seed + each.seeds - 1} of {', '.join(map(rows.describe, each.rows))}"
                failures.append({"what": what, "error": outcome.error})
                telling.say(f"{what}: {outcome.error}")
            here = [(row, configurations[row.index]) for row in each.rows]
            telling.rows(here, list({part.name: part for row in each.rows for part in shards_of[row.index]}.values()))
    finally:
        if hasattr(outcomes, "close"):
            outcomes.close()
    return failures


def learner_failures(folder: SweepFolder) -> list[dict[str, Any]]:
    """Return the learners of finished shards that went wrong."""
    table = tables.table(folder).to_pandas()
    wrong = table[table.error.notna()].drop_duplicates(["row", "seed"])
    return [
        {"what": f"row {each.row}, seed {each.seed}, by step {each.env_step}", "error": each.error} for each in wrong.itertuples()
    ]
