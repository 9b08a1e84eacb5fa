"""Clock times of a run, kept apart from its results."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from neurorl.results import run_folder
from neurorl.results.run_folder import RunFolder


class Clock:
    """Clock times of a run, added up over resumes and kept in timing.json.

    ``train_processor_seconds`` is what training took of processors: unlike clock time it means the same on a busy machine. Per
    environment step of each learner it is kept in ``processor_seconds_at``, all learners together.
    """

    def __init__(self, folder: RunFolder):
        """Go on from what the folder holds."""
        self._path = folder.timing
        zero: dict[str, Any] = {"train_seconds": 0.0, "train_steps": 0, "evaluation_seconds": 0.0, "compile_seconds": 0.0}
        zero |= {"train_processor_seconds": 0.0, "processor_seconds_at": {}}
        self.values = zero | (run_folder.read_json(self._path) if self._path.is_file() else {})

    @contextlib.contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the wall time of a block to ``name``."""
        start, processor = time.perf_counter(), time.process_time()
        yield
        self.values[name] += time.perf_counter() - start
        if name == "train_seconds":
            self.values["train_processor_seconds"] += time.process_time() - processor

    def trained(self, done: int, steps: int) -> None:
        """Note that ``steps`` environment steps of all learners together brought each to step ``done``."""
        self.values["train_steps"] += steps
        self.values["processor_seconds_at"][str(done)] = self.values["train_processor_seconds"]

    def write(self) -> None:
        """Keep the times."""
        run_folder.write_json(self._path, self.values)
