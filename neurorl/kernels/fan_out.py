"""The synapses of a projection as one row for each presynaptic neuron, filled up to the longest.

A spike reads, changes and writes one contiguous row, and the rows that spike in a step are one gather, one computation and one
scatter of whole arrays [batch, k]. Filling costs time in proportion to the longest row over the mean.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.kernels.alignment import aligned
from neurorl.synapses.connectivity import Connectivity
from neurorl.synapses.projection import Projection


def targets(connectivity: Connectivity) -> np.ndarray:
    """Return the postsynaptic neurons of each presynaptic one, [n_pre + 1, k], as uint16 where that can name them, else int32.

    Row ``n_pre`` belongs to no neuron: it is where a list of neurons that is filled up with n_pre reads and writes. A place
    without a synapse names neuron n_post + its column: quantities of neurons need as many zeros at their end. With one and the
    same for all, sums into it would wait for each other.
    """
    columns = _columns(connectivity)
    width = aligned(max(1, int(connectivity.out_degree.max())))
    named = connectivity.n_post + width
    dtype = np.uint16 if named <= np.iinfo(np.uint16).max else np.int32  # as int32 they are a third of what a spike reads
    rows = np.tile(np.arange(connectivity.n_post, named, dtype=dtype), (connectivity.n_pre + 1, 1))
    rows[connectivity.pre, columns] = connectivity.post
    return rows


def places(projection: Projection) -> np.ndarray:
    """Return where in a ring of currents each synapse's spikes arrive, [n_pre + 1, k]: steps ahead, and neurons within a step.

    A place without a synapse names what lies behind the ring, as in :func:`targets`.
    """
    rows, m = targets(projection.connectivity), projection.connectivity.n_post
    if projection.max_delay == 1:
        return rows
    ring = projection.max_delay * m
    rows = np.where(rows < m, rows, rows.astype(np.int32) - m + ring).astype(np.int32)
    c = projection.connectivity
    rows[c.pre, _columns(c)] = (projection.delay - 1) * np.int32(m) + c.post
    return rows


def incoming(projection: Projection) -> np.ndarray:
    """Return the synapses onto each postsynaptic neuron as places in the flattened rows, [n_post + 1, j], int32.

    Where a neuron has fewer, and for the last one, which is none, they are places of the row that belongs to no neuron.
    """
    c = projection.connectivity
    width = targets(c).shape[1]
    order = np.argsort(c.post, kind="stable")
    post = c.post[order]
    column = np.arange(len(c)) - np.searchsorted(post, post)
    longest = aligned(int(column.max(initial=0)) + 1)
    lists = np.tile(c.n_pre * width + np.arange(longest, dtype=np.int32) % width, (c.n_post + 1, 1))
    lists[post, column] = (c.pre * np.int32(width) + _columns(c))[order]
    return lists


def to_rows(connectivity: Connectivity, values: Array) -> Array:
    """Return ``values`` [s] of the synapses in their places of [n_pre + 1, k], and 0 in the others.

    The others need not stay 0: spikes read and write whole rows, and what stands there goes to no neuron.

    Raises:
        NeurorlError: Not one value for each synapse.
    """
    if values.shape != (len(connectivity),):
        raise NeurorlError(f"'values' has shape {values.shape}; give one for each of the {len(connectivity)} synapses")
    rows = jnp.zeros(targets(connectivity).shape, values.dtype)
    return rows.at[connectivity.pre, _columns(connectivity)].set(values)


def from_rows(connectivity: Connectivity, rows: Array) -> Array:
    """Return the values [s] of the synapses from their places of [n_pre + 1, k]."""
    return rows[connectivity.pre, _columns(connectivity)]


def read(rows: Array, neurons: Array) -> Array:
    """Return the rows of ``neurons`` [b], [b, k]."""
    return rows.at[neurons].get(mode="promise_in_bounds", wrap_negative_indices=False)


def write(rows: Array, neurons: Array, values: Array) -> Array:
    """Return ``rows`` with those of ``neurons`` [b] replaced by ``values`` [b, k]."""
    return rows.at[neurons].set(values, mode="promise_in_bounds", wrap_negative_indices=False)


def at_targets(values: Array, targets: Array) -> Array:
    """Return a quantity of the postsynaptic neurons, [n_post + k or more], as each synapse sees it."""
    return values.at[targets].get(mode="promise_in_bounds", wrap_negative_indices=False)


def add_at(values: Array, targets: Array, changes: Array) -> Array:
    """Return ``values`` [n_post + k or more] with ``changes`` added at ``targets``."""
    return values.at[targets].add(changes, mode="promise_in_bounds", wrap_negative_indices=False)


def _columns(connectivity: Connectivity) -> np.ndarray:
    """Return the place of each synapse within its row, [s]."""
    first = np.cumsum(connectivity.out_degree) - connectivity.out_degree
    return np.arange(len(connectivity)) - first[connectivity.pre]
