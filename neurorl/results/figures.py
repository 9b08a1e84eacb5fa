"""The figures of a run: learning curves with intervals, and one episode's spikes and dopamine."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pyarrow as pa
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from neurorl.files import write_atomically
from neurorl.loops import record
from neurorl.loops.learners import Learners
from neurorl.results import curves, statistics
from neurorl.runs.config import Config

COLOURS = [f"C{i}" for i in range(10)]
ZOOM = 40  # environment steps shown spike by spike


def learning_curve(runs: list[tuple[str, Config, pa.Table, pa.Table]], path: Path) -> None:
    """Draw greedy and training return against environment steps.

    Args:
        runs: A label, the configuration, and the training and evaluation curves of each run.
        path: File to write.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for index, (label, _, training, evaluation) in enumerate(runs):
        colour = COLOURS[index % len(COLOURS)]
        greedy, recent = curves.pivot(evaluation, "eval_return"), curves.pivot(training, "recent_return")
        for axes, frame in zip(panels, (greedy, recent), strict=True):
            band(axes, frame, label if len(runs) > 1 else "interquartile mean", colour, single=len(runs) == 1)
    thresholds = {c.task.threshold for _, c, _, _ in runs if c.task.threshold is not None}
    for axes, title in zip(panels, ("Greedy evaluation, frozen weights", "Training, last 100 episodes"), strict=True):
        for threshold in thresholds:
            axes.axhline(threshold, color="0.3", linewidth=0.8, linestyle="--", label=f"solved: {threshold:g}")
        axes.set(title=title, xlabel="environment steps of each seed")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("return of an episode")
    panels[1].legend(frameon=False, fontsize=8, loc="best")
    names = dict.fromkeys(f"{c.env_id}, {c.agent_id}, {c.options.seeds} seeds" for _, c, _, _ in runs)
    figure.suptitle(" · ".join(names) if len(names) < 3 else f"{len(runs)} runs", fontsize=11)
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
            band(above, entry.returns, label, colour, single=False)
            ends = statistics.profile_interval(group.scores(entry), returns)
            if ends is not None:
                below.fill_between(returns, *ends, color=colour, alpha=0.25, linewidth=0)
            below.plot(returns, statistics.performance_profile(group.scores(entry), returns), color=colour, linewidth=1.8)
        threshold = group.entries[0].run.configuration.task.threshold
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


def spikes(configuration: Config, learners: Learners, path: Path, lane: int = 0) -> bool:
    """Draw one episode: reward, value and dopamine, and spike by spike its first steps.

    Args:
        configuration: The run's configuration.
        learners: Its learners.
        path: File to write.
        lane: Which learner.

    Returns:
        Whether a figure was drawn: an agent without a ``record`` method has no spikes to show.
    """
    if not hasattr(configuration.agent, "record"):
        return False
    state = jax.tree.map(lambda x: x[lane], learners.agent)
    episode = record.episode(configuration, state, configuration.options.eval_seed)
    activity, steps = episode.activity, np.arange(len(episode.reward))
    figure = Figure(figsize=(11, 8.5), layout="constrained")
    whole, dopamine, inputs, actor, critic = figure.subplots(5, 1, height_ratios=[1.1, 1.1, 2.4, 0.7, 0.9])
    seed = configuration.options.seed + lane
    figure.suptitle(
        f"{configuration.env_id}, seed {seed} after {int(learners.step):,} environment steps: one episode "
        f"({episode.reward.sum():g} in {len(steps) - 1} steps, {episode.ended})",
        fontsize=11,
    )
    whole.plot(steps, activity.signals["value"], color=COLOURS[0], label="value V(s), from the critic's rates")
    whole.set_ylabel("value\n(reward / step)")
    whole.legend(frameon=False, fontsize=8, loc="lower right")
    dopamine.axhline(0, color="0.7", linewidth=0.8)
    dopamine.vlines(steps, 0, activity.signals["dopamine"], color=COLOURS[3], linewidth=0.9)
    dopamine.set(ylabel="dopamine\n(prediction error)", xlabel="environment step")
    for axes in (whole, dopamine):
        axes.axvspan(0, min(ZOOM, len(steps)), color="0.93", zorder=0)
        axes.set_xlim(0, len(steps))
    _raster(inputs, activity.spikes["input"][:ZOOM], "0.15")
    inputs.set_ylabel(f"input neurons\n({activity.spikes['input'].shape[-1]}, place cells)")
    _raster(actor, activity.spikes["actor"][:ZOOM], COLOURS[1], size=60)
    actions = activity.spikes["actor"].shape[-1]
    actor.set(ylabel="actor\n(action)", yticks=range(actions), ylim=(-0.6, actions - 0.4))
    substeps = activity.spikes["critic"].shape[1]
    counts = activity.spikes["critic"][:ZOOM].reshape(-1, activity.spikes["critic"].shape[-1])
    half = counts.shape[1] // 2
    time = np.arange(len(counts)) / substeps
    critic.step(time, counts[:, :half].mean(1), color=COLOURS[2], label="group that raises the value", where="post")
    critic.step(time, counts[:, half:].mean(1), color=COLOURS[4], label="group that lowers it", where="post")
    critic.set(ylabel="critic\n(spikes / substep)", xlabel=f"environment step; {substeps} substeps each (shaded part above)")
    critic.legend(frameon=False, fontsize=8, ncols=2, loc="best")
    for axes in (inputs, actor, critic):
        axes.set_xlim(0, min(ZOOM, len(steps)))
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    save(figure, path)
    return True


def save(figure: Figure, path: Path) -> None:
    """Write a figure atomically, without a display."""
    FigureCanvasAgg(figure)
    write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=130))


def band(axes: Any, frame: Any, label: str, colour: Any, single: bool) -> None:
    """Draw the interquartile mean over seeds and its interval; each seed too, where there is one run."""
    if frame.empty:
        return
    steps, values = frame.columns.to_numpy(), frame.to_numpy(float)
    if single:
        axes.plot(steps, values.T, color="0.6", linewidth=0.5, alpha=0.6)
    curve = statistics.sample_efficiency(values)
    axes.fill_between(steps, curve.low, curve.high, color=colour, alpha=0.25, linewidth=0)
    axes.plot(steps, curve.middle, color=colour, linewidth=1.8, label=label)


def _raster(axes: Any, spikes: np.ndarray, colour: Any, size: float = 4) -> None:
    """Mark the spikes [T, S, n] of a population over environment steps."""
    flat = spikes.reshape(-1, spikes.shape[-1])
    when, which = np.nonzero(flat)
    axes.scatter(when / spikes.shape[1], which, s=size, color=colour, marker="|", linewidths=0.8)
