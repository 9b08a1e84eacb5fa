"""What a finished run says of itself: summary.json."""

import platform
from importlib import metadata
from typing import Any

import numpy as np
import pyarrow as pa

from neurorl.results import curves, statistics

PACKAGES = ("neurorl", "jax", "jaxlib", "numpy", "flax", "gymnasium", "gymnax")


def summarise(
    values: dict[str, Any], steps: int, training: pa.Table, evaluation: pa.Table, clock: dict[str, Any]
) -> dict[str, Any]:
    """Return the summary of a run as JSON values.

    Args:
        values: Content of the run's config.json.
        steps: Environment steps that every learner has taken: fewer than it was given where the run ended early.
        training, evaluation: Its curves.
        clock: Its clock times.
    """
    threshold = values["task"]["threshold"]
    eval_steps, eval_return = curves.grid(evaluation, "eval_return")
    final = curves.grid(training, "recent_return").at(steps)
    return {
        "env_id": values["env_id"],
        "agent": values["agent_id"],
        "loop": values["loop"],
        "seeds": list(range(values["seed"], values["seed"] + values["seeds"])),
        "env_steps": steps,
        "max_episode_steps": values["task"]["max_episode_steps"],
        "threshold": threshold,
        "steps_to_threshold": statistics.steps_to_threshold(eval_steps, eval_return, threshold),
        "final_return": _with_nulls(final),
        "final_return_iqm": statistics.interquartile_mean(final),
        "final_return_ci95": statistics.confidence_interval(final),
        "eval_steps": [int(step) for step in eval_steps],
        "eval_return": [_with_nulls(row) for row in eval_return],
        "final_eval_return_iqm": statistics.interquartile_mean(eval_return[:, -1]),
        "final_eval_return_ci95": statistics.confidence_interval(eval_return[:, -1]),
        "homeostasis": _homeostasis(training, steps),
        "env_steps_per_second": clock["train_steps"] / clock["train_seconds"],
        "compile_seconds": clock["compile_seconds"],
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _homeostasis(training: pa.Table, steps: int) -> dict[str, Any] | None:
    """Return how often synaptic scaling acted and the range of thresholds, over all seeds; None for agents without."""
    if "scaled_steps" not in training.column_names:
        return None
    scaled = curves.grid(training, "scaled_steps").at(steps) / steps
    return {
        "scaled_share_of_steps": _with_nulls(scaled),
        "threshold_min": float(np.nanmin(curves.grid(training, "threshold_min").values)),
        "threshold_max": float(np.nanmax(curves.grid(training, "threshold_max").values)),
    }


def _with_nulls(values: np.ndarray) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]
