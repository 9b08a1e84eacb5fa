"""The runner of many machines: one Ray task a shard. Results come back through Ray, so the machines need no common disk.

Ray starts a task again whose process or machine has died, so that costs the shards in flight and nothing else. Every machine must
have the same versions installed; one that has not says so for its shards.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurorl import extras
from neurorl.errors import NeurorlError
from neurorl.sweeps.runners.runner import Outcome, attempt, prepare

RETRIES = 8  # of a shard whose process or machine dies
WAITING = 2  # shards sent ahead for each core of the cluster


class Ray:
    """Computes shards on a Ray cluster."""

    def __init__(self, address: str | None = None):
        """Use the cluster at ``address``; see ``ray.init``."""
        with extras.needed("the Ray runner", "ray"):
            import ray
        self.ray, self.address = ray, address
        self._begin()

    @property
    def width(self) -> int:
        """How many shards it computes at once."""
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)))

    def run(self, tasks: list[dict[str, Any]], folder: Path) -> Iterator[Outcome]:
        """Yield each outcome; see :class:`neurorl.sweeps.runners.Runner`."""
        from neurorl.sweeps import shard

        ray = self.ray
        remote = ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=False)(_compute)
        left = list(reversed(tasks))
        names: dict[Any, str] = {}  # of the shards in flight, by Ray's reference
        try:
            while left or names:
                while left and len(names) < WAITING * self.width:
                    task = left.pop()
                    names[remote.remote(task, _settings())] = task["name"]
                done, _ = ray.wait(list(names), num_returns=1)
                for reference in done:
                    name = names.pop(reference)
                    try:
                        content, error = ray.get(reference)
                    except ray.exceptions.RayError as failure:
                        content, error = None, f"Ray gave it up: {_first_line(failure)}"
                    if error is None:
                        shard.store(folder, name, content)
                    yield Outcome(name, error)
        finally:
            for reference in names:
                ray.cancel(reference, force=True)

    def _begin(self) -> None:
        """Connect to the cluster, unless this process is connected."""
        if not self.ray.is_initialized():
            try:
                self.ray.init(address=self.address, log_to_driver=False, logging_level="ERROR")
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise NeurorlError(f"--address {self.address}: no Ray cluster answers there ({_first_line(error)})") from error


def _compute(task: dict[str, Any], settings: dict[str, str]) -> tuple[bytes | None, str | None]:
    """Run on a machine of the cluster."""
    os.environ.update(settings)
    prepare()
    from neurorl.sweeps import shard

    return attempt(lambda: shard.compute(task))


def _settings() -> dict[str, str]:
    """Return what decides the last bit in this process's environment."""
    names = ("JAX_PLATFORMS", "XLA_FLAGS", "NPROC", "JAX_ENABLE_X64")
    return {name: os.environ[name] for name in names if name in os.environ}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
