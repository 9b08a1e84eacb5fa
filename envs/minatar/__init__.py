"""MinAtar: its rules, and games that are gymnax's and cost less."""

from neurorl.envs.minatar.rules import MinAtar, arguments, completed, spawned, world

__all__ = ["MinAtar", "arguments", "completed", "spawned", "world"]
