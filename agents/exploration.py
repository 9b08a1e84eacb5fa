"""How often an agent that learns values acts at random: less and less, down to a floor."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from neurorl.parameters import Checked, parameter


@struct.dataclass
class Exploration(Checked):
    """Random actions, beside what makes an agent explore by itself."""

    enabled: bool = parameter(False, "whether some actions are random", static=True)
    start: float = parameter(1.0, "probability of a random action at the start", low=0.0, high=1.0)
    end: float = parameter(0.01, "and after exploration", low=0.0, high=1.0)
    over: int | None = parameter(
        None, "environment steps over which it falls; null: a fifth of the run, at most 'longest'", low=1, optional=True
    )
    longest: int = parameter(10_000, "environment steps of exploration at most, however long the run is", low=1, static=True)

    def for_steps(self, steps: int) -> "Exploration":
        """Return it fitted to a run of ``steps`` environment steps, where nothing else was said."""
        if self.over is not None:
            return self
        return self.replace(over=min(max(1, steps // 5), self.longest))  # type: ignore[attr-defined]

    def probability(self, step: Array) -> Array:
        """Return the probability [] of a random action after ``step`` [] environment steps."""
        return epsilon(self.start, self.end, self.over, step)


def epsilon(start: float | Array, end: float | Array, steps: int | None, step: Array) -> Array:
    """Return the probability of a random action, []: from ``start`` to ``end`` in a straight line over ``steps``.

    Args:
        start, end: At the first step, and after ``steps``.
        steps: Environment steps that it takes; None: it is at its end.
        step: [], environment steps done.
    """
    over = 1.0 if steps is None else jnp.clip(step / steps, 0.0, 1.0)
    return jnp.asarray(start + over * (end - start))
