"""What all models share: checks of size, shapes and threshold, and the scan over time."""

import dataclasses
from typing import Any, TypeVar

import jax
import numpy as np
from jaxtyping import Array, Float

from neurorl.errors import NeurorlError
from neurorl.parameters import is_written
from neurorl.typing import Scalar

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


def run(
    model: Any, state: State, current: Float[Array, "steps n"], dt: Scalar = 1.0, key: Array | None = None
) -> tuple[State, tuple[Float[Array, "steps n"], Float[Array, "steps n"]]]:
    """Scan a model's ``step`` over ``current`` [steps, n]; return the last state, and (spikes, v), both [steps, n]."""
    keys = None if key is None else jax.random.split(key, len(current))

    def one(state: State, now: tuple[Array, Array | None]) -> tuple[State, tuple[Array, Array]]:
        state, spikes = model.step(state, now[0], dt, now[1])
        return state, (spikes, state.v)

    return jax.lax.scan(one, state, (current, keys))
