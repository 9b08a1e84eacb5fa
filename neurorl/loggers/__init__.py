"""Loggers: one protocol, told of runs, sweeps and tuning alike.

    neurorl.train("CartPole-v1", loggers=["bar", "tensorboard", "wandb"])
    neurorl.train("CartPole-v1", loggers=[MyLogger(), print])

A logger is a :class:`Logger` that overrides what it wants to be told of; a function is called with every point.
"""

from neurorl.loggers.logger import Job, Logger, Point, Progress
from neurorl.loggers.names import make
from neurorl.loggers.several import Several

__all__ = ["Job", "Logger", "Point", "Progress", "Several", "make"]
