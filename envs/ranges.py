"""Where observations lie, for tasks whose space does not say it well.

A space may be far wider than what an episode visits, or hide that two of its entries are one angle. What is not in this table is
encoded by its space, and what its space leaves open is learned while running (``neurorl.codes.learned_range``).
"""

from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces


class Ranges(NamedTuple):
    """The range of every dimension of a flattened Box observation."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    angles: tuple[tuple[int, int], ...] = ()  # (cosine, sine) dimensions, encoded as one periodic angle


# Position, velocity, angle and its speed where a lander that has learned something is; the last two are its legs.
_LUNAR_LANDER = Ranges((-1.0, -0.3, -0.7, -0.8, -0.6, -0.6, 0.0, 0.0), (1.0, 1.8, 0.7, 0.4, 0.6, 0.6, 1.0, 1.0))
_CARTPOLE = Ranges((-2.4, -2.5, -0.2095, -2.5), (2.4, 2.5, 0.2095, 2.5))
KNOWN = {
    "CartPole-v0": _CARTPOLE,
    "CartPole-v1": _CARTPOLE,
    "Acrobot-v1": Ranges((-1.0, -1.0, -1.0, -1.0, -6.0, -10.0), (1.0, 1.0, 1.0, 1.0, 6.0, 10.0), ((0, 1), (2, 3))),
    "Pendulum-v1": Ranges((-1.0, -1.0, -8.0), (1.0, 1.0, 8.0), ((0, 1),)),
    "LunarLander-v3": _LUNAR_LANDER,
    "LunarLanderContinuous-v3": _LUNAR_LANDER,
    "MemoryChain-bsuite": Ranges((0.0, 0.0, -1.0), (1.0, 1.0, 1.0)),  # its space begins at 0, its context at -1
}


def find(env_id: str, space: spaces.Space[Any]) -> Ranges | None:
    """Return what is known of the ranges of an environment's observations, or None.

    Args:
        env_id: Its id.
        space: Its observation space; a Box of another size than the known one is another task of the same name.
    """
    known = KNOWN.get(env_id.rpartition(":")[2])
    fits = known is not None and isinstance(space, spaces.Box) and len(known.low) == int(np.prod(space.shape))
    return known if fits else None
