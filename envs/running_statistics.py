"""Running statistics that wrappers keep, such as those of ``gymnasium.wrappers.NormalizeObservation``.

They belong to training: they are saved with its checkpoints, and an evaluation sees what training has gathered and adds nothing.
What counts as a statistic is an object with a mean, a var, a count and an ``update``, held by any layer of an environment;
numbers of a wrapper that holds one go with it, such as the discounted reward of ``NormalizeReward``.
"""

from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np


class RunningStatistics:
    """The running statistics of one environment."""

    def __init__(self, env: Any):
        """Look for them; the environment must be new."""
        self._slots = list(_slots(env))
        self.size = sum(np.size(getattr(holder, name)) for holder, name in self._slots)

    def read(self) -> np.ndarray:
        """Return them, [size] of float64."""
        return np.concatenate([np.zeros(0), *(np.ravel(getattr(holder, name)).astype(float) for holder, name in self._slots)])

    def write(self, values: np.ndarray) -> None:
        """Put [size] numbers in their place."""
        at = 0
        for holder, name in self._slots:
            shape = np.shape(getattr(holder, name))
            part = np.asarray(values[at : at + int(np.prod(shape))], np.float64).reshape(shape)
            setattr(holder, name, part if shape else float(part))
            at += part.size

    def freeze(self) -> None:
        """Let updates change nothing from now on."""
        for holder, _ in self._slots:
            if _is_running(holder):
                holder.update = lambda *_, **__: None


def layers(env: Any) -> Iterator[Any]:
    """Yield an environment's wrappers from the outermost on, and at last what they wrap."""
    while isinstance(env, gymnasium.Wrapper):
        yield env
        env = env.env
    yield env


def to_bits(values: np.ndarray) -> np.ndarray:
    """Return float64 [..., n] as uint32 [..., 2 n], because JAX would round them and their checkpoints with them."""
    return np.ascontiguousarray(values, np.float64).view(np.uint32)


def from_bits(bits: Any) -> np.ndarray:
    """Return the float64 [..., n] of uint32 [..., 2 n]."""
    return np.ascontiguousarray(bits, np.uint32).view(np.float64)


def _slots(env: Any) -> Iterator[tuple[Any, str]]:
    """Yield which attribute of which object holds a number of the statistics, in an order that every process finds."""
    chain = list(layers(env))
    for layer in chain:
        running = [value for _, value in sorted(vars(layer).items()) if _is_running(value)]
        for value in running:
            yield from ((value, name) for name in ("mean", "var", "count"))
        if running and layer is not chain[-1]:
            yield from ((layer, name) for name, value in sorted(vars(layer).items()) if _is_number(value))


def _is_running(value: Any) -> bool:
    moments = [getattr(value, name, None) for name in ("mean", "var", "count")]
    are_numbers = not any(moment is None or callable(moment) for moment in moments)
    return are_numbers and callable(getattr(value, "update", None)) and hasattr(value, "__dict__")


def _is_number(value: Any) -> bool:
    return isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
