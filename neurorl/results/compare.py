"""Runs beside each other: a table, learning curves with bands, and everything that makes the comparison less than fair, said.

Runs are compared within one environment only, at the last evaluation that all of them have, and never pooled.
"""

import dataclasses
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from neurorl.errors import NeurorlError
from neurorl.results import curves, statistics
from neurorl.results.curves import Grid
from neurorl.results.result import Result
from neurorl.results.text import with_interval


@dataclasses.dataclass(frozen=True)
class Entry:
    """A run in a comparison."""

    name: str
    run: Result
    returns: pd.DataFrame  # greedy return, a row a seed and a column an evaluation

    @property
    def grid(self) -> Grid:
        """The same as an array."""
        return Grid(self.returns.columns.to_numpy(), self.returns.to_numpy(float))

    @property
    def last(self) -> int:
        """Environment steps of its last evaluation."""
        return int(self.returns.columns[-1])


@dataclasses.dataclass(frozen=True)
class Group:
    """The runs of one environment."""

    environment: str
    entries: list[Entry]
    at: int | None  # environment steps at which they are compared; None where they have no evaluation in common

    def scores(self, entry: Entry) -> np.ndarray:
        """Return the greedy returns of a run where the group is compared, or else at its own end, [seeds]."""
        return entry.returns[entry.last if self.at is None else self.at].to_numpy(float)


class Note(NamedTuple):
    """Something that is not alike."""

    text: str
    runs: tuple[str, ...]  # names of the runs it is about


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What ``neurorl compare`` shows."""

    groups: list[Group]
    notes: list[Note]

    @property
    def table(self) -> pd.DataFrame:
        """A row a run: interquartile mean of the greedy return and its interval, seeds solved, median steps to solve."""
        return pd.DataFrame([_row(group, entry) for group in self.groups for entry in group.entries])

    @property
    def pairs(self) -> pd.DataFrame:
        """A row a pair of runs of one environment: probability that a seed of the first does better than one of the second."""
        rows = []
        for group in self.groups:
            for x, y in itertools.combinations(group.entries if group.at is not None else [], 2):
                low, high = statistics.improvement_interval(group.scores(x), group.scores(y)) or (None, None)
                chance = statistics.probability_of_improvement(group.scores(x), group.scores(y))
                rows.append({"environment": group.environment, "run": x.name, "better_than": y.name, "at_step": group.at,
                             "probability": chance, "low": low, "high": high})  # fmt: skip
        return pd.DataFrame(rows)


def compare(runs: Sequence[Result]) -> Comparison:
    """Return the comparison of runs, finished or not.

    Raises:
        NeurorlError: A run given twice, or nothing that can be compared.
    """
    paths = [run.path.resolve() for run in runs]
    for path in paths:
        if paths.count(path) > 1:
            raise NeurorlError(f"run '{path.name}' was given twice; give every run once")
    names = _names([run.path for run in runs])
    notes: list[Note] = []
    groups: dict[str, list[Entry]] = {}
    for name, run in zip(names, runs, strict=True):
        returns = curves.pivot(curves.read(run.folder.evaluation), "eval_return")
        if not run.folder.complete:
            done = 0 if returns.empty else int(returns.columns[-1])
            text = f"{name} is unfinished: {done:,} of {run.values['steps']:,} steps evaluated"
            text += ", so it is left out" if returns.empty else ""
            notes.append(Note(f"{text}; go on with: neurorl resume {run.path}", (name,)))
        if not returns.empty:
            groups.setdefault(_environment(run), []).append(Entry(name, run, returns))
    if not groups:
        raise NeurorlError(f"{', '.join(names)}: no run has an evaluation yet")
    if len(groups) > 1:
        apart = "; ".join(f"{', '.join(e.name for e in entries)} on {key}" for key, entries in groups.items())
        notes.append(Note(f"environments differ, so these are shown apart: {apart}", tuple(names)))
    found = []
    for environment, entries in groups.items():
        common = sorted(set.intersection(*(set(entry.returns.columns) for entry in entries)))
        found.append(Group(environment, entries, int(common[-1]) if common else None))
        notes.extend(_differences(found[-1]))
    return Comparison(found, notes)


def markdown(comparison: Comparison) -> str:
    """Return the tables and the notes as Markdown."""
    lines = ["| environment | run | agent | seeds | at step | greedy return, IQM [95 %] | solved | median steps to solve |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for row in comparison.table.to_dict("records"):
        solved = "" if pd.isna(row["solved"]) else f"{row['solved']:g} of {row['seeds']}"
        median = row["median_steps_to_threshold"]
        cells = (row["environment"], row["run"], row["agent"], row["seeds"], f"{row['at_step']:,}",
                 with_interval(row["return_iqm"], row["low"], row["high"]), solved,
                 "" if pd.isna(median) else f"{median:,.0f}")  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    pairs = comparison.pairs.to_dict("records")
    if pairs:
        lines += [
            "",
            "| environment | a seed of | does better than one of | at step | with probability [95 %] |",
            "|---|---|---|---|---|",
        ]
        for row in pairs:
            chance = with_interval(row["probability"], row["low"], row["high"], digits=2)
            lines.append(f"| {row['environment']} | {row['run']} | {row['better_than']} | {row['at_step']:,} | {chance} |")
    if comparison.notes:
        lines += ["", "Not alike:", "", *(f"- {note.text}" for note in comparison.notes)]
    return "\n".join(lines) + "\n"


def csv(comparison: Comparison) -> str:
    """Return the table as CSV, with the notes that name a run in its row."""
    table = comparison.table
    table["notes"] = ["; ".join(note.text for note in comparison.notes if name in note.runs) for name in table["run"]]
    return table.to_csv(index=False)


def _row(group: Group, entry: Entry) -> dict[str, Any]:
    scores, threshold = group.scores(entry), entry.run.threshold
    low, high = statistics.confidence_interval(scores) or (None, None)
    at = entry.last if group.at is None else group.at
    until = entry.returns.loc[:, :at]
    steps = statistics.steps_to_threshold(until.columns.to_numpy(), until.to_numpy(float), threshold)
    known = threshold is not None
    return {
        "environment": group.environment,
        "run": entry.name,
        "agent": entry.run.values["agent_id"],
        "seeds": len(scores),
        "at_step": at,
        "return_iqm": statistics.interquartile_mean(scores),
        "low": low,
        "high": high,
        "solved": sum(step is not None for step in steps) if known else None,
        "median_steps_to_threshold": statistics.median_steps(steps),
    }


def _environment(run: Result) -> str:
    """Return the name of an environment with whatever was changed in it."""
    limit, changed = run.values["max_episode_steps"], run.values.get("task", {}).get("changed")
    changes = [json.dumps(run.values["env"], sort_keys=True)] if changed else []
    changes += [f"at most {limit} steps"] if limit is not None else []
    return run.values["env_id"] + (f" ({', '.join(changes)})" if changes else "")


def _differences(group: Group) -> list[Note]:
    """Return what differs between the runs of an environment."""
    entries, notes = group.entries, []
    values = [entry.run.values for entry in entries]

    def note(text: str, *about: Entry) -> None:
        notes.append(Note(f"{group.environment}: {text}", tuple(entry.name for entry in about or entries)))

    lengths = [f"{entry.last:,} steps" for entry in entries]
    if group.at is None:
        note(f"no evaluation in common ({_each(entries, lengths)}); each is at its own end, without probability of improvement")
    elif len(set(lengths)) > 1:
        note(f"runs differ in length ({_each(entries, lengths)}); compared at {group.at:,}, the last evaluation that all have")
    elif group.at != entries[0].last:
        note(f"compared at {group.at:,}, the last evaluation that all have")
    for words, each in (
        ("seeds differ", [f"{v['seed']} to {v['seed'] + v['seeds'] - 1}" for v in values]),
        ("evaluation episodes differ", [v["eval_episodes"] for v in values]),
        ("evaluation seeds differ", [v["eval_seed"] for v in values]),
        ("evaluation periods differ", [v["eval_every"] for v in values]),
        ("training loops differ", [v["loop"] for v in values]),
    ):
        if len(set(each)) > 1:
            note(f"{words} ({_each(entries, each)})")
    for x, y in itertools.combinations(entries, 2):
        a, b = x.run.values, y.run.values
        if a["agent_id"] == b["agent_id"]:
            first, second = _flat(a["agent"]), _flat(b["agent"])
            differ = ", ".join(f"{k} ({v} and {second.get(k)})" for k, v in first.items() if v != second.get(k))
            note(f"{x.name} and {y.name} " + (f"differ in {differ}" if differ else "have the same hyperparameters"), x, y)
    return notes


def _each(entries: list[Entry], values: list[Any]) -> str:
    return ", ".join(f"{entry.name} {value}" for entry, value in zip(entries, values, strict=True))


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def _names(paths: list[Path]) -> list[str]:
    """Return the shortest ends of the paths that are all different."""
    parts = [path.resolve().parts for path in paths]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            break
    return names
