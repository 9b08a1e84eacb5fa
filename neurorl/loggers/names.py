"""Loggers by name, and what else may be given as one."""

import importlib
import sys
import warnings
from collections.abc import Iterable
from typing import Any

from neurorl.errors import NeurorlError, NeurorlWarning, nearest
from neurorl.loggers.logger import Callback, Logger

HOMES = {
    "bar": "neurorl.loggers.bar:Bar",
    "tensorboard": "neurorl.loggers.tensorboard:TensorBoard",
    "wandb": "neurorl.loggers.wandb:WandB",
    "mlflow": "neurorl.loggers.mlflow:MLflow",
    "trackio": "neurorl.loggers.trackio:Trackio",
}
Given = Any  # a name, several with commas between them, a Logger or its class, a function of points, or a list of these


def split(given: Given) -> list[Any]:
    """Return what was given as a list, each thing once."""
    if isinstance(given, str):
        return [name for name in dict.fromkeys(part.strip() for part in given.split(",")) if name]
    if not isinstance(given, Iterable):
        return [given]
    found: list[Any] = []
    for part in given:
        found += [each for each in (split(part) if isinstance(part, str) else [part]) if each not in found]
    return found


def watched() -> bool:
    """Return whether somebody sits in front of this Python: at its prompt, or in a notebook."""
    ipython: Any = sys.modules.get("IPython")
    return hasattr(sys, "ps1") or (ipython is not None and ipython.get_ipython() is not None)


def make(given: Given) -> list[Logger]:
    """Return loggers; of None, a bar where somebody watches.

    Raises:
        NeurorlError: An unknown name, something that is no logger, or a package that is not installed.
    """
    if given is None:
        given = ["bar"] if watched() else []
    return [_make(each) for each in split(given)]


def make_again(kept: list[str], given: Given) -> list[Logger]:
    """Return the loggers of a job that goes on: those given, and those kept by name, of which one that is missing is said."""
    loggers = make(given)
    there = {logger.given_name for logger in loggers}
    for name in kept:
        try:
            loggers += [] if name in there else [_make(name)]
        except NeurorlError as error:
            warnings.warn(f"{error}; it goes on without this logger", NeurorlWarning, stacklevel=2)
    return loggers


def lasting(loggers: list[Logger]) -> list[str]:
    """Return the names of the loggers that go on with a job by themselves; a bar is for whoever watches now."""
    return [logger.given_name for logger in loggers if logger.given_name and logger.of_rows]


def _make(given: Any) -> Logger:
    if isinstance(given, str):
        logger = _make(_found(given))
        logger.given_name = given
        return logger
    if isinstance(given, Logger):
        return given
    if isinstance(given, type) and issubclass(given, Logger):
        return given()
    if callable(given) and not isinstance(given, type):
        return Callback(given)
    raise NeurorlError(f"{given!r} is no logger; give a name, a neurorl.Logger, or a function of a point")


def _found(name: str) -> Any:
    module, _, attribute = HOMES.get(name, name).rpartition(":")
    if not module:
        raise NeurorlError(
            f"logger '{name}' is unknown{nearest(name, HOMES)}; there are {', '.join(HOMES)}, or write module:Class"
        )
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise NeurorlError(f"logger '{name}': module '{module}' cannot be imported: {error}") from error
    except AttributeError as error:
        raise NeurorlError(f"logger '{name}': module '{module}' has no '{attribute}'") from error
