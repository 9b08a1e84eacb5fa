"""Environments, one folder each, and how an environment id becomes a task for a loop."""

from neurorl.envs.task import Task, resolve

__all__ = ["Task", "resolve"]
