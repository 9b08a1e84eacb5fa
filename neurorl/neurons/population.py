"""Checks that kinds of neurons share: the size of a population, the shape of its parameters, a threshold above its reset."""

import dataclasses
from typing import Any

import numpy as np

from neurorl.errors import NeurorlError
from neurorl.parameters import is_written


def check(n: int, parameters: Any) -> None:
    """Raise a NeurorlError unless ``n`` is at least 1 and each parameter is a scalar or has shape [n]."""
    if n < 1:
        raise NeurorlError(f"n is {n}: a population needs at least one neuron")
    for field in dataclasses.fields(parameters):
        shape = np.shape(getattr(parameters, field.name))
        if shape not in ((), (n,)):
            where = f"{type(parameters).__name__}.{field.name}"
            raise NeurorlError(f"'{where}' has shape {shape}; give one number, or one for each of the {n} neurons")


def check_spike(parameters: Any, threshold: str, reset: str) -> None:
    """Raise a NeurorlError unless field ``threshold`` is above field ``reset``."""
    top, bottom = getattr(parameters, threshold), getattr(parameters, reset)
    if is_written(top, bottom) and not np.all(np.greater(top, bottom)):
        raise NeurorlError(
            f"'{type(parameters).__name__}.{threshold}' is {top} mV, not above {reset}, {bottom} mV: "
            "the neuron would spike for ever; raise the one or lower the other"
        )
