"""The figures of runs: learning curves with intervals, and comparisons."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from neurorl.errors import NeurorlError
from neurorl.files import write_atomically
from neurorl.results import curves, statistics
from neurorl.results.curves import Grid
from neurorl.results.result import Result

COLOURS = [f"C{i}" for i in range(10)]
EDGES = {"left": 0.075, "right": 0.985, "bottom": 0.13, "top": 0.81}  # laid out by hand: to be asked for takes a second drawing
BAND = "95 % bootstrap interval over seeds"


def learning_curve(runs: Sequence[Result], path: Path) -> None:
    """Draw greedy and training return against environment steps.

    Args:
        runs: Finished or not.
        path: File to write.
    """
    tables = [(curves.read(run.folder.evaluation), curves.read(run.folder.training)) for run in runs]
    if missing := [run.path for run, pair in zip(runs, tables, strict=True) if any(table is None for table in pair)]:
        raise NeurorlError(f"run '{missing[0]}' has no learning curve yet")
    figure = Figure(figsize=(10, 4))
    panels = figure.subplots(1, 2, sharey=True, gridspec_kw={**EDGES, "wspace": 0.04})
    for index, (run, pair) in enumerate(zip(runs, tables, strict=True)):
        for axes, table, column in zip(panels, pair, ("eval_return", "recent_return"), strict=True):
            label = run.path.name if len(runs) > 1 else "interquartile mean"
            band(axes, curves.grid(table, column), label, COLOURS[index % len(COLOURS)], single=len(runs) == 1)
    thresholds = {run.threshold for run in runs if run.threshold is not None}
    for axes, title in zip(panels, ("Greedy evaluation, frozen weights", "Training, last 100 episodes"), strict=True):
        for threshold in thresholds:
            axes.axhline(threshold, color="0.3", linewidth=0.8, linestyle="--", label=f"solved: {threshold:g}")
        axes.set(title=title, xlabel="environment steps of each seed")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("return of an episode")
    panels[1].legend(frameon=False, fontsize=8, loc="best")
    names = dict.fromkeys(f"{v['env_id']}, {v['agent_id']}, {v['seeds']} seeds" for v in (run.values for run in runs))
    title = " · ".join(names) if len(names) < 3 else f"{len(runs)} runs"
    figure.suptitle(title if len(runs) == 1 else f"{title}\ninterquartile mean, {BAND}", fontsize=11)
    save(figure, path)


def comparison(compared: Any, path: Path) -> None:
    """Draw a :class:`neurorl.results.compare.Comparison`: a column an environment, learning curves above performance profiles.

    Args:
        compared: The comparison.
        path: File to write.
    """
    groups = compared.groups
    names = list(dict.fromkeys(entry.name for group in groups for entry in group.entries))
    figure = Figure(figsize=(5.2 * len(groups) + 0.8, 7.2), layout="constrained")
    panels = figure.subplots(2, len(groups), squeeze=False)
    for group, (above, below) in zip(groups, panels.T, strict=True):
        together = np.concatenate([group.scores(entry) for entry in group.entries])
        margin = max(0.03 * np.ptp(together), 1e-3)
        returns = np.linspace(together.min() - margin, together.max() + margin, 200)
        for entry in group.entries:
            colour = COLOURS[names.index(entry.name) % len(COLOURS)]
            unfinished = "" if entry.run.folder.complete else ", unfinished"
            label = f"{entry.name} ({len(entry.returns)} seeds{unfinished})"
            band(above, entry.grid, label, colour, single=False)
            ends = statistics.profile_interval(group.scores(entry), returns)
            if ends is not None:
                below.fill_between(returns, *ends, color=colour, alpha=0.25, linewidth=0)
            below.plot(returns, statistics.performance_profile(group.scores(entry), returns), color=colour, linewidth=1.8)
        threshold = group.entries[0].run.threshold
        if threshold is not None:
            above.axhline(threshold, color="0.3", linewidth=0.8, linestyle="--", label=f"solved: {threshold:g}")
        where = "at the end of each" if group.at is None else f"at {group.at:,} steps"
        if group.at is not None and any(entry.last != group.at for entry in group.entries):
            above.axvline(group.at, color="0.3", linewidth=0.8, linestyle=":", label="compared here")
        above.set(title=group.environment, xlabel="environment steps of each seed", ylabel="greedy return")
        below.set(xlabel=f"greedy return {where}", ylabel="share of seeds above it", ylim=(-0.03, 1.03))
        above.legend(frameon=False, fontsize=8, loc="best")
        for axes in (above, below):
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Interquartile mean and performance profile over seeds, with 95 % bootstrap bands", fontsize=10)
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """Write a figure atomically, without a display."""
    FigureCanvasAgg(figure)
    write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=130))


def band(axes: Any, grid: Grid, label: str, colour: Any, single: bool) -> None:
    """Draw the interquartile mean over seeds and its interval; each seed too, where there is one run."""
    steps, values = grid
    if not values.size:
        return
    curve = statistics.sample_efficiency(values)
    axes.plot(steps, curve.middle, color=colour, linewidth=1.8, label=label, zorder=3)
    axes.fill_between(
        steps, curve.low, curve.high, color=colour, alpha=0.25, linewidth=0, label=BAND if single and len(values) > 1 else None
    )
    if single:
        for index, row in enumerate(values):
            axes.plot(steps, row, color="0.6", linewidth=0.5, alpha=0.6, label=None if index else "each seed")
