"""Spiking reinforcement learning in JAX: agents that learn Gymnasium tasks by dopamine-gated plasticity.

    run = neurorl.train("CartPole-v1", seeds=30, steps=20_000)
    run.plot()
    agent = run.agent(3)
    action = agent.act(observation)

``neurorl.load(DIR)`` gives the same run later. Names are loaded on first use, so that the import itself is immediate; it
registers the package's environments with Gymnasium.
"""

import importlib
from typing import TYPE_CHECKING, Any

from neurorl.envs import registry as _registry

if TYPE_CHECKING:
    from neurorl.errors import NeurorlError as NeurorlError
    from neurorl.runs.run import Run as Run
    from neurorl.runs.run import TrainedAgent as TrainedAgent
    from neurorl.runs.run import load as load
    from neurorl.runs.training import resume as resume
    from neurorl.runs.training import train as train

__version__ = "0.1.0"

_HOME = {
    "NeurorlError": "neurorl.errors",
    "Run": "neurorl.runs.run",
    "TrainedAgent": "neurorl.runs.run",
    "load": "neurorl.runs.run",
    "resume": "neurorl.runs.training",
    "train": "neurorl.runs.training",
}

__all__ = ["NeurorlError", "Run", "TrainedAgent", "__version__", "load", "resume", "train"]


_registry.register()


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'neurorl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
