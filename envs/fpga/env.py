"""The board by gymnax's contract: ``FpgaTelemetry`` with discrete joint actions, ``FpgaTelemetryContinuous`` with a Box."""

from typing import Any

import jax
import jax.numpy as jnp
from gymnax.environments import spaces
from gymnax.environments.environment import Environment

from neurorl.envs.fpga.interface import ContinuousInterface, Interface
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.set_points import CHOICES
from neurorl.envs.fpga.types import ACTIONS, FpgaState


class Choices(spaces.Space):
    """Several discrete choices, int32 [n], which gymnax has no space for."""

    def __init__(self, counts: tuple[int, ...]):
        """Make the space of 0 to ``counts`` - 1 each."""
        self.counts, self.shape, self.dtype = counts, (len(counts),), jnp.int32

    def sample(self, key: jax.Array) -> jax.Array:
        """Return a random value."""
        return jax.random.randint(key, self.shape, 0, jnp.array(self.counts))

    def contains(self, x: Any) -> Any:
        """Return whether a value is in the space."""
        return jnp.all((jnp.asarray(x) >= 0) & (jnp.asarray(x) < jnp.array(self.counts)))


class FpgaTelemetry(Interface, Environment[FpgaState, FpgaParameters]):
    """Drive an FPGA board: set its clock, voltage and fan while work, price, heat and faults come and go.

    Observation: Box, float32, shape (15,); with ``derived=True`` (19,), the last four being ``estimates.DERIVED``. Order, unit
        and range of the others are ``types.OBSERVATION``:

        0 clock         MHz      80 to 400     set
        1 voltage       V        0.6 to 1.2    of the core, measured
        2 fan           1        0 to 1        set
        3 temperature   C        0 to 125      of the junction, measured; the last valid reading while there is none
        4 power         W        0 to 40       measured, without the fan
        5 canary_slack  ns      -1 to 2        of the canary path: noisy, biased, blind to droop
        6 price         1        0 to 5        of energy
        7 urgent        ticks    0 to 12       urgent work waiting, in ticks of nominal capacity
        8 batch         ticks    0 to 60       batch work waiting
        9 batch_due     ticks    0 to 30       the part of it in the second half of its time
        10 replays      log10    0 to 4        log10(1 + replays of the last tick)
        11 throughput   1        0 to 2        work accepted in the last tick, in nominal capacities
        12 available    1        0 to 1        share of the last tick in which the clock ran
        13 crc          1        0 to 1        1 while a flipped configuration bit is flagged
        14 sensor_valid 1        0 to 1        1 where the temperature was read in this tick
        15 deficit      1       -1 to 1        share of the work that the board could accept and does not, while work waits
        16 slow_replays log10    0 to 8        replays of some 200 ticks, decayed
        17 since_repair ticks    0 to 600      time since the last repair
        18 path         ns       1 to 12       delay of the canary path, smoothed

    Action: Discrete(30), int32. Below 27 the move ``9 clock + 3 voltage + fan`` with each of 0, 1, 2: clock -4, 0, +2 levels of
        4 %; voltage -10, 0, +20 mV; fan -0.1, 0, +0.1. 13 moves nothing. 27 scrubs the configuration (0.3 of the tick), 28
        reloads it (5 ticks), 29 resynchronises (0.1 of the tick). With ``actions="set-points"`` MultiDiscrete([15, 21, 10, 4]),
        int32: the clock's margin (0.2 to 1.6 ns), voltage (0.70 to 0.90 V) and fan (0.1 to 1.0) that a servo moves towards, and,
        beside its move, the repair: none, scrub, reload, resynchronise (``set_points``).

    Reward: float32, shape (), about -50 to 2. Work in time, less late work, energy at its price, wear, heat above 85 C, crashes,
        silent errors and death; the weights are parameters. It contains the events of ``info``.

    Termination: the part is dead, beyond 125 C or 1.2 V (absolute maximum ratings). Ordinary faults cost and do not terminate.

    Truncation: after ``max_steps_in_episode`` ticks, 600. A tick is one second.

    State: ``types.FpgaState``, a pytree of arrays whose every field has unit and shape there; float32, but int32 time, level and
        kinds, uint32 seed, and bool flags. Starts at 197 MHz, 1.0 V and fan 0.5 with a part and a world drawn from the key.

    Info: ``telemetry``, ``events``, ``faults`` and ``metrics``, see ``types``.
    """

    @property
    def name(self) -> str:
        """Name of the environment."""
        return "FpgaTelemetry-v0"

    @property
    def num_actions(self) -> int:
        """Number of discrete actions."""
        return ACTIONS if self.actions == "moves" else len(CHOICES)

    def action_space(self, params: FpgaParameters | None = None) -> spaces.Space:
        """Return the space of actions."""
        return spaces.Discrete(ACTIONS) if self.actions == "moves" else Choices(CHOICES)

    def observation_space(self, params: FpgaParameters | None = None) -> spaces.Box:
        """Return the space of observations."""
        box: Any = self.gymnasium_spaces()[0]
        return spaces.Box(box.low, box.high, box.shape, jnp.float32)


class FpgaTelemetryContinuous(ContinuousInterface, FpgaTelemetry):
    """The same board with a Box of actions; all else as in :class:`FpgaTelemetry`.

    Action: Box, float32, shape (6,), -1 to 1, share of the largest move: clock (-4 to +2 levels, rounded), voltage (-10 to +20 mV
        in steps of 5), fan (-0.1 to +0.1), then scrub, reload, resynchronise. Where one of the last three exceeds 0.9, the
        largest of them is done and nothing moves (of set-points: is done, too). With ``actions="set-points"`` the first three
        are targets, from the lowest to the highest margin, voltage and fan.
    """

    @property
    def name(self) -> str:
        """Name of the environment."""
        return "FpgaTelemetryContinuous-v0"

    @property
    def num_actions(self) -> int:
        """Number of numbers in an action."""
        return 6

    def action_space(self, params: FpgaParameters | None = None) -> spaces.Box:
        """Return the space of actions."""
        return spaces.Box(-1.0, 1.0, (6,), jnp.float32)
