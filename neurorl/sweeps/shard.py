"""A shard computed: a pure function of the sweep's configuration, some rows, and a range of seeds, to a table.

One row of the table is one learner at one evaluation:

    env, agent, and every field that the sweep varies
    row, seed, env_step      which learner, after how many environment steps
    eval_return              mean return of the greedy episodes; with eval_return_min, eval_return_max
    recent_return            mean return of the last 100 training episodes; episodes: how many have ended
    error                    what went wrong with the learner, or null; from then on its returns are null
"""

import contextlib
import io
from collections.abc import Hashable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from neurorl.envs.task import HostTask, JaxTask
from neurorl.errors import NeurorlError
from neurorl.files import write_atomically
from neurorl.loops import episodes
from neurorl.loops.host_loop import HostLoop
from neurorl.loops.jax_loop import JaxLoop
from neurorl.loops.learners import NOT_FINE, TOO_LARGE, Learners, Loop, begins_finite, has_grown_too_large, learner_keys
from neurorl.runs import changes as schedule
from neurorl.runs.config import Config
from neurorl.sweeps import grouping, rows, spec
from neurorl.sweeps.grouping import Shard
from neurorl.sweeps.rows import Row

TYPES = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "text": pa.string(), "json": pa.string()}


class RowsLoop(JaxLoop):
    """The jitted loop mapped over hyperparameters and environment parameters too; it serves all shards of one program."""

    axis = 0


class Point(NamedTuple):
    """Every learner at one evaluation, each [learners]."""

    env_step: np.ndarray
    returns: np.ndarray  # [learners, episodes]
    recent_return: np.ndarray
    episodes: np.ndarray
    error: np.ndarray  # text, "" for none


def to_task(sweep: spec.Spec, shard: Shard) -> dict[str, Any]:
    """Return everything another process needs, as JSON values."""
    return {
        "name": shard.name,
        "hash": sweep.hash,
        "sweep": sweep.to_json(),
        "rows": [{"index": row.index, "values": row.values} for row in shard.rows],
        "seed": shard.seed,
        "seeds": shard.seeds,
        "shape": list(shard.shape),
        "batch": shard.batch,
    }


def compute(task: dict[str, Any]) -> bytes:
    """Return the Parquet file of a shard.

    Raises:
        NeurorlError: This process has other versions of what decides the results than the one that began the sweep.
    """
    sweep = spec.check(task["sweep"])
    if sweep.hash != task["hash"]:
        raise NeurorlError(f"this machine has other versions ({spec.versions()}) than the sweep; install the same ones")
    shard = Shard(tuple(Row(**row) for row in task["rows"]), task["seed"], task["seeds"], tuple(task["shape"]), task["batch"])
    table = _table(sweep, shard, _learn(sweep, shard))
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def store(folder: Path, name: str, content: bytes) -> None:
    """Let the file of a shard appear, whole, by one rename."""
    write_atomically(folder / f"{name}.parquet", lambda temporary: temporary.write_bytes(content))


def _learn(sweep: spec.Spec, shard: Shard) -> list[Point]:
    """Train and evaluate every learner of the batch."""
    configurations = [rows.resolve(sweep, row) for row in shard.rows]
    options = configurations[0].options
    loop, learners = _begin(configurations, shard)
    watched, points, done = begins_finite(learners.agent), [], 0
    with contextlib.closing(loop):
        while done < options.steps:
            end = min((done // options.eval_every + 1) * options.eval_every, options.steps)
            while (change := schedule.next_one(options.changes, done)) is not None and change < end:
                learners = loop.advance(learners, change - done)
                done = change
                _change(loop, configurations, shard, done)
            learners = loop.advance(learners, end - done)
            done = end
            _, values = _training_point(learners)
            returns = loop.evaluate(learners)
            error = np.where(has_grown_too_large(learners.agent, watched), f"the agent {TOO_LARGE}", "").astype(object)
            seen = np.asarray(learners.episodes.finite) & np.isfinite(returns).all(1)
            for learner in np.flatnonzero(~seen):
                returned = loop.not_finite.get(int(learner), f"an observation or reward that is {NOT_FINE}")
                error[learner] = f"the environment returned {returned}"
            steps = np.full(len(returns), done)
            points.append(Point(steps, returns, np.asarray(values["recent_return"]), np.asarray(values["episodes"]), error))
            if any(step == done for step, *_ in options.changes):
                _change(loop, configurations, shard, done)
    return points


def _begin(configurations: list[Config], shard: Shard) -> tuple[Loop, Learners]:
    """Return the loop and learners of a batch in its full size: rows by seeds, and what fills it up."""
    first = configurations[0]
    options, task = first.options, first.task
    if isinstance(task, HostTask):
        host = HostLoop(task, first.agent, shard.seed, shard.size, options.eval_seed, options.eval_episodes)
        return host, host.init()
    assert isinstance(task, JaxTask)
    key = grouping.program(shard.rows[0], first)
    loop = _programs.get(key)
    if loop is None:
        _programs.clear()  # one at a time: shards of one program follow each other
        loop = RowsLoop(task, first.agent, shard.seed, shard.shape[1], options.eval_seed, options.eval_episodes)
        _programs[key] = loop
    loop.agent = grouping.stack([c.agent for c in configurations], _learners(shard))
    _change(loop, configurations, shard, 0)
    width = shard.shape[1]
    loop.keys = learner_keys(shard.seed, width)[np.arange(shard.size) % width]
    return loop, loop.init()


def _learners(shard: Shard) -> np.ndarray:
    """Return which row each learner of the batch is, [learners]; learners that are too many repeat the last row."""
    return np.minimum(np.arange(shard.size) // shard.shape[1], len(shard.rows) - 1)


def _change(loop: Loop, configurations: list[Config], shard: Shard, step: int) -> None:
    """Give the environments of the batch the parameters of the environment steps after ``step``."""
    tasks: list[Any] = [schedule.at(c.options.changes, c.task, step) for c in configurations]  # JAX ones: only they change
    params = [task.env_params for task in tasks]
    loop.params = grouping.stack(params, _learners(shard))  # type: ignore[attr-defined]  # only the jitted loop has changes


_programs: dict[Hashable, RowsLoop] = {}  # the loop of the last program, compiled


@jax.jit
def _training_point(learners: Learners) -> Any:
    return jax.vmap(episodes.point)(learners.episodes)


def _table(sweep: spec.Spec, shard: Shard, points: list[Point]) -> pa.Table:
    """Return the table of the learners that count, ordered by row, seed and environment step."""
    width = shard.shape[1]
    learners = [(r, s) for r in range(len(shard.rows)) for s in range(shard.seeds)]
    index = np.array([r * width + s for r, s in learners])

    def column(values: list[np.ndarray]) -> np.ndarray:
        return np.stack(values, 1)[index].ravel()  # [learners, points], flat

    def numbers(values: list[np.ndarray]) -> pa.Array:
        flat = column(values).astype(np.float64)
        return pa.array(flat, pa.float64(), mask=~np.isfinite(flat) | (failed != ""))

    failed = column([point.error for point in points])
    kinds = {"env": "text", "agent": "text", **rows.columns(sweep)}
    heads = {"env": sweep.head.env, "agent": sweep.head.agent or rows.resolve(sweep, shard.rows[0]).agent_id}
    fields = {}
    for name, kind in kinds.items():
        cells = [rows.cell({**heads, **shard.rows[r].values}[name], kind) for r, _ in learners for _ in points]
        fields[name] = pa.array(cells, TYPES[kind])
    return pa.table(
        {
            **fields,
            "row": pa.array([shard.rows[r].index for r, _ in learners for _ in points], pa.int64()),
            "seed": pa.array([shard.seed + s for _, s in learners for _ in points], pa.int64()),
            "env_step": pa.array(column([point.env_step for point in points]), pa.int64()),
            "eval_return": numbers([point.returns.mean(1) for point in points]),
            "eval_return_min": numbers([point.returns.min(1) for point in points]),
            "eval_return_max": numbers([point.returns.max(1) for point in points]),
            "recent_return": numbers([point.recent_return for point in points]),
            "episodes": pa.array(column([point.episodes for point in points]), pa.int64()),
            "error": pa.array([text or None for text in failed], pa.string()),
        }
    ).replace_schema_metadata({"neurorl.sweep": sweep.hash})
