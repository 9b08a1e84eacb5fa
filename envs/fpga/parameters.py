"""Parameters of the board and of the world around it, one flat group, so that each can be set alone and mapped over.

The defaults are the default scenario; ``scenarios.py`` says what the others change. Values marked (measured) were chosen by
the release gates of ``experiments/fpga_gates.py``, not by physics.
"""

from flax import struct
from jax import Array

from neurorl.parameters import Checked, parameter

Number = float | Array


@struct.dataclass
class FpgaParameters(Checked):
    """Physics, hazards, demand, and what the reward pays."""

    max_steps_in_episode: int | Array = parameter(600, "ticks an episode", low=1)

    # timing: the report's worst path and how its delay follows voltage and temperature
    period_ns: Number = parameter(5.0, "clock period the build was signed off for, ns", above=0.0)
    wns_ns: Number = parameter(0.0, "worst negative slack of the build at the sign-off corner, ns")
    sens_low: Number = parameter(0.80, "smallest share of the worst path that follows the transistor", low=0.0, high=1.0)
    sens_high: Number = parameter(0.95, "largest share", low=0.0, high=1.0)
    process_low: Number = parameter(0.70, "delay of the fastest part, relative to the worst corner", above=0.0)
    process_high: Number = parameter(0.97, "delay of the slowest part", above=0.0)
    threshold_v: Number = parameter(0.40, "transistor threshold at 25 C, V", above=0.0)
    alpha: Number = parameter(1.3, "exponent of the alpha-power law", low=1.0)
    threshold_per_k: Number = parameter(1e-3, "fall of the threshold a kelvin, V/K", low=0.0)
    mobility: Number = parameter(1.2, "exponent of the fall of mobility with absolute temperature", low=0.0)
    corner_v: Number = parameter(0.95, "voltage of the sign-off corner, V", above=0.0)
    corner_c: Number = parameter(85.0, "temperature of the sign-off corner, C")
    jitter_ns: Number = parameter(0.05, "standard deviation of the arrival of an edge, ns", above=0.0)
    hold_jitter: Number = parameter(0.4, "share of it between edges of one clock tick, which the fastest path sees", above=0.0)
    age_high_v: Number = parameter(0.015, "largest threshold shift that a part starts with, V", low=0.0)
    age_rate_v: Number = parameter(0.012, "threshold shift after 600 s of unit stress, V", low=0.0)
    hold_path_ns: Number = parameter(0.80, "delay of the fastest path at the sign-off corner, worst part, ns", above=0.0)
    hold_need_ns: Number = parameter(0.35, "skew and hold time that it must exceed, ns", low=0.0)
    hold_spread_ns: Number = parameter(0.02, "half range of that need among parts, ns", low=0.0)

    # supply
    supply_low_mohm: Number = parameter(0.3, "smallest resistance of the supply, milliohm", above=0.0)
    supply_high_mohm: Number = parameter(1.4, "largest", above=0.0)
    crash_v: Number = parameter(0.60, "voltage below which the logic loses its state, V", above=0.0)
    limit_v: Number = parameter(1.20, "absolute maximum of the voltage: beyond it the part is dead, V", above=0.0)

    # power and heat
    switched: Number = parameter(0.20, "dynamic power a volt squared and MHz at full activity, W", low=0.0)
    clock_tree: Number = parameter(0.1, "share of it that the clock tree takes without work", low=0.0)
    leakage_w: Number = parameter(3.5, "leakage at 1 V and 50 C, W", low=0.0)
    fan_w: Number = parameter(12.0, "power of the fan at full speed, W", low=0.0)
    junction_j_per_k: Number = parameter(10.0, "heat capacity of the die, J/K", above=0.0)
    sink_j_per_k: Number = parameter(50.0, "heat capacity of the heat sink, J/K", above=0.0)
    junction_c_per_w: Number = parameter(0.25, "thermal resistance from die to heat sink, C/W", above=0.0)
    still_w_per_c: Number = parameter(0.20, "conductance from heat sink to still air, W/C", above=0.0)
    fan_w_per_c: Number = parameter(1.0, "conductance that the full fan adds, W/C", low=0.0)
    throttle_c: Number = parameter(85.0, "temperature read at which the clock is halved, C")
    unthrottle_c: Number = parameter(75.0, "and at which it is whole again, C")
    shutdown_c: Number = parameter(110.0, "temperature read at which the board shuts down, C")
    shutdown_ticks: Number = parameter(30.0, "ticks until it starts again", low=1.0)
    limit_c: Number = parameter(125.0, "absolute maximum of the junction: beyond it the part is dead, C")

    # the world
    ambient_low_c: Number = parameter(5.0, "coolest mean ambient of an episode, C")
    ambient_high_c: Number = parameter(45.0, "warmest, C")
    ambient_swing_c: Number = parameter(3.0, "amplitude of its slow wave, C", low=0.0)
    urgent_low: Number = parameter(0.06, "urgent work a tick between bursts, in nominal capacities", low=0.0)
    urgent_burst_low: Number = parameter(1.0, "least urgent work a tick of a burst", low=0.0)
    urgent_burst_high: Number = parameter(1.5, "most", low=0.0)
    burst_low: Number = parameter(12.0, "shortest burst, ticks", low=1.0)
    burst_high: Number = parameter(35.0, "longest", low=1.0)
    quiet_low: Number = parameter(25.0, "shortest time between bursts, ticks", low=1.0)
    quiet_high: Number = parameter(70.0, "longest", low=1.0)
    batch_low: Number = parameter(0.4, "least batch work a tick on average, in nominal capacities", low=0.0)
    batch_high: Number = parameter(0.9, "most", low=0.0)
    price_swing: Number = parameter(0.85, "amplitude of the wave of the price", low=0.0, high=1.0)
    price_period: Number = parameter(120.0, "its mean period, ticks", above=1.0)
    price_spike: Number = parameter(3.0, "height of a spike of the price", low=0.0)
    price_spike_rate: Number = parameter(0.012, "spikes a tick", low=0.0, high=1.0)
    switches: Number = parameter(2.0, "switches of source an episode, at most 2", low=0.0, high=2.0)

    # hazards
    upset_rate: Number = parameter(0.0025, "configuration upsets a tick", low=0.0, high=1.0)
    upset_damage: Number = parameter(0.35, "share of the work that an upset makes wrong", low=0.0, high=1.0)
    upset_flagged: Number = parameter(0.35, "probability that the CRC sees it", low=0.0, high=1.0)
    unlock_rate: Number = parameter(0.002, "unlocks a tick", low=0.0, high=1.0)
    unlock_per_v: Number = parameter(0.1, "and a volt of change", low=0.0)
    relock_rate: Number = parameter(0.25, "probability a tick that it locks again by itself", low=0.0, high=1.0)
    crossing_rate: Number = parameter(2e-4, "failures of the clock-domain crossing a tick at 200 MHz", low=0.0, high=1.0)
    crossing_mhz: Number = parameter(40.0, "clock that makes them e times as frequent, MHz", above=0.0)
    crossing_damage: Number = parameter(0.5, "share of the work that is wrong until resynchronised", low=0.0, high=1.0)
    bad_load: Number = parameter(0.02, "probability that an image fails to load", low=0.0, high=1.0)
    bad_build: Number = parameter(0.0, "1 where the build itself is bad, so that no load succeeds", low=0.0, high=1.0)
    old_image: Number = parameter(0.8, "work that the old image does, relative to the new one", low=0.0, high=1.0)
    stuck_rate: Number = parameter(2e-4, "times a tick that the temperature sensor sticks", low=0.0, high=1.0)
    dropped_rate: Number = parameter(2e-4, "times a tick that it stops answering", low=0.0, high=1.0)
    drifting_rate: Number = parameter(2e-4, "times a tick that it begins to drift", low=0.0, high=1.0)
    drift_c: Number = parameter(0.15, "drift a tick, C", low=0.0)
    sensor_repair: Number = parameter(0.02, "probability a tick that the sensor recovers", low=0.0, high=1.0)

    # sensors
    offset_c: Number = parameter(2.0, "standard deviation of the temperature offset of a part, C", low=0.0)
    noise_c: Number = parameter(0.4, "noise of the temperature, C", low=0.0)
    noise_v: Number = parameter(0.001, "noise of the voltage, V", low=0.0)
    noise_w: Number = parameter(0.2, "noise of the power, W", low=0.0)
    noise_canary_ns: Number = parameter(0.15, "noise of the canary's slack, ns", low=0.0)
    canary_bias_ns: Number = parameter(0.1, "standard deviation of the canary's bias among parts, ns", low=0.0)
    canary_walk_ns: Number = parameter(0.006, "its walk a tick, ns", low=0.0)

    # what is paid
    urgent_value: Number = parameter(1.4, "for urgent work in time, a nominal tick of it")
    batch_value: Number = parameter(0.42, "for batch work in time")
    late_urgent: Number = parameter(0.7, "cost of urgent work late", low=0.0)
    late_batch: Number = parameter(0.02, "cost of batch work late", low=0.0)
    energy_cost: Number = parameter(0.016, "cost of a joule at price 1", low=0.0)
    wear_cost: Number = parameter(0.04, "cost of a tick of wear at 1 V and 60 C", low=0.0)
    heat_cost: Number = parameter(0.04, "cost of a degree above 85 C, a tick", low=0.0)
    crash_cost: Number = parameter(4.0, "cost of a crash or shutdown", low=0.0)
    silent_cost: Number = parameter(2.0, "cost of a silent error", low=0.0)
    death_cost: Number = parameter(50.0, "cost of a dead part", low=0.0)
    replay_ticks: Number = parameter(0.01, "time that a replay takes, ticks", low=0.0)
    clock_change: Number = parameter(0.02, "time that a change of clock takes, ticks", low=0.0, high=1.0)
    scrub_ticks: Number = parameter(0.30, "time that a scrub takes, ticks", low=0.0, high=1.0)
    resync_ticks: Number = parameter(0.10, "time that a resynchronisation takes, ticks", low=0.0, high=1.0)
    reload_ticks: Number = parameter(5.0, "time that a reload takes, ticks", low=1.0)
    reboot_low: Number = parameter(8.0, "shortest reboot, ticks", low=1.0)
    reboot_high: Number = parameter(19.0, "longest, ticks", low=1.0)
