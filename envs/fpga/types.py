"""What the board is made of: fault codes, parameters, state, the layout of an observation and of a step's ``info``.

A tick is one second. ``info`` of a step has

    telemetry   TelemetryFrame      the readings, with validity and age
    events      RewardEvents        codes [5] int32 and values [5]: urgent work, batch work, switch, first fault, recovery
    faults      bool [12]           the faults that struck in this tick; the index is the ``FaultClass``
    metrics     Metrics             the truth behind the reward, for scores and pictures; an agent must not see it
"""

from enum import IntEnum
from typing import Any, NamedTuple

from flax import struct
from jax import Array


class FaultClass(IntEnum):
    """What can go wrong. The codes are stable: they are stored in files and sent in events."""

    SETUP = 0  # the slowest path missed the clock edge
    HOLD = 1  # the fastest path outran it; no clock is slow enough
    CLOCK_DOMAIN_CROSSING = 2  # a synchroniser stayed metastable
    PLL_UNLOCK = 3  # the clock generator lost its reference
    DROOP = 4  # a step of load pulled the supply below what the logic needs: errors, or a brown-out
    THERMAL_THROTTLE = 5  # the clock was halved to cool
    OVER_TEMPERATURE = 6  # the board shut down
    CONFIGURATION_UPSET = 7  # a bit of the configuration flipped
    SENSOR_STUCK = 8  # the temperature sensor repeats itself
    SENSOR_DROPPED = 9  # it does not answer
    SENSOR_DRIFTING = 10  # its error grows
    BAD_BITSTREAM = 11  # an image failed to load, and the old one runs


FAULT_CLASSES = len(FaultClass)
EVENT_SLOTS = 5


class Reading(NamedTuple):
    """A dimension of the observation."""

    name: str
    unit: str
    low: float
    high: float
    meaning: str


OBSERVATION = (
    Reading("clock", "MHz", 80.0, 400.0, "clock set"),
    Reading("voltage", "V", 0.6, 1.2, "core voltage measured, noise and 12 bit"),
    Reading("fan", "1", 0.0, 1.0, "fan set"),
    Reading("temperature", "C", 0.0, 125.0, "junction measured; the last valid reading while there is none"),
    Reading("power", "W", 0.0, 40.0, "board power measured, without the fan"),
    Reading("canary_slack", "ns", -1.0, 2.0, "slack of the canary path, which misses droop and has a bias"),
    Reading("price", "1", 0.0, 5.0, "price of energy, relative to its mean"),
    Reading("urgent", "ticks", 0.0, 12.0, "urgent work waiting, in ticks of nominal capacity"),
    Reading("batch", "ticks", 0.0, 60.0, "batch work waiting, in ticks of nominal capacity"),
    Reading("batch_due", "ticks", 0.0, 30.0, "the part of it that is in the second half of its time"),
    Reading("replays", "log10", 0.0, 4.0, "log10(1 + replays) of the last tick"),
    Reading("throughput", "1", 0.0, 2.0, "work accepted in the last tick, relative to nominal capacity"),
    Reading("available", "1", 0.0, 1.0, "share of the last tick in which the clock ran: 0 while down or unlocked, 0.5 throttled"),
    Reading("crc", "1", 0.0, 1.0, "1 while a flipped configuration bit is flagged"),
    Reading("sensor_valid", "1", 0.0, 1.0, "1 where the temperature was read in this tick"),
)
INDEX = {reading.name: i for i, reading in enumerate(OBSERVATION)}
GROUPS = {  # what an ablation removes together
    "temperature": ("temperature", "sensor_valid"),
    "canary": ("canary_slack",),
    "price": ("price",),
    "queue": ("urgent", "batch", "batch_due"),
}


CLOCK_LOW = 80.0  # MHz
CLOCK_RATIO = 1.04
CLOCK_LEVELS = 42
NOMINAL_MHZ = 200.0  # a nominal tick of work is what this clock does in a tick
VOLTAGE_LOW, VOLTAGE_HIGH = 0.70, 1.10  # V
VOLTAGE_STEP = 0.005  # V
FAN_LOW, FAN_HIGH = 0.1, 1.0
START_LEVEL, START_VOLTAGE, START_FAN = 23, 1.0, 0.5  # nominal: 197 MHz at 1.0 V
CLOCK_MOVES = (-4, 0, 2)  # levels a tick
VOLTAGE_MOVES = (-2, 0, 4)  # steps of 5 mV a tick
FAN_MOVES = (-0.1, 0.0, 0.1)
MOVES = len(CLOCK_MOVES) * len(VOLTAGE_MOVES) * len(FAN_MOVES)  # 27: action = 9 clock + 3 voltage + fan
SCRUB, RELOAD, RESYNC = MOVES, MOVES + 1, MOVES + 2
ACTIONS = MOVES + 3


class Part(NamedTuple):
    """What is particular to this board, and hidden from who drives it. All []."""

    process: Array  # delay relative to the worst corner
    sens: Array  # share of the worst path's delay that follows the transistor
    threshold_v: Array  # shift of the threshold with which it began, and by switches, V
    supply_ohm: Array  # resistance of the supply
    leak: Array  # leakage, relative
    dynamic: Array  # dynamic power, relative
    offset_c: Array  # offset of the temperature sensor
    hold_need_ns: Array  # what the fastest path must exceed
    fan_health: Array  # conductance of the fan, relative
    ambient_c: Array  # mean ambient
    batch_rate: Array  # mean batch work a tick
    price_period: Array  # ticks
    price_phase: Array  # radians
    switch_time: Array  # [2] ticks at which the source switches
    switch_kind: Array  # [2] int32, see ``demand.py``


class Queue(NamedTuple):
    """Work waiting, cumulated from the oldest: entry i is all work that has waited i ticks or longer."""

    urgent: Array  # [8] nominal ticks, an entry a tick of waiting
    batch: Array  # [10] nominal ticks, an entry 6 ticks of waiting


@struct.dataclass
class FpgaState:
    """The board at the end of a tick. All [] unless said; float32 unless said."""

    time: Array  # int32, ticks
    seed: Array  # uint32: every random number of the episode is a hash of it and of the time
    part: Part
    level: Array  # int32, clock level
    voltage: Array  # V, set
    fan: Array  # set
    junction_c: Array
    sink_c: Array
    current_a: Array  # of the last tick
    stress: Array  # s of unit stress, for aging
    queue: Queue
    bursting: Array  # bool
    phase_left: Array  # ticks until the burst or the quiet ends
    burst_rate: Array  # urgent work a tick of this burst
    activity: Array  # switching activity of the workload: 0.45, 0.70 or 1.0
    price_spike: Array  # what is left of the last spike
    down_left: Array  # ticks until the board runs again; 0 while it does
    throttled: Array  # bool
    locked: Array  # bool
    upset: Array  # bool: a configuration bit is wrong
    flagged: Array  # bool: and the CRC says so
    desynced: Array  # bool: the clock-domain crossing hands over wrong words
    fallback: Array  # bool: the old image runs
    sensor_fault: Array  # int32: 0 none, 1 stuck, 2 dropped, 3 drifting
    sensor_error_c: Array  # what the drift has come to
    sensor_c: Array  # last valid reading of the temperature
    sensor_age: Array  # ticks since it
    canary_bias_ns: Array
    broken_for: Array  # ticks since the first fault that is not repaired; 0 while none
    dead: Array  # bool
    observation: Array  # [15], what was seen at the end of the tick
    estimates: Any = ()  # ``estimates.Estimates`` where set-points or derived readings need them


class Metrics(NamedTuple):
    """The truth of a tick. All []."""

    slack_ns: Array  # setup slack of the worst path at the lowest voltage
    hold_slack_ns: Array  # hold slack of the fastest path at the highest voltage
    good_work: Array  # nominal ticks of correct work in time
    late_work: Array  # nominal ticks dropped late
    energy_j: Array
    replays: Array
    silent: Array  # probability of a silent error
    crashed: Array  # bool
