r"""What a population of place cells says: the population vector, each cell's place weighted by its rate.

    estimate = sum_i a_i c_i / sum_i a_i        for an angle, the direction of sum_i a_i (cos c_i, sin c_i)

Georgopoulos, Schwartz and Kettner (1986). It needs no tuning curve and no noise model. Near the ends of a range the
cells beyond are missing and the estimate is drawn inward: of cells 0.7 spacings wide, by 0.62 spacings at the very end, 0.1
from one spacing on and 0.003 from two on.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from neurorl.codes.place_cells import PlaceCells


def decode(code: PlaceCells, rates: Float[Array, " size"]) -> Float[Array, " d"]:
    """Return the observation that a population reports, averaged over the maps that know of each dimension.

    Args:
        code: The code.
        rates: [size], rates or spike counts, not negative. A map without any is left out; a dimension of which no map
            has any is NaN.

    Returns:
        [dimensions], in their units; an angle's pair of dimensions has norm 1.
    """
    features = len(code.low) - len(code.angles)  # the angles first, then the plain dimensions
    tuned = [jnp.zeros(code.cells)] * features
    for members, activity in zip(code.maps, rates.reshape(code.groups, code.cells, -1), strict=True):
        for axis, feature in enumerate(members):
            tuned[feature] += activity.sum(1 - axis)
    share = jnp.stack([activity / activity.sum() for activity in tuned])  # [features, cells]

    observation = jnp.zeros(len(code.low))
    places = np.arange(code.cells) / code.cells
    for (cosine, sine), activity in zip(code.angles, share, strict=False):
        vector = jnp.array([activity @ np.cos(2 * np.pi * places), activity @ np.sin(2 * np.pi * places)])
        observation = observation.at[jnp.array([cosine, sine])].set(vector / jnp.linalg.norm(vector))
    plain = np.setdiff1d(np.arange(len(code.low)), np.array(code.angles, int).ravel())
    low, high = (jnp.asarray(end, jnp.float32)[plain] for end in (code.low, code.high))
    position = share[len(code.angles) :] @ (places + 0.5 / code.cells)
    return observation.at[plain].set(low + (high - low) * position)
