"""Codes: from an observation to the firing rates of a population, and from rates to spikes.

``neurorl.codes.code`` says what a code is, and :func:`for_space` which one a space gets:

    Discrete                                            one-hot
    Box of up to eight dimensions                       place cells over pairs of them
    Box of more                                         sparse expansion, k winners
    Box of two or more axes that starts at 0 (images)   pixels and conjunctions of the unexpected ones
    MultiDiscrete, MultiBinary, Tuple of Discrete       conjunctions of their states; pixels where there are many
    Tuple, Dict                                         their parts packed into one vector, and the above joined

Where an agent asks for them, tilings, whose borders are sharp, stand for place cells, and the pixels that are lit for ``pixels``.
An end that a space leaves open, or declares further away than 1,000, is learned while running (``learned_range``).
"""

import math
from typing import Any

import numpy as np
from gymnasium import spaces

from neurorl import packing
from neurorl.codes import conjunctions, learned_range
from neurorl.codes.code import Code, ListedCode
from neurorl.codes.conjunctions import Conjunctions
from neurorl.codes.gaussian_maps import GaussianMaps
from neurorl.codes.joined import Joined
from neurorl.codes.lit import Lit
from neurorl.codes.one_hot import OneHot
from neurorl.codes.pixels import Pixels
from neurorl.codes.place_cells import MAX_PAIRED, PlaceCells
from neurorl.codes.receptors import Receptors
from neurorl.codes.sparse_expansion import SparseExpansion
from neurorl.codes.tilings import Tilings
from neurorl.errors import NeurorlError, nearest

__all__ = [
    "Code",
    "Conjunctions",
    "GaussianMaps",
    "Joined",
    "ListedCode",
    "Lit",
    "OneHot",
    "Pixels",
    "PlaceCells",
    "Receptors",
    "SparseExpansion",
    "Tilings",
    "for_space",
    "sharp_for_space",
]

KINDS = ("one-hot", "place-cells", "tilings", "gaussian-maps", "conjunctions", "pixels", "lit", "sparse")
BOXES: dict[str, type[PlaceCells] | type[Tilings]] = {"place-cells": PlaceCells, "tilings": Tilings}
FEW = 16  # discrete parts up to which their states are told by conjunctions
MOST_STATES = 2**20  # states of one discrete part; each is a neuron


def for_space(
    space: spaces.Space[Any],
    low: tuple[float, ...] | None = None,
    high: tuple[float, ...] | None = None,
    angles: tuple[tuple[int, int], ...] = (),
    kind: str | None = None,
) -> Code:
    """Return the code of an observation space.

    Args:
        space: A Gymnasium space.
        low, high: Range of every entry of a Box (the angles' entries are not used), by default the space's own.
        angles: Pairs of entries of a Box that hold the cosine and sine of an angle.
        kind: One of ``KINDS`` instead of the default one.

    Raises:
        NeurorlError: A space that has no code, or not of this kind.
    """
    receptors = _receptors(space, low, high)
    entries = tuple(range(len(receptors.low)))
    if kind is not None:
        return _of_kind(kind, space, receptors, angles)
    if isinstance(space, spaces.Discrete):
        return _of_kind("one-hot", space, receptors, angles)
    if isinstance(space, spaces.Box) and len(entries) - len(angles) <= MAX_PAIRED and not is_image(space):
        return _of_kind("place-cells", space, receptors, angles)

    parts: list[Code] = []
    seen: list[tuple[int, ...]] = []
    rest: list[int] = []
    at = 0
    for leaf in packing.leaves(space):
        own = tuple(range(at, at + math.prod(leaf.shape or ())))
        at += len(own)
        if is_image(leaf):
            parts.append(Pixels(receptors=_some(receptors, own)))
            seen.append(own)
        else:
            rest += own
    discrete = tuple(e for e in rest if receptors.states[e])
    if len(discrete) < len(rest):
        parts.append(SparseExpansion(receptors=_some(receptors, tuple(rest))))
        seen.append(tuple(rest))
    if discrete:
        some = _some(receptors, discrete)
        few = len(discrete) <= FEW or max(some.states) > 2
        parts.append(_of_states(some) if few else Pixels(receptors=some))
        seen.append(discrete)
    return parts[0] if len(parts) == 1 else Joined(parts=tuple(parts), entries=tuple(seen))


def sharp_for_space(space: spaces.Space[Any], **ranges: Any) -> Code:
    """Return the code of a space (:func:`for_space`), with sharp borders instead of smooth ones where it is a box.

    What is learned on one side of a cliff must not reach the other. One map of two dimensions can afford more tilings than the
    maps of all pairs of many, which share their value.
    """
    code = for_space(space, **ranges)
    if not isinstance(code, PlaceCells) or "kind" in ranges:
        return code
    tilings: Any = for_space(space, **ranges, kind="tilings")
    sharp: Code = tilings.replace(tilings=16 if len(tilings.maps) == 1 else 4)
    return sharp


def _of_kind(kind: str, space: spaces.Space[Any], receptors: Receptors, angles: tuple[tuple[int, int], ...]) -> Code:
    """Return the code of this kind over all entries."""
    if kind == "sparse":
        return SparseExpansion(receptors=receptors)
    if kind in ("pixels", "lit"):
        return Pixels(receptors=receptors) if kind == "pixels" else Lit(receptors=receptors)
    if kind == "conjunctions" and all(receptors.states):
        return _of_states(receptors)
    if kind == "one-hot" and isinstance(space, spaces.Discrete):
        return OneHot(n=int(space.n), start=int(space.start))
    if kind in BOXES and isinstance(space, spaces.Box):
        on_circle = {entry for pair in angles for entry in pair}
        learned = tuple(entry for entry in receptors.learned if entry not in on_circle)
        return BOXES[kind](low=receptors.low, high=receptors.high, angles=angles, learned=learned)
    if kind == "gaussian-maps" and isinstance(space, spaces.Box) and not receptors.learned:
        return GaussianMaps(low=receptors.low, high=receptors.high)
    if kind not in KINDS:
        raise NeurorlError(f"'agent.code.kind' is '{kind}'; it must be one of {', '.join(KINDS)}{nearest(kind, KINDS)}")
    raise NeurorlError(f"'agent.code.kind' is '{kind}', which does not encode observations of {type(space).__name__}")


def _of_states(receptors: Receptors) -> Conjunctions:
    return conjunctions.of_parts(receptors.states, tuple(map(int, receptors.low)))


def is_image(leaf: spaces.Space[Any]) -> bool:
    """Return whether a space holds pixels: two or more axes that start at 0, or more than a few binary entries in a row."""
    if not isinstance(leaf, spaces.Box) or math.prod(leaf.shape) <= FEW or np.any(leaf.low != 0.0):
        return False
    bounded = np.all(leaf.high < learned_range.WIDEST)
    return bool(bounded and (len(leaf.shape) > 1 or (np.issubdtype(leaf.dtype, np.integer) and np.all(leaf.high == 1))))


def _receptors(space: spaces.Space[Any], low: tuple[float, ...] | None, high: tuple[float, ...] | None) -> Receptors:
    """Return what every entry of a packed observation is."""
    bottom: list[float] = []
    top: list[float] = []
    states: list[int] = []
    for leaf in packing.leaves(space):
        size = math.prod(leaf.shape or ())
        if isinstance(leaf, spaces.Box):
            bottom += [float(end) for end in np.ravel(leaf.low)]
            top += [float(end) for end in np.ravel(leaf.high)]
            states += [0] * size
            continue
        counts = np.ravel(leaf.nvec) if isinstance(leaf, spaces.MultiDiscrete) else [getattr(leaf, "n", 2)] * size
        counts = [2] * size if isinstance(leaf, spaces.MultiBinary) else [int(n) for n in counts]
        if max(counts, default=0) > MOST_STATES:
            raise NeurorlError(
                f"an observation of {max(counts):,} states would need a neuron for each; wrap the environment so that it has "
                f"parts of at most {MOST_STATES:,}"
            )
        start = [float(s) for s in np.broadcast_to(getattr(leaf, "start", 0), leaf.shape or ()).ravel()]
        states += counts
        bottom += start
        top += [s + n - 1 for s, n in zip(start, counts, strict=True)]
    if not states:
        raise NeurorlError("the observation space has no entry, so there is nothing to encode")
    bottom, top = (list(given or own) for given, own in ((low, bottom), (high, top)))
    learned = tuple(
        e for e, (b, t, n) in enumerate(zip(bottom, top, states, strict=True)) if not n and learned_range.is_open(b, t)
    )
    for entry in learned:
        bottom[entry], top[entry] = 0.0, 1.0
    top = [t if t > b else b + 1.0 for b, t in zip(bottom, top, strict=True)]
    return Receptors(tuple(bottom), tuple(top), tuple(states), learned)


def _some(receptors: Receptors, entries: tuple[int, ...]) -> Receptors:
    """Return the receptors of some entries."""
    low, high = (tuple(ends[e] for e in entries) for ends in (receptors.low, receptors.high))
    states = tuple(receptors.states[e] for e in entries)
    return Receptors(low, high, states, tuple(i for i, e in enumerate(entries) if e in receptors.learned))
