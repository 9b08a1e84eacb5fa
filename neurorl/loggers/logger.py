"""What a logger is told of: a job, its points, its figures and its end."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Job(NamedTuple):
    """A run: one of ``neurorl train``, or a row of a sweep or of a tuning."""

    id: str  # the same when it goes on after an interruption
    name: str  # for people
    path: Path  # folder of the run, or of the sweep that the row belongs to
    values: dict[str, Any]  # content of config.json
    row: int | None = None  # of the sweep
    group: str | None = None  # what the rows of a sweep have in common

    @property
    def seeds(self) -> range:
        """Seeds of the learners."""
        return range(self.values["seed"], self.values["seed"] + self.values["seeds"])


class Point(NamedTuple):
    """What is known after some environment steps: a point of the training curve, an evaluation, or both."""

    step: int  # environment steps done by each learner
    training: dict[str, np.ndarray]  # columns of training.parquet, each [learners], NaN for none; {} where no point is due
    evaluation: dict[str, np.ndarray]  # columns of evaluation.parquet, each [learners]; {} where no evaluation is due
    solved: np.ndarray  # [learners], whether three successive evaluations were at the task's threshold
    steps_per_second: float = math.nan  # of all learners together, NaN in rows of sweeps

    @property
    def eval_return(self) -> np.ndarray:
        """Mean greedy return, [learners]; NaN, so that no comparison is true, where no evaluation is due."""
        return self.evaluation.get("eval_return", np.full(len(self.solved), math.nan))

    @property
    def recent_return(self) -> np.ndarray:
        """Mean return of the last 100 training episodes, [learners]; NaN where there is none."""
        return self.training.get("recent_return", np.full(len(self.solved), math.nan))


class Progress(NamedTuple):
    """How far a command has come: a run in environment steps, a sweep in shards."""

    name: str
    done: int
    total: int
    unit: str  # "steps" or "shards"
    learners: int  # that have come this far
    steps_per_second: float  # environment steps of all learners; NaN where nothing is measured yet


class Logger:
    """The logger that does nothing; others override what they want to be told of.

    Of every job it is told ``start``, then points and flushes, then figures and ``end``; jobs follow each other. A job that is
    interrupted does not end, and starts again when it goes on. ``close`` is last, whatever happened.
    """

    given_name: str | None = None  # by which it was asked for, so that it can be made again; None for what a program made
    of_rows: bool = True  # whether it is told of the rows of a sweep, each a job, beside the progress of the whole

    def start(self, job: Job, done: int) -> None:
        """A job begins, or goes on after ``done`` environment steps: points after them come again."""

    def point(self, point: Point) -> None:
        """Something is known after some environment steps; the steps ascend."""

    def flush(self) -> None:
        """A checkpoint follows, from which a run that is killed goes on: keep what you were told."""

    def figure(self, name: str, path: Path) -> None:
        """A figure of the job was drawn into a PNG file."""

    def end(self, summary: dict[str, Any]) -> None:
        """The job is complete; ``summary`` is the content of summary.json, or as much of it as a row of a sweep has."""

    def progress(self, progress: Progress) -> None:
        """The command has come some way."""

    def say(self, message: str) -> None:
        """A line of text for whoever watches."""

    def close(self) -> None:
        """Nothing more comes."""


class Callback(Logger):
    """A function that is called with every point."""

    def __init__(self, function: Any):
        """Wrap a function of a :class:`Point`."""
        self._function = function

    def point(self, point: Point) -> None:
        """Call it."""
        self._function(point)
