r"""What a tick is paid.

    reward = correct (urgent_value urgent + batch_value batch) - late_urgent late urgent - late_batch late batch
             - energy_cost price energy - wear_cost wear - heat_cost (T - 85 C)+
             - crash_cost crash or shutdown - silent_cost silent error - death_cost dead

Work in nominal ticks, energy in J; the weights are parameters.
"""

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.queue import Done

HOT_C = 85.0  # the commercial limit, above which heat costs


def of_tick(
    p: FpgaParameters,
    done: Done,
    correct: Array,
    energy_j: Array,
    price: Array,
    wear: Array,
    junction_c: Array,
    stopped: Array,
    silent: Array,
    dead: Array,
) -> Array:
    """Return the reward of a tick, [].

    Args:
        p: Parameters.
        done: What was done with the work.
        correct: Share of the work that came out right.
        energy_j: Energy of part and fan.
        price: Of energy.
        wear: Unit stress.
        junction_c: Temperature of the junction.
        stopped: Whether the board crashed or shut down, bool.
        silent: Probability of a silent error.
        dead: Whether the part is destroyed, bool.
    """
    return (
        correct * (p.urgent_value * done.urgent + p.batch_value * done.batch)
        - p.late_urgent * done.urgent_late
        - p.late_batch * done.batch_late
        - p.energy_cost * price * energy_j
        - p.wear_cost * wear
        - p.heat_cost * jnp.maximum(junction_c - HOT_C, 0.0)
        - p.crash_cost * stopped
        - p.silent_cost * silent
        - p.death_cost * dead
    )
