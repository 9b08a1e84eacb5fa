"""Environments, one folder each, and how an environment id becomes a task for a loop.

Names are loaded on first use: ``import neurorl`` comes by here to register the environments, and what needs no JAX (the reader of
reports) starts at once.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurorl.envs.resolution import resolve as resolve
    from neurorl.envs.task import Task as Task

_HOME = {"Task": "task", "resolve": "resolution"}
__all__ = ["Task", "resolve"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"neurorl.envs.{_HOME[name]}"), name)
    raise AttributeError(f"module 'neurorl.envs' has no attribute {name!r}")
