r"""Delta code: a spike whenever the signal has moved by a threshold since the last one, ON for up and OFF for down.

    reference = start + threshold level;   level <- level + 1 (ON) where signal - reference >= threshold
                                           level <- level - 1 (OFF) where reference - signal >= threshold

It is delta modulation, the code of event cameras and silent cochleas (Lichtsteiner, Posch and Delbruck 2008): a
constant signal costs no spikes. A neuron fires once a step at most. As long as the signal moves by no more than the
threshold in a step, the reference stays within the threshold of it; after a larger jump it follows by one threshold a
step until it has caught up.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float, Int32, Real, Shaped

from neurorl.codes.checks import finite
from neurorl.parameters import Checked, parameter
from neurorl.typing import Values

SLACK = 1e-4  # thresholds; a move this little short of one was rounded off it


@struct.dataclass
class DeltaParameters(Checked):
    """Constants of the code."""

    threshold: Values = parameter(0.1, "change of the signal that is worth a spike, in its unit", above=0.0)


class DeltaState(NamedTuple):
    """What the spikes so far have told of n signals."""

    start: Float[Array, " n"]  # first value, which the receiver must know too
    level: Int32[Array, " n"]  # ON spikes minus OFF spikes; a sum of thresholds would gather rounding errors


def init(signal: Real[Array | np.ndarray, " n"]) -> DeltaState:
    """Return the state before the first step, for the signal [n] at that time.

    Raises:
        NeurorlError: A NaN or infinite signal.
    """
    start = finite("signal", signal) * 1.0
    return DeltaState(start, jnp.zeros(start.shape, jnp.int32))


def step(
    parameters: DeltaParameters, state: DeltaState, signal: Real[Array | np.ndarray, " n"]
) -> tuple[DeltaState, Float[Array, "2 n"]]:
    """Advance the code by one step, of any length.

    Args:
        parameters: Constants of the code.
        state: State before the step.
        signal: [n].

    Returns:
        The new state, and the spikes [2, n] of the ON and the OFF neurons, 0.0 or 1.0.

    Raises:
        NeurorlError: A NaN or infinite signal.
    """
    moved = (finite("signal", signal) - reference(parameters, state)) / parameters.threshold
    on, off = moved >= 1.0 - SLACK, moved <= -1.0 + SLACK
    level = state.level + on.astype(jnp.int32) - off.astype(jnp.int32)
    return state._replace(level=level), jnp.stack([on, off]).astype(state.start.dtype)


def reference(parameters: DeltaParameters, state: DeltaState) -> Float[Array, "*steps n"]:
    """Return the signal as far as the spikes have told it, [n]."""
    return state.start + parameters.threshold * state.level


def train(parameters: DeltaParameters, signal: Real[Array | np.ndarray, "steps n"]) -> Float[Array, "steps 2 n"]:
    """Return the spikes of a whole signal [steps, n], [steps, 2, n]; its first row is the start and costs none."""
    _, spikes = jax.lax.scan(lambda state, row: step(parameters, state, row), init(signal[0]), finite("signal", signal))
    return spikes


def decode(
    parameters: DeltaParameters, start: Real[Array | np.ndarray, " n"], spikes: Shaped[Array | np.ndarray, "steps 2 n"]
) -> Float[Array, "steps n"]:
    """Return the signal that the spikes tell, [steps, n].

    Args:
        parameters: Constants of the code.
        start: [n], the signal's first value.
        spikes: [steps, 2, n].
    """
    level = jnp.cumsum((spikes[:, 0] - spikes[:, 1]).astype(jnp.int32), axis=0)
    return reference(parameters, DeltaState(jnp.asarray(start), level))
