"""Codes: from an observation to the firing rates of a population, and from rates to spikes.

A code is a parameter group with ``size`` (neurons), ``groups`` (maps whose rates each sum to 1) and
``rates(observation) -> [size]``. Where just a few neurons fire, all alike, ``active(observation) -> [groups]`` names them.
"""

import math
from typing import Any

from gymnasium import spaces

from neurorl.codes.one_hot import OneHot
from neurorl.codes.place_cells import PlaceCells
from neurorl.codes.tilings import Tilings
from neurorl.errors import NeurorlError

Code = PlaceCells | OneHot | Tilings
CODES: dict[str, Any] = {"place-cells": PlaceCells, "one-hot": OneHot, "tilings": Tilings}


def for_space(
    space: spaces.Space[Any],
    low: tuple[float, ...] | None = None,
    high: tuple[float, ...] | None = None,
    angles: tuple[tuple[int, int], ...] = (),
    box: type[PlaceCells] | type[Tilings] = PlaceCells,
) -> Code:
    """Return the default code of an observation space.

    Args:
        space: A Gymnasium Box or Discrete space.
        low, high: Range of every dimension (the angles' entries are not used), by default the space's own.
        angles: Pairs of dimensions that hold the cosine and sine of an angle.
        box: The code of a Box space.

    Raises:
        NeurorlError: A space that has no code, or an unbounded dimension without a range.
    """
    if isinstance(space, spaces.Discrete):
        return OneHot(n=int(space.n), start=int(space.start))
    if isinstance(space, spaces.Box):
        low = tuple(map(float, space.low.ravel())) if low is None else low
        high = tuple(map(float, space.high.ravel())) if high is None else high
        on_circle = {dimension for pair in angles for dimension in pair}
        for dimension, (bottom, top) in enumerate(zip(low, high, strict=True)):
            if dimension not in on_circle and not -math.inf < bottom < top < math.inf:
                raise NeurorlError(
                    f"observation dimension {dimension} has the range [{bottom}, {top}]; give a finite one with "
                    "--set code.low=[...] and --set code.high=[...]"
                )
        return box(low=low, high=high, angles=angles)
    raise NeurorlError(
        f"observations of {type(space).__name__} cannot be encoded yet; "
        "use Box or Discrete (gymnasium.wrappers.FlattenObservation makes a Box of most spaces)"
    )
