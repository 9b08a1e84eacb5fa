r"""Tagged synapses of inputs of which few fire: only the rows of those are looked at, and the result is that of looking at all.

    all rows, every step:    W <- W + g E;    E <- keep E + x L^T        (x_i = 0 for most inputs i)

Between two spikes of input i its row of tags only shrinks, and its row of weights moves along it. So that each row is kept as it
was at its last visit, with two numbers that say what has happened since:

    W_i = w_i + due_i e_i,   E_i = kept_i e_i;      every step:  due <- due + g kept,   kept <- keep kept

A step costs the k rows that fire and 2 D numbers instead of 2 D n. Zero g leaves every weight as it is, to the bit.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Float, Int

from neurorl.typing import Scalar


class Listed(NamedTuple):
    """Synapses of D inputs onto n neurons."""

    weights: Float[Array, "D n"]  # w, as of each row's last visit
    tags: Float[Array, "D n"]  # e, likewise
    due: Float[Array, " D"]  # change since, for a unit of e
    kept: Float[Array, " D"]  # share of e that is left


class Visited(NamedTuple):
    """Rows as they are now."""

    inputs: Int[Array, " k"]  # each once
    weights: Float[Array, "k n"]
    tags: Float[Array, "k n"]


def init(weights: Float[Array, "D n"]) -> Listed:
    """Return synapses of these weights without a tag."""
    nothing = jnp.zeros(len(weights))
    return Listed(weights, jnp.zeros_like(weights), nothing, nothing)


def visit(synapses: Listed, index: Int[Array, " k"]) -> Visited:
    """Return the rows of the inputs ``index`` [k]."""
    w, e = _read(synapses.weights, index), _read(synapses.tags, index)
    due, kept = (of.at[index].get(mode="promise_in_bounds")[:, None] for of in (synapses.due, synapses.kept))
    return Visited(index, w + due * e, kept * e)


def materialised(synapses: Listed) -> tuple[Float[Array, "D n"], Float[Array, "D n"]]:
    """Return the weights and the tags of all rows as they are now, both [D, n]."""
    return synapses.weights + synapses.due[:, None] * synapses.tags, synapses.kept[:, None] * synapses.tags


def learn(
    synapses: Listed, rows: Visited, step: Float[Array, ""], keep: Scalar, x: Float[Array, " k"], taught: Float[Array, " n"]
) -> Listed:
    """Change all weights along their tags, and tag the rows that were visited.

    Args:
        synapses: Before the step.
        rows: Its rows of inputs that fire, as :func:`visit` returned them.
        step: [], weight change for a unit of tag, g.
        keep: Share of all tags that is left after it.
        x: [k], activity of the inputs of the rows.
        taught: [n], what a unit of input adds to the tags onto each neuron, L.
    """
    weights = rows.weights + step * rows.tags
    tags = keep * rows.tags + x[:, None] * taught
    due = (synapses.due + step * synapses.kept).at[rows.inputs].set(0.0, unique_indices=True, mode="promise_in_bounds")
    kept = (keep * synapses.kept).at[rows.inputs].set(1.0, unique_indices=True, mode="promise_in_bounds")
    return Listed(_write(synapses.weights, rows.inputs, weights), _write(synapses.tags, rows.inputs, tags), due, kept)


@custom_vmap
def _read(table: Array, index: Array) -> Array:
    return table.at[index].get(mode="promise_in_bounds")


@custom_vmap
def _write(table: Array, index: Array, rows: Array) -> Array:
    return table.at[index].set(rows, unique_indices=True, mode="promise_in_bounds")


# Mapped over learners, XLA takes eight times as long for a scatter with an axis of batches as for one into a table of all rows.


@_read.def_vmap
def _read_all(size: int, mapped: list[bool], table: Array, index: Array) -> tuple[Array, bool]:
    index = index if mapped[1] else jnp.broadcast_to(index, (size, *index.shape))
    flat = _read(*_flat(table, index)) if mapped[0] else _read(table, index.ravel())
    return flat.reshape(*index.shape, -1), True


@_write.def_vmap
def _write_all(size: int, mapped: list[bool], *arguments: Array) -> tuple[Array, bool]:
    pairs = zip(arguments, mapped, strict=True)
    table, index, rows = (a if own else jnp.broadcast_to(a, (size, *a.shape)) for a, own in pairs)
    return _write(*_flat(table, index), rows.reshape(-1, rows.shape[-1])).reshape(table.shape), True


def _flat(table: Array, index: Array) -> tuple[Array, Array]:
    """Return the tables [b, D, n] as one of b D rows, and the rows [b, k] of each as rows of it."""
    b, d, n = table.shape
    return table.reshape(b * d, n), (index + d * jnp.arange(b, dtype=index.dtype)[:, None]).ravel()
