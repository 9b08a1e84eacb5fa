r"""Two queues of work with deadlines, urgent before batch, each first in first out.

A queue is kept cumulated: C_i is the work that has waited i steps or longer, so C_0 is all of it. Then service of an amount s,
oldest first, a step of waiting, and what becomes late are

    C <- max(C - s, 0),    C_{i+1} <- C_i, C_0 <- C_1 + arrivals,    late = C_n, C <- C - late

and the mean wait of what was served is sum_{i>=1} min(C_i, s) / s steps.
"""

import jax.numpy as jnp
from jax import Array

URGENT_STEPS = 8  # steps of one tick until urgent work is late
BATCH_STEPS = 10  # steps of BATCH_TICKS ticks until batch work is late
BATCH_TICKS = 6


def serve(work: Array, amount: Array) -> tuple[Array, Array, Array]:
    """Serve up to ``amount`` of the work.

    Args:
        work: Cumulated work, [n].
        amount: Capacity, [].

    Returns:
        The work left [n], the amount served [], and the steps it had waited, summed over it [].
    """
    served = jnp.minimum(work, amount)
    return work - served, served[0], jnp.sum(served[1:])


def arrive(work: Array, arrivals: Array) -> Array:
    """Return the work [n] after ``arrivals`` [] that have not waited."""
    return work.at[0].add(arrivals)


def wait(work: Array) -> tuple[Array, Array]:
    """Let all work wait a step; return what is still in time [n], and what became late []."""
    late = work[-1]
    return jnp.concatenate([work[:1], work[:-1]]) - late, late
