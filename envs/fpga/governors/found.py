"""The governors with the constants that ``experiments/fpga_tuning.py`` found, by name."""

import functools
import json
from importlib import resources
from typing import Any

from neurorl.envs.fpga.governors import canary, constant, demand, oracle, thermal_pid, tuned
from neurorl.envs.fpga.governors.governor import Governor
from neurorl.envs.fpga.types import CLOCK_LOW, CLOCK_RATIO, START_FAN, START_LEVEL, START_VOLTAGE

NOMINAL = (CLOCK_LOW * CLOCK_RATIO**START_LEVEL, START_VOLTAGE, START_FAN)


@functools.cache
def constants() -> dict[str, Any]:
    """Return what was found: names to knobs."""
    return json.loads(resources.files(__package__).joinpath("constants.json").read_text())


def governors() -> dict[str, Governor]:
    """Return the governors to beat, from the weakest idea to the strongest."""
    found = constants()
    knobs = {name: tuned.Knobs(**found[name]) for name in ("memoryless", "tuned")}
    return {
        "nominal": constant.governor(*NOMINAL),
        "best constant": constant.governor(**found["best constant"]),
        "thermal PID": thermal_pid.governor(thermal_pid.Knobs(**found["thermal PID"])),
        "demand": demand.governor(demand.Knobs(**found["demand"])),
        "canary": canary.governor(canary.Knobs(**found["canary"])),
        "memoryless": tuned.governor(knobs["memoryless"], memory=False),
        "tuned": tuned.governor(knobs["tuned"]),
        "oracle": oracle.governor(knobs["tuned"]),
    }
