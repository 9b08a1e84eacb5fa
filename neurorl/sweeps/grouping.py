"""Which learners run in one compiled batch: rows that differ in numbers only share a program, mapped over learners.

A learner is one learner: a row with a seed. The number of learners of a batch decides the last bit of its results (XLA vectorises
differently), so it follows from the configuration alone, never from the machine, the runner, or what is left to do. Batches that
are not full are filled up with learners whose results nobody reads.
"""

import dataclasses
import json
from collections.abc import Collection, Hashable, Sequence
from typing import Any

import jax
import numpy as np

from neurorl.envs.task import JaxTask
from neurorl.loops import kinds
from neurorl.runs.config import Config
from neurorl.sweeps.rows import Row
from neurorl.sweeps.spec import Spec


@dataclasses.dataclass(frozen=True)
class Shard:
    """A batch of learners: some rows, each with the same range of seeds."""

    rows: tuple[Row, ...]
    seed: int  # of the first learner of each row
    seeds: int  # learners of each row
    shape: tuple[int, int]  # rows and seeds of the batch; at least as many
    batch: int = 0  # learners of the batch, where they are more than rows times seeds
    part: int = 0  # of a sweep that has grown, how often it had

    @property
    def size(self) -> int:
        """Learners of the batch, those that fill it up included."""
        return max(self.batch, self.shape[0] * self.shape[1])

    @property
    def name(self) -> str:
        """Name of its file, without ending."""
        indices = [row.index for row in self.rows]
        rows = "-".join(map(str, indices)) if len(indices) <= 3 else f"{indices[0]}-{indices[-1]}x{len(indices)}"
        grown = f"grown-{self.part}_" if self.part else ""
        return f"{grown}rows-{rows}_seeds-{self.seed}-{self.seed + self.seeds - 1}"

    @property
    def learners(self) -> int:
        """Number of learners."""
        return len(self.rows) * self.seeds


def plan(
    spec: Spec,
    configurations: Sequence[tuple[Row, Config]],
    there: Collection[tuple[int, int]] = frozenset(),
    part: int = 0,
) -> list[Shard]:
    """Return the shards of all rows that could be resolved, in order.

    Args:
        spec: The sweep.
        configurations: Its rows.
        there: Row and seed of each learner that needs no shard, since the sweep had it before it grew.
        part: How often it has grown.
    """
    shards = []
    for rows in programs(configurations).values():
        height, width = shape(spec, len(rows))
        begun = {row.index for row in rows if any((row.index, seed) in there for seed in _seeds(spec))}
        whole = [row for row in rows if row.index not in begun]
        for start in range(0, len(whole), height):
            for first in range(0, spec.head.seeds, width):
                seeds = min(width, spec.head.seeds - first)
                among = tuple(whole[start : start + height])
                shards.append(Shard(among, spec.head.seed + first, seeds, (height, width), part=part))
        lacking: dict[tuple[int, int], list[Row]] = {}  # by first seed and number of seeds
        for row in rows:
            for piece in (
                _runs([seed for seed in _seeds(spec) if (row.index, seed) not in there], width) if row.index in begun else ()
            ):
                lacking.setdefault(piece, []).append(row)
        for (first, seeds), those in lacking.items():
            most = height * width // seeds
            for start in range(0, len(those), most):
                some = tuple(those[start : start + most])
                shards.append(Shard(some, first, seeds, (len(some), seeds), height * width, part))
    return shards


def programs(configurations: Sequence[tuple[Row, Config]]) -> dict[Hashable, list[Row]]:
    """Return the rows of each compiled program."""
    groups: dict[Hashable, list[Row]] = {}
    for row, configuration in configurations:
        groups.setdefault(program(row, configuration), []).append(row)
    return groups


def shape(spec: Spec, rows: int) -> tuple[int, int]:
    """Return how many rows and seeds are in a batch of a program that serves so many rows."""
    parts = -(-spec.head.seeds // spec.head.group)
    width = -(-spec.head.seeds // parts)
    return (min(rows, spec.head.group // width) if parts == 1 else 1), width


def _seeds(spec: Spec) -> range:
    return range(spec.head.seed, spec.head.seed + spec.head.seeds)


def _runs(seeds: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Return ascending seeds as ranges (first, count) of at most so many."""
    runs: list[tuple[int, int]] = []
    for seed in seeds:
        if runs and sum(runs[-1]) == seed and runs[-1][1] < most:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((seed, 1))
    return runs


def program(row: Row, configuration: Config) -> Hashable:
    """Return what the compiled program of a row depends on: everything but numbers that are arguments of it."""
    task = configuration.task
    if not isinstance(task, JaxTask):
        return row.index  # the host loop compiles its agent in
    options = configuration.options
    changes = tuple((step, name, json.dumps(value)) for step, name, value in options.changes)
    limits = (changes, options.steps, options.eval_every, options.eval_episodes, options.eval_seed)
    return (configuration.agent_id, kinds.program(task, configuration.agent), limits)


def stack(trees: Sequence[Any], learners: np.ndarray) -> Any:
    """Return one tree with the numbers of ``trees`` [rows] for every learner.

    Args:
        trees: Agents, or environment parameters, that differ in numbers only.
        learners: [learners], which tree each learner uses.
    """
    return jax.tree.map(lambda *leaves: jax.numpy.asarray(np.stack([np.asarray(leaf) for leaf in leaves])[learners]), *trees)
