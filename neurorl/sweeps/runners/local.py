"""The runner of this process: one shard after the other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurorl.sweeps.runners.runner import Outcome, attempt


class Local:
    """Computes shards here."""

    width = 1

    def run(self, tasks: list[dict[str, Any]], folder: Path) -> Iterator[Outcome]:
        """Yield each outcome; see :class:`neurorl.sweeps.runners.Runner`."""
        for task in tasks:
            yield run_task(task, folder)


def run_task(task: dict[str, Any], folder: Path) -> Outcome:
    """Compute one shard and store it."""
    from neurorl.sweeps import shard

    content, error = attempt(lambda: shard.compute(task))
    if error is None:
        shard.store(folder, task["name"], content)
    return Outcome(task["name"], error)
