"""Runners: whatever maps the missing shards of a sweep over processors. None of them can change a result."""

from neurorl.errors import NeurorlError, nearest
from neurorl.sweeps.runners.runner import Outcome, Runner

__all__ = ["NAMES", "Outcome", "Runner", "make"]

# What `--runner` takes.
NAMES = ("local", "pool", "ray")


def make(name: str, address: str | None = None, processes: int | None = None) -> Runner:
    """Return a runner by its name.

    Args:
        name: "local": in this process, "pool": in processes of this machine, "ray": on a Ray cluster.
        address: Of the Ray cluster; by default the one that ``ray start`` began on this machine, or else a new one.
        processes: Of the pool; by default one a core.
    """
    if name not in NAMES:
        raise NeurorlError(f"runner '{name}' is unknown; it must be one of {', '.join(NAMES)}{nearest(name, NAMES)}")
    if address is not None and name != "ray":
        raise NeurorlError(f"--address {address} needs --runner ray")
    if processes is not None and (name != "pool" or processes < 1):
        raise NeurorlError(f"--processes {processes} needs --runner pool, and must be at least 1")
    if name == "local":
        from neurorl.sweeps.runners.local import Local

        return Local()
    if name == "pool":
        from neurorl.sweeps.runners.pool import Pool

        return Pool(processes)
    from neurorl.sweeps.runners.ray import Ray

    return Ray(address)
