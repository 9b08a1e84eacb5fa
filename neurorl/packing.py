"""Observations and actions of any space as one array, packed once at the border between environments and agents.

    Discrete, MultiDiscrete, MultiBinary, Box     as they are
    Tuple, Dict, and those within each other      float32 [size]: the entries of every part after each other, in the order of
                                                  the space (Gymnasium sorts the names of a plain dictionary)

A packed Discrete is its value, not a one-hot vector, so that packing adds no meaning: what an entry means is the business
of the code (``neurorl.codes``) or of the actions (``neurorl.agents.actions``). float32 holds whole numbers to 2**24.
"""

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium import spaces

from neurorl.errors import NeurorlError

Leaf = spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary | spaces.Box


def is_composite(space: spaces.Space[Any]) -> bool:
    """Return whether a space has parts."""
    return isinstance(space, spaces.Tuple | spaces.Dict)


def leaves(space: spaces.Space[Any], what: str = "observations") -> list[Any]:
    """Return the spaces without parts that a space is made of, in the order of packing.

    Raises:
        NeurorlError: A space whose values are no fixed number of numbers (Text, Graph, Sequence, OneOf).
    """
    if is_composite(space):
        return [leaf for part in _parts(space) for leaf in leaves(part, what)]
    if isinstance(space, spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary | spaces.Box):
        return [space]
    raise NeurorlError(
        f"{what} of {type(space).__name__} are not supported, because they are no fixed number of numbers; wrap the "
        "environment so that they are Box, Discrete, MultiDiscrete, MultiBinary, or a Tuple or Dict of these"
    )


def shape_and_dtype(space: spaces.Space[Any]) -> tuple[tuple[int, ...], Any]:
    """Return the shape and the dtype of a packed value."""
    if is_composite(space):
        return (sum(_size(leaf) for leaf in leaves(space)),), np.float32
    return tuple(space.shape or ()), space.dtype or np.float32


def pack(space: spaces.Space[Any], value: Any, batch: tuple[int, ...] = ()) -> Any:
    """Return a value of ``space`` as one array.

    Args:
        space: The space.
        value: Its value, or for a batch of values the leaves with leading axes ``batch``; NumPy or JAX.
        batch: Those axes.

    Returns:
        [*batch, size] for a Tuple or Dict; of other spaces the value itself.
    """
    if not is_composite(space):
        return value
    entries = list(_entries(space, value))
    xp = np if all(isinstance(entry, int | float | np.generic | np.ndarray) for entry in entries) else jnp
    return xp.concatenate([xp.asarray(entry, np.float32).reshape(*batch, -1) for entry in entries], axis=-1)


def unpack(space: spaces.Space[Any], packed: Any, batch: tuple[int, ...] = ()) -> Any:
    """Return a packed action as a value of ``space``.

    Discrete and MultiDiscrete parts count from 0 as agents do, and get the ``start`` of their space.

    Args:
        space: The space.
        packed: [*batch, size] for a Tuple or Dict, [*batch, *shape] for another space; NumPy or JAX.
        batch: Leading axes.

    Returns:
        The value, its leaves with the leading axes ``batch`` and the dtype of their space.
    """
    if not is_composite(space):
        on_host = isinstance(packed, np.ndarray)
        dtype = np.dtype(space.dtype if on_host else jax.dtypes.canonicalize_dtype(space.dtype))
        value = packed.reshape((*batch, *(space.shape or ())))
        if hasattr(space, "start"):
            value = value + np.asarray(space.start).astype(packed.dtype)
        value = value if dtype.kind == "f" or packed.dtype.kind in "iu" else value.round()
        if isinstance(space, spaces.Box) and packed.dtype.kind == "f":
            # float32 may round an end of the range to its far side; casts keep the order, so what is inside before stays inside.
            precise: Any = np.float64 if on_host else np.float32
            value = value.astype(precise).clip(space.low.astype(precise), space.high.astype(precise))
        value = value.astype(dtype)
        return np.asarray(value) if on_host and isinstance(space, spaces.Box) else value
    parts, at = [], 0
    for part in _parts(space):
        size = sum(_size(leaf) for leaf in leaves(part))
        parts.append(unpack(part, packed[..., at : at + size], batch))
        at += size
    return dict(zip(space.spaces, parts, strict=True)) if isinstance(space, spaces.Dict) else tuple(parts)


def counted(space: spaces.Space[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which entries of a packed value are whole numbers of a Discrete, MultiDiscrete or MultiBinary space.

    Returns:
        Their positions, and the lowest and the highest value of each, all [k].
    """
    at, found = 0, [np.zeros((3, 0), np.int64)]
    for leaf in leaves(space):
        size = _size(leaf)
        if not isinstance(leaf, spaces.Box):
            low = np.broadcast_to(getattr(leaf, "start", 0), leaf.shape or ()).ravel()
            count = 2 if isinstance(leaf, spaces.MultiBinary) else getattr(leaf, "nvec", getattr(leaf, "n", 0))
            found.append(np.stack([np.arange(at, at + size), low, low + np.broadcast_to(count, leaf.shape or ()).ravel() - 1]))
        at += size
    positions, low, high = np.concatenate(found, axis=1)
    return positions, low, high


def inside(space: spaces.Space[Any], packed: Any) -> Any:
    """Return whether the whole numbers of a packed value are those of the space, []; NumPy or JAX."""
    positions, low, high = counted(space)
    if not len(positions):
        return True
    entries = packed.reshape(-1)[positions]
    return ((entries >= low) & (entries <= high) & (entries == entries.round())).all()


def is_batch(space: spaces.Space[Any], value: Any) -> bool:
    """Return whether a value is several of a space, with a leading axis on every part."""
    leaf, first = _first(space, value)
    return np.ndim(first) == len(leaf.shape or ()) + 1


def items(space: spaces.Space[Any], values: Any) -> list[Any]:
    """Return the values of a batch, one after the other."""
    return [item(values, index) for index in range(len(_first(space, values)[1]))]


def item(value: Any, index: int) -> Any:
    """Return one value of a batch."""
    if isinstance(value, dict):
        return {name: item(part, index) for name, part in value.items()}
    return tuple(item(part, index) for part in value) if isinstance(value, tuple) else value[index]


def _parts(space: Any) -> list[spaces.Space[Any]]:
    return list(space.spaces.values()) if isinstance(space, spaces.Dict) else list(space.spaces)


def _first(space: Any, value: Any) -> tuple[Any, Any]:
    """Return the first space without parts, and the part of a value that is its."""
    while is_composite(space):
        name = next(iter(space.spaces)) if isinstance(space, spaces.Dict) else 0
        space, value = space[name], value[name]
    return space, value


def _entries(space: Any, value: Any) -> Iterator[Any]:
    if isinstance(space, spaces.Dict):
        for name, part in space.spaces.items():
            yield from _entries(part, value[name])
    elif isinstance(space, spaces.Tuple):
        for part, item in zip(space.spaces, value, strict=True):
            yield from _entries(part, item)
    else:
        yield value


def _size(leaf: spaces.Space[Any]) -> int:
    return math.prod(leaf.shape or ())
