r"""Power of the part and of its fan.

dynamic = switched (activity busy + clock tree) V^2 f        W, f in MHz
leakage = leakage_w V^2.5 exp(0.017 (T - 50 C))              W
fan     = fan_w speed^3                                      W, the law of fans
"""

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.parameters import FpgaParameters


def dynamic(p: FpgaParameters, voltage: Array, clock_mhz: Array, load: Array) -> Array:
    """Return the dynamic power, [], W; ``load`` is activity x busy."""
    return p.switched * (load + p.clock_tree) * voltage * voltage * clock_mhz


def leakage(p: FpgaParameters, voltage: Array, celsius: Array) -> Array:
    """Return the leakage of a typical part, [], W."""
    return p.leakage_w * voltage * voltage * jnp.sqrt(voltage) * jnp.exp(0.017 * (celsius - 50.0))


def fan(p: FpgaParameters, speed: Array) -> Array:
    """Return the power of the fan, [], W."""
    return p.fan_w * speed * speed * speed
