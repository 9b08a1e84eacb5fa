r"""The score of a return, per scenario: 0 is what the nominal setting earns, 1 what the oracle earns.

    score = (return - zero) / (oracle - zero)

The nominal setting is weak, so a second zero is published, the best constant of the scenario. The three means are frozen in
``scores.json``, which ``python -m experiments.fpga_scores`` wrote from 256 episodes each.
"""

import functools
import json
from importlib import resources
from typing import Any

import numpy as np

from neurorl.envs.fpga.scenarios import SCENARIOS
from neurorl.errors import NeurorlError, nearest

ZEROS = ("nominal", "best constant")


@functools.cache
def frozen() -> dict[str, Any]:
    """Return the frozen means, a dictionary a scenario."""
    return json.loads(resources.files(__package__).joinpath("scores.json").read_text())


def normalised_score(returns: Any, scenario: str = "nominal", zero: str = "nominal") -> Any:
    """Return the score of each of ``returns``.

    Args:
        returns: Returns of episodes, or a mean of them.
        scenario: Where they were earned.
        zero: What scores 0, "nominal" or "best constant".

    Raises:
        NeurorlError: A scenario without frozen means, or another zero.
    """
    if scenario not in frozen():
        hint = "; its means depend on the report" if scenario in SCENARIOS else nearest(scenario, frozen())
        raise NeurorlError(f"scenario '{scenario}' has no score; there are {', '.join(frozen())}{hint}")
    if zero not in ZEROS:
        raise NeurorlError(f"zero '{zero}' is unknown; it must be one of {', '.join(ZEROS)}{nearest(zero, ZEROS)}")
    means = frozen()[scenario]
    low, high = means[zero]["mean"], means["oracle"]["mean"]
    return (np.asarray(returns) - low) / (high - low)
