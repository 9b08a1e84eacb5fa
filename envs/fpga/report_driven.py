r"""The scenario whose board has the timing of a real build: a Vivado timing report becomes parameters.

Times are scaled so that the report's clock period P becomes the board's 5 ns; the clock then reads 200 MHz where the build was
signed off, and spaces stay as they are. A path with a requirement of less than a period (a half-cycle path) is taken to the
same share of the period.

    wns  = WNS 5 / requirement
    sens = 0.8 + 0.2 logic share: routing follows the transistor by 0.8, because its buffers do
    need = hold path at the fast corner (1.05 V, 0 C, fastest part) - WHS 5 / P - 6 sigma: at WHS = 0 sign-off has its margin

A build that misses its timing, or does not fit, never loads: the board runs the old image, which meets timing exactly.
"""

import math
from pathlib import Path
from typing import Any

import jax.numpy as jnp

from neurorl.envs.fpga import reports, timing
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.errors import NeurorlError

ROUTING = 0.8  # share of the delay of a wire that follows the transistor
FAST_V, FAST_C = 1.05, 0.0  # the fast corner


def changes(report: str | Path) -> dict[str, Any]:
    """Return what a report changes of the default parameters.

    Args:
        report: File of a ``report_timing_summary``.

    Raises:
        NeurorlError: It cannot be read, or says nothing of setup timing.
    """
    try:
        metrics = reports.read(report)
    except OSError as error:
        raise NeurorlError(f"report '{report}' cannot be read: {error.strerror}") from error
    default = FpgaParameters()
    slacks = metrics.timing.slacks if metrics.timing else None
    wns = slacks.wns_ns if slacks else None
    if wns is None or not math.isfinite(wns):
        raise NeurorlError(f"report '{report}' has no WNS; give the report_timing_summary of a design with a clock")
    worst = metrics.timing.worst_setup if metrics.timing else None
    path = worst.path if worst else None
    periods = [clock.period_ns for clock in metrics.timing.clocks if clock.period_ns] if metrics.timing else []
    requirement = path.requirement_ns if path else None
    period = (worst.period_ns if worst else None) or requirement or (min(periods) if periods else None)
    if not period or not math.isfinite(period) or period <= 0:
        raise NeurorlError(f"report '{report}' has no clock period; give the report_timing_summary of a design with a clock")
    requirement = requirement if requirement and 0 < requirement <= period else period
    share = path.logic_share if path else None
    sens = ROUTING + (1.0 - ROUTING) * (0.28 if share is None else share)  # 0.28: the median of 70 real paths
    whs = slacks.whs_ns if slacks else None
    lut = metrics.utilization.lut if metrics.utilization else None
    full = lut is not None and lut.percent is not None and lut.percent > 100.0
    bad = wns < 0 or (whs is not None and whs < 0) or full
    return {
        "wns_ns": max(wns, 0.0) * default.period_ns / requirement,
        "sens_low": sens,
        "sens_high": sens,
        "hold_need_ns": _hold_need(default, 0.0 if whs is None else max(whs, 0.0) * default.period_ns / period),
        "hold_spread_ns": 0.0,
        "bad_build": float(bad),
    }


def _hold_need(p: FpgaParameters, whs: Any) -> float:
    relative = float(timing.relative_delay(p, jnp.float32(FAST_V), jnp.float32(FAST_C)))
    fastest = p.hold_path_ns * p.process_low * relative
    return max(float(fastest - whs - 6.0 * p.hold_jitter * p.jitter_ns), 0.0)
