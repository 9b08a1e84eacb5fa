"""What kinds of neurons share: checks of size, shapes and threshold, and the scan over time."""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.parameters import is_written

State = TypeVar("State", bound=Any)


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


def scan(step: Callable[[State, Any], tuple[State, Array]], state: State, inputs: Any) -> tuple[State, tuple[Array, Array]]:
    """Scan ``step`` over ``inputs`` [steps, ...]; return the last state, and (spikes, v), both [steps, n]."""

    def one(state: State, now: Any) -> tuple[State, tuple[Array, Array]]:
        state, spikes = step(state, now)
        return state, (spikes, state.v)

    return jax.lax.scan(one, state, inputs)
