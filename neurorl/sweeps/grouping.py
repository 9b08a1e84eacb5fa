"""Which learners run in one compiled batch: rows that differ in numbers only share a program, mapped over learners.

A learner is one learner: a row with a seed. The number of learners of a batch decides the last bit of its results (XLA vectorises
differently), so it follows from the configuration alone, never from the machine, the runner, or what is left to do. Batches that
are not full are filled up with learners whose results nobody reads.
"""

import dataclasses
import json
from collections.abc import Hashable, Sequence
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

    @property
    def name(self) -> str:
        """Name of its file, without ending."""
        indices = [row.index for row in self.rows]
        rows = "-".join(map(str, indices)) if len(indices) <= 3 else f"{indices[0]}-{indices[-1]}x{len(indices)}"
        return f"rows-{rows}_seeds-{self.seed}-{self.seed + self.seeds - 1}"

    @property
    def learners(self) -> int:
        """Number of learners."""
        return len(self.rows) * self.seeds


def plan(spec: Spec, configurations: Sequence[tuple[Row, Config]]) -> list[Shard]:
    """Return the shards of all rows that could be resolved, in order."""
    groups: dict[Hashable, list[Row]] = {}
    for row, configuration in configurations:
        groups.setdefault(program(row, configuration), []).append(row)
    shards = []
    for rows in groups.values():
        parts = -(-spec.head.seeds // spec.head.group)
        width = -(-spec.head.seeds // parts)
        height = min(len(rows), spec.head.group // width) if parts == 1 else 1
        for start in range(0, len(rows), height):
            for first in range(0, spec.head.seeds, width):
                seeds = min(width, spec.head.seeds - first)
                shards.append(Shard(tuple(rows[start : start + height]), spec.head.seed + first, seeds, (height, width)))
    return shards


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
