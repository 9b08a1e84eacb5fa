"""A delay line: the last D steps of a population's spikes, read at a delay of its own by every synapse.

A ring buffer. Delays are whole steps, 1 to D; a delay of 1 reads what was pushed last, so the spikes of one step arrive in
the next. What is pushed may be any number a neuron: spikes, spikes times a synaptic efficacy, or a presynaptic trace.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, Int32, Real, Shaped

from neurorl import steps as step_rule
from neurorl.errors import NeurorlError


class DelayLine(NamedTuple):
    """The last D steps of n neurons."""

    values: Float[Array, "D n"]  # one row a step
    cursor: Int32[Array, ""]  # the row of the oldest step, which the next push replaces


def init(n: int, max_delay: int) -> DelayLine:
    """Return a line of ``n`` neurons that have been silent, D = ``max_delay`` steps long.

    Raises:
        NeurorlError: ``n`` or ``max_delay`` below 1.
    """
    for name, value in (("n", n), ("max_delay", max_delay)):
        if value < 1:
            raise NeurorlError(f"'{name}' is {value}; a delay line needs at least 1")
    return DelayLine(jnp.zeros((max_delay, n)), jnp.zeros((), jnp.int32))


def push(line: DelayLine, values: Shaped[Array, " n"]) -> DelayLine:
    """Put the step's ``values`` [n] in place of the oldest ones."""
    kept = lax.dynamic_update_index_in_dim(line.values, values.astype(line.values.dtype), line.cursor, 0)
    return DelayLine(kept, (line.cursor + 1) % line.values.shape[0])


def read(
    line: DelayLine, delay: int | Int[Array, ""] | Int[Array, " s"], neuron: Int[Array, " s"] | None = None
) -> Float[Array, " _"]:
    """Return what was pushed ``delay`` steps ago, counting the last push as 1.

    Args:
        line: D steps of n neurons.
        delay: Steps, 1 to D: a scalar, or with ``neuron`` an array [s], one for every synapse. Not checked here, where it
            may be traced; :func:`to_steps` checks.
        neuron: [s], the neuron each synapse listens to; without it, all n neurons are read at one delay.

    Returns:
        [n] or [s].
    """
    depth, n = line.values.shape
    row = line.cursor - delay
    row = jnp.where(row < 0, row + depth, row)
    if neuron is None:
        return lax.dynamic_index_in_dim(line.values, row, 0, keepdims=False)
    return line.values.reshape(-1).at[row * n + neuron].get(mode="clip", wrap_negative_indices=False)


def to_steps(delay: float | np.floating | Real[np.ndarray, "*s"], dt: float, max_delay: float) -> Int32[np.ndarray, "*s"]:
    """Return delays in ms as int32 whole steps.

    A delay that is no multiple of the step is refused and not rounded: rounding would change the model with dt.

    Args:
        delay: ms, a scalar or [s].
        dt: Step, ms.
        max_delay: Longest delay allowed, ms.

    Raises:
        NeurorlError: ``dt`` not positive; a delay that is not finite, below one step, above ``max_delay``, or between steps.
    """
    delays = np.asarray(delay, np.float64)
    steps, between = step_rule.whole_steps(delays, dt)
    for wrong, fix in (
        (~np.isfinite(delays), "it must be a finite number"),
        (delays / dt < 1 - step_rule.WRITTEN, f"a synapse takes at least one step: use {dt} ms or more, or a smaller dt"),
        (delays > max_delay + step_rule.WRITTEN * dt, f"it must be at most max_delay, {max_delay} ms"),
        (between, f"it must be a multiple of the step: use a dt that divides it, not {dt} ms"),
    ):
        if wrong.any():
            raise NeurorlError(f"'delay' is {delays[wrong].flat[0]} ms; {fix}")
    return np.asarray(steps, np.int32)
