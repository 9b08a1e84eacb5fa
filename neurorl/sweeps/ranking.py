"""The best configurations of a sweep, each with the interval over its seeds."""

from pathlib import Path

import numpy as np
import pandas as pd

from neurorl.results import statistics
from neurorl.sweeps import folder as folders
from neurorl.sweeps import responses, rows, tables


def best(path: str | Path, count: int = 10) -> pd.DataFrame:
    """Return the best rows of each environment: interquartile mean over seeds of the last greedy return, with its interval.

    Args:
        path: The sweep's folder.
        count: How many rows of each environment.

    Returns:
        A row a configuration: ``env``, ``row``, ``eval_return`` (None where no seed has one), ``low``, ``high``, ``seeds``
        (that have one), ``failed`` (that do not), ``env_step``, and the fields that the sweep varies.
    """
    _, spec = folders.open_sweep(path)
    frame = tables.results(path)
    last = responses.last(frame)
    fields = [name for name in rows.columns(spec) if name != "env"]
    ranked = []
    for row, group in last.groupby("row"):
        scores = group.eval_return.to_numpy(float)
        head = {"env": group.env.iloc[0], "row": row, "eval_return": statistics.interquartile_mean(scores)}
        tail = {
            "seeds": int(np.isfinite(scores).sum()),
            "failed": int(np.isnan(scores).sum()),
            "env_step": int(group.env_step.iloc[0]),
        }
        ranked.append({**head, **tail, **{name: group[name].iloc[0] for name in fields}})
    order = pd.DataFrame(ranked).sort_values(["env", "eval_return", "row"], ascending=[True, False, True], na_position="last")
    top = order.groupby("env", sort=False).head(count).reset_index(drop=True)
    ends = [statistics.confidence_interval(last[last.row == row].eval_return.to_numpy(float)) or (None, None) for row in top.row]
    top.insert(3, "low", [low for low, _ in ends])
    top.insert(4, "high", [high for _, high in ends])
    return top
