"""Where observations lie, for the dimensions whose space does not say.

A space may be unbounded or far wider than what an episode visits. Three sources, in this order: this table, the space,
and for what is still unbounded a short random walk through the environment.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces

from neurorl.errors import NeurorlError

PROBE_STEPS = 1000
MARGIN = 0.25  # a trained agent goes further than a random one: widen a probed range by this share at both ends
WIDEST = 1e6  # a bound beyond this is no range


class Ranges(NamedTuple):
    """The range of every dimension of a flattened Box observation."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    angles: tuple[tuple[int, int], ...] = ()  # (cosine, sine) dimensions, encoded as one periodic angle


_CARTPOLE = Ranges((-2.4, -2.5, -0.2095, -2.5), (2.4, 2.5, 0.2095, 2.5))
_ACROBOT = Ranges((-1.0, -1.0, -1.0, -1.0, -6.0, -10.0), (1.0, 1.0, 1.0, 1.0, 6.0, 10.0), ((0, 1), (2, 3)))
KNOWN = {"CartPole-v0": _CARTPOLE, "CartPole-v1": _CARTPOLE, "Acrobot-v1": _ACROBOT}


def find(env_id: str, space: spaces.Space[Any], walk: Callable[[], Iterator[np.ndarray]]) -> Ranges | None:
    """Return the ranges of an environment's observations, or None where the space is no Box.

    Args:
        env_id: Its id; known ones are looked up.
        space: Its observation space.
        walk: Makes the observations of a random walk, called only for a space with an unbounded dimension.
    """
    if not isinstance(space, spaces.Box):
        return None
    known = KNOWN.get(env_id.rpartition(":")[2])
    if known and len(known.low) == int(np.prod(space.shape)):
        return known
    low, high = np.ravel(space.low).astype(float), np.ravel(space.high).astype(float)
    open_ = (low < -WIDEST) | (high > WIDEST)
    if open_.any():
        seen = np.stack([np.ravel(o).astype(float) for o in islice(walk(), PROBE_STEPS)])
        if not np.isfinite(seen).all():
            raise NeurorlError(f"environment '{env_id}' returned an observation that is NaN or infinite in a random walk")
        margin = MARGIN * np.ptp(seen, axis=0)
        low = np.where(open_, np.maximum(seen.min(0) - margin, low), low)
        high = np.where(open_, np.minimum(seen.max(0) + margin, high), high)
    high = np.where(high > low, high, low + 1.0)
    return Ranges(tuple(map(float, low)), tuple(map(float, high)))
