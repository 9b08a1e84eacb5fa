r"""The governors by set-points: what each wants of a tick, said as the set-points nearest to it; a servo makes the moves.

    margin = 1000 / clock wanted - path,   path that of the servo, which is shown among the derived readings

A margin is kept between 0.2 and 1.6 ns and a voltage between 0.70 and 0.90 V, and repairs come beside the move. Where a reading
is hidden from a governor, the servo, which belongs to the board, goes on using it.
"""

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.env import FpgaTelemetry
from neurorl.envs.fpga.estimates import DERIVED
from neurorl.envs.fpga.governors import oracle, tuned
from neurorl.envs.fpga.governors.governor import Governor, World
from neurorl.envs.fpga.governors.tuned import Knobs
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.set_points import CHOICES, FANS, MARGINS_NS, VOLTAGES
from neurorl.envs.fpga.types import OBSERVATION, FpgaState

ENV = FpgaTelemetry(actions="set-points", derived=True)
SET_POINTS = World(lambda p, key: ENV.reset_env(key, p)[1], ENV.get_obs, ENV.advance)
PATH = [reading.name for reading in OBSERVATION + DERIVED].index("path")


def nearest(margin_ns: Array | float, volts: Array | float, fan: Array | float, repair: Array | int) -> Array:
    """Return the action whose set-points are nearest, int32 [4]."""
    places = []
    for value, (low, high), n in zip((margin_ns, volts, fan), (MARGINS_NS, VOLTAGES, FANS), CHOICES[:3], strict=True):
        places.append(jnp.round(jnp.clip((value - low) / (high - low), 0.0, 1.0) * (n - 1)))
    return jnp.stack([*places, repair]).astype(jnp.int32)


def decide(k: Knobs, m: tuned.Memory, observation: Array, memory: bool) -> tuple[tuned.Memory, Array]:
    """Return the memory of the tuned governor after a tick that showed ``observation`` [19], and the action."""
    m, wanted = tuned.want(k, m, observation, memory)
    margin = 1000.0 / wanted.clock_mhz - observation[PATH]
    return m, nearest(margin, wanted.volts, wanted.fan, wanted.repair)


def governor(k: Knobs, memory: bool = True) -> Governor:
    """Return the tuned governor with these knobs."""

    def act(p: FpgaParameters, m: tuned.Memory, observation: Array, state: FpgaState) -> tuple[tuned.Memory, Array]:
        return decide(k, m, observation, memory)

    return Governor(tuned.init, act)


def constant(margin_ns: Array | float, volts: Array | float, fan: Array | float) -> Governor:
    """Return the governor that asks for the same set-points at every tick, and for no repair."""

    def act(p: FpgaParameters, memory: tuple[()], observation: Array, state: FpgaState) -> tuple[tuple[()], Array]:
        return memory, nearest(margin_ns, volts, fan, 0)

    return Governor(tuple, act)


def look_ahead(k: Knobs) -> Governor:
    """Return the privileged oracle whose changes start from the tuned governor with these knobs."""
    return oracle.governor(k, decide, SET_POINTS)
