"""What loggers are told of a sweep: how far it is, and each row, as a run of its own, once all of its seeds are done."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from neurorl.loggers import Job, Logger, Point, Progress, Several, identity
from neurorl.results import run_folder, statistics
from neurorl.runs.config import Config
from neurorl.sweeps import tables
from neurorl.sweeps.folder import SweepFolder
from neurorl.sweeps.grouping import Shard
from neurorl.sweeps.rows import Row

TRAINING = ("recent_return", "episodes")  # columns of a sweep's table that a training curve has
EVALUATION = ("eval_return", "eval_return_min", "eval_return_max")


class Telling:
    """Tells loggers of a sweep or a tuning."""

    def __init__(
        self,
        folder: SweepFolder,
        loggers: list[Logger],
        total: int,
        done: int,
        learners: int,
        remember: bool = False,
        earlier: pa.Table | None = None,
    ):
        """Begin with ``done`` of ``total`` shards, in which ``learners`` learners are.

        With ``remember``, loggers that were given by name are told of each row once, however often the command is given.
        ``earlier`` has the learners from before the sweep grew, which are in no shard that is told of.
        """
        self._earlier = earlier if loggers else None
        self._known_before = set() if self._earlier is None else set(self._earlier["row"].to_pylist())
        self.folder, self.all = folder, Several(loggers)
        self._of_rows = [logger for logger in loggers if logger.of_rows]
        self._known = identity.of_job(folder.path, loggers)
        self._told = run_folder.read_json(folder.told) if remember and folder.told.is_file() else {}
        self._remember = remember
        self._done, self._total, self._learners = done, total, learners
        self._steps, self._began = 0, time.perf_counter()
        self._show()

    def shard(self, learners: int, steps: int) -> None:
        """Count a shard, with the learners in it and the environment steps of all of them."""
        self._done, self._learners, self._steps = self._done + 1, self._learners + learners, self._steps + steps
        self._show()

    def say(self, message: str) -> None:
        """Give all a line of text."""
        self.all.say(message)

    def rows(self, resolved: list[tuple[Row, Config]], shards: list[Shard]) -> None:
        """Tell of those rows of which every shard is done, unless they were told.

        Args:
            resolved: Rows with their configurations.
            shards: All shards that those rows are in.
        """
        within: dict[int, list[Shard]] = {}
        for shard in shards if self._of_rows else ():
            for row in shard.rows:
                within.setdefault(row.index, []).append(shard)
        for row, configuration in resolved:
            parts = within.get(row.index, [])
            missing = [logger for logger in self._of_rows if row.index not in self._told.get(_name(logger), ())]
            if missing and (parts or row.index in self._known_before) and all(map(self.folder.has, parts)):
                self._tell(missing, row, configuration, parts)

    def close(self) -> None:
        """End."""
        self.all.close()

    def _tell(self, loggers: list[Logger], row: Row, configuration: Config, parts: list[Shard]) -> None:
        found = [tables.of([self.folder.shards / f"{part.name}.parquet" for part in parts])] if parts else []
        if row.index in self._known_before:
            assert self._earlier is not None
            found.append(self._earlier.filter(pc.equal(self._earlier["row"], row.index)))
        table = pd.concat([each.to_pandas() for each in found])
        table = table[table.row == row.index].sort_values(["seed", "env_step"])
        name = self.folder.path.resolve().name
        job = Job(
            id=f"{self._known.id}-row-{row.index}",
            name=f"{name}-row-{row.index}",
            path=self.folder.path,
            values=configuration.to_json(),
            row=row.index,
            group=f"{name}-{self._known.id}",
        )
        for logger in loggers:
            alone = Several([logger])
            alone.start(job, 0)
            for point in points(table, configuration.task.threshold):
                alone.point(point)
            alone.end(_summary(table, configuration))
            if alone.loggers:
                self._told.setdefault(_name(logger), []).append(row.index)
            else:
                self._of_rows.remove(logger)
                self.all.loggers.remove(logger)
        named = {name: done for name, done in self._told.items() if name in self._known.loggers}
        if named and self._remember:
            run_folder.write_json(self.folder.told, named)

    def _show(self) -> None:
        speed = self._steps / (time.perf_counter() - self._began) if self._steps else np.nan
        self.all.progress(Progress("sweep", self._done, self._total, "shards", self._learners, speed))


def points(table: pd.DataFrame, threshold: float | None) -> Iterator[Point]:
    """Yield the points of one row of a sweep, in order.

    Args:
        table: Its part of the sweep's table.
        threshold: Return at which the task counts as solved.
    """
    solved = statistics.Solved(table.seed.nunique(), threshold)
    for _, at in table.sort_values(["env_step", "seed"]).groupby("env_step"):
        training, evaluation = ({name: at[name].to_numpy(float) for name in names} for names in (TRAINING, EVALUATION))
        yield Point(int(at.env_step.iloc[0]), training, evaluation, solved.add(evaluation["eval_return"]))


def _summary(table: pd.DataFrame, configuration: Config) -> dict[str, Any]:
    grid = table.pivot(index="seed", columns="env_step", values="eval_return")
    final = grid.iloc[:, -1].dropna().to_numpy(float)
    return {
        "env_id": configuration.env_id,
        "agent": configuration.agent_id,
        "env_steps": configuration.options.steps,
        "threshold": configuration.task.threshold,
        "steps_to_threshold": statistics.steps_to_threshold(
            grid.columns.to_numpy(int), grid.to_numpy(float), configuration.task.threshold
        ),
        "final_eval_return_iqm": statistics.interquartile_mean(final),
        "final_eval_return_ci95": statistics.confidence_interval(final),
    }


def _name(logger: Logger) -> str:
    """Return the name under which it is kept what a logger was told; what a program gave is told of everything."""
    return logger.given_name or f"{id(logger)}"
