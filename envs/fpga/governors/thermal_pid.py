r"""A thermal controller: the clock follows a PID on the temperature, at one voltage, whatever the work.

e = target - T,    clock = base exp(kp e + ki sum e + kd (e - e_tm1)),    the sum clipped against wind-up
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.governors.governor import Governor, move_towards
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import INDEX, FpgaState

WIND_UP = 200.0  # C s


class Knobs(NamedTuple):
    """Its constants."""

    target: float = 70.0  # C
    base: float = 150.0  # MHz
    kp: float = 0.01  # 1/C
    ki: float = 0.0005  # 1/(C s)
    kd: float = 0.005  # s/C
    highest: float = 160.0  # MHz
    voltage: float = 0.80  # V
    fan: float = 0.5


SCALE = Knobs(target=8.0, base=15.0, kp=0.005, ki=0.0003, kd=0.005, highest=15.0, voltage=0.03, fan=0.15)


class Memory(NamedTuple):
    """Sum of the error and the error before, C. All []."""

    total: Array
    error: Array


def governor(k: Knobs) -> Governor:
    """Return the governor with these knobs."""

    def init() -> Memory:
        return Memory(jnp.float32(0.0), jnp.float32(0.0))

    def act(p: FpgaParameters, m: Memory, observation: Array, state: FpgaState) -> tuple[Memory, Array]:
        error = k.target - observation[INDEX["temperature"]]
        total = jnp.clip(m.total + error, -WIND_UP, WIND_UP)
        clock = k.base * jnp.exp(k.kp * error + k.ki * total + k.kd * (error - m.error))
        action = move_towards(observation, jnp.minimum(clock, k.highest), jnp.asarray(k.voltage), jnp.asarray(k.fan))
        return Memory(total, error), action

    return Governor(init, act)
