"""Rules that change in mid-run: parameters of the environment that take another value from an environment step on.

    changes = ((20_000, "force_mag", -10.0), (40_000, "force_mag", 10.0))

Weights, traces and the episode in progress carry over, and nothing tells the agent. The parameters are arguments of the compiled
loop, so a change compiles nothing.
"""

from typing import Any

from neurorl.envs.task import Task
from neurorl.errors import NeurorlError

Changes = tuple[tuple[int, str, Any], ...]


def check(changes: Changes, task: Task, steps: int) -> None:
    """Raise a NeurorlError unless every change can be made to this task within the run."""
    for change in changes:
        if len(change) != 3 or not isinstance(change[0], int) or not isinstance(change[1], str):
            raise NeurorlError(f"'changes' holds {list(change)}; each is [environment step, parameter, value]")
        if not 0 < change[0] < steps:
            raise NeurorlError(
                f"'changes' names step {change[0]}; it must lie between 0 and the run's {steps} steps, both excluded"
            )
        task.altered({change[1]: change[2]})


def at(changes: Changes, task: Task, step: int) -> Task:
    """Return the task that the environment step after ``step`` is taken in.

    Args:
        changes: Of the run.
        task: As the run begins.
        step: Environment steps done.
    """
    due = {name: value for start, name, value in sorted(changes, key=lambda change: change[0]) if start <= step}
    return task.altered(due) if due else task


def next_one(changes: Changes, step: int) -> int | None:
    """Return the environment step of the first change after ``step``, or None."""
    return min((start for start, *_ in changes if start > step), default=None)
