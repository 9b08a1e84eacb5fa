"""Scenarios: what each changes of the default board and world."""

from typing import Any

from neurorl.envs.fpga import report_driven
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.errors import NeurorlError, nearest

REPORT_DRIVEN = "report-driven"
SCENARIOS: dict[str, dict[str, Any]] = {
    "nominal": {},
    "heat-wave": {"ambient_low_c": 38.0, "ambient_high_c": 50.0, "ambient_swing_c": 6.0},
    "aged-part": {"age_high_v": 0.045, "age_rate_v": 0.030},
    "droopy-board": {"supply_low_mohm": 2.0, "supply_high_mohm": 5.0},
    "cold-low-voltage": {"ambient_low_c": -25.0, "ambient_high_c": 0.0},
    "fan-loss": {"fan_w_per_c": 0.35},
    "sensor-drift": {"stuck_rate": 0.002, "dropped_rate": 0.002, "drifting_rate": 0.004, "canary_walk_ns": 0.012},
    "accelerated-upsets": {"upset_rate": 0.02, "crossing_rate": 1e-3},
    REPORT_DRIVEN: {},
}


def parameters(scenario: str, report: str = "") -> FpgaParameters:
    """Return the parameters of a scenario.

    Args:
        scenario: Its name.
        report: File of a Vivado timing report, for "report-driven" only.

    Raises:
        NeurorlError: An unknown scenario, a report where none is meant, or none where one is.
    """
    if scenario not in SCENARIOS:
        raise NeurorlError(
            f"scenario '{scenario}' is unknown; it must be one of {', '.join(SCENARIOS)}{nearest(scenario, SCENARIOS)}"
        )
    if scenario == REPORT_DRIVEN:
        if not report:
            raise NeurorlError("scenario 'report-driven' needs a report: give the file of a report_timing_summary")
        return FpgaParameters(**report_driven.changes(report))
    if report:
        raise NeurorlError(f"scenario '{scenario}' takes no report; give scenario 'report-driven' with it")
    return FpgaParameters(**SCENARIOS[scenario])
