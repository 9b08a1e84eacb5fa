"""Environments, one folder each, and how an environment id becomes a task for a loop.

Names are loaded on first use: ``import neurorl`` comes by here to register the environments, and what needs no JAX (the reader of
reports) starts at once.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurorl.envs.task import Task as Task
    from neurorl.envs.task import resolve as resolve

__all__ = ["Task", "resolve"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from neurorl.envs import task

        return getattr(task, name)
    raise AttributeError(f"module 'neurorl.envs' has no attribute {name!r}")
