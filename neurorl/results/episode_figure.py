"""The figure of one episode: every signal over its steps, and spike by spike every population over the first of them.

It knows no agent: what there is to draw is what a ``Recording`` (``neurorl.agents.contract``) holds, in its order.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from neurorl.results.figures import COLOURS, save

ZOOM = 40  # environment steps shown spike by spike
WIDTH, SIGNAL, GAP, TITLE, STEPS = 11.0, 0.75, 0.16, 0.45, 0.55  # inches: the page, a signal's panel, what is between and below


def draw(spikes: Mapping[str, np.ndarray], signals: Mapping[str, np.ndarray], title: str, path: Path) -> None:
    """Draw an episode of T environment steps.

    Args:
        spikes: Counts of each population by name, [T, S, n]: S substeps per environment step, n neurons.
        signals: By name, [T] each; those named ``group/name`` share a panel.
        title: What the figure shows.
        path: File to write.
    """
    groups: dict[str, list[str]] = {}
    for name in signals:
        groups.setdefault(name.partition("/")[0], []).append(name)
    steps = max(len(values) for values in (*signals.values(), *spikes.values()))
    heights = [SIGNAL] * len(groups) + [_height(counts.shape[-1]) for counts in spikes.values()]
    labels = [*groups, *(f"{name}\n{c.shape[-1]} neuron{'s' * (c.shape[-1] > 1)}" for name, c in spikes.items())]
    figure, panels = _panels(labels, heights, len(groups))
    figure.suptitle(title, fontsize=11, y=1.0 - 0.15 / figure.get_figheight(), va="top")
    above, below = panels[: len(groups)], panels[len(groups) :]
    for index, (axes, names) in enumerate(zip(above, groups.values(), strict=True)):
        for offset, name in enumerate(names):
            _signal(axes, signals[name], name.rpartition("/")[2], COLOURS[(index + offset) % len(COLOURS)])
        axes.set_xlim(0, steps)
        if below:
            axes.axvspan(0, min(ZOOM, steps), color="0.93", zorder=0)
        if len(names) > 1:
            axes.legend(frameon=False, fontsize=8, ncols=len(names), loc="upper right")
    for index, (axes, counts) in enumerate(zip(below, spikes.values(), strict=True)):
        _raster(axes, counts[:ZOOM], heights[len(groups) + index], COLOURS[index % len(COLOURS)] if index else "0.15")
        axes.set_xlim(0, min(ZOOM, steps))
    if above:
        above[-1].set_xlabel("environment step" + (" (shaded: shown below, spike by spike)" if below else ""), fontsize=9)
    if below:
        below[-1].set_xlabel(f"environment step, {next(iter(spikes.values())).shape[1]} substeps each", fontsize=9)
    for axes in panels:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.tick_params(labelsize=8, labelbottom=bool(axes.get_xlabel()))
        axes.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def _panels(labels: list[str], heights: list[float], signals: int) -> tuple[Figure, list[Any]]:
    """Return a page with labelled panels below each other, ``heights`` inches high: ``signals`` of signals, then populations."""
    steps = [STEPS if index + 1 in (signals, len(labels)) else GAP for index in range(len(labels))]
    left = 0.8 + 0.085 * max(len(line) for label in labels for line in label.split("\n"))
    top = height = TITLE + sum(heights) + sum(steps)
    figure, panels = Figure(figsize=(WIDTH, height)), []
    top -= TITLE
    for label, size, space in zip(labels, heights, steps, strict=True):
        axes = figure.add_axes((left / WIDTH, (top - size) / height, (WIDTH - 0.15 - left) / WIDTH, size / height))
        axes.text(-0.6 / (WIDTH - 0.15 - left), 0.5, label, transform=axes.transAxes, ha="right", va="center")
        panels.append(axes)
        top -= size + space
    return figure, panels


def _height(neurons: int) -> float:
    """Return the height of a population's panel, inches: small ones can be told apart, large ones do not fill the page."""
    return float(0.5 + 2.2 * np.sqrt(min(neurons, 400) / 400))


def _signal(axes: Any, values: np.ndarray, label: str, colour: Any) -> None:
    steps = np.arange(len(values))
    axes.axhline(0, color="0.7", linewidth=0.8)
    axes.fill_between(steps, 0, values, color=colour, alpha=0.2, linewidth=0, step="mid")
    axes.plot(steps, values, color=colour, linewidth=0.9, drawstyle="steps-mid", label=label)


def _raster(axes: Any, counts: np.ndarray, height: float, colour: Any) -> None:
    """Mark the spikes [T, S, n] of a population over environment steps, darker where there are several in a substep."""
    substeps, neurons = counts.shape[1:]
    most = max(1, counts.max(initial=0))
    when, which = np.nonzero(counts.reshape(-1, neurons))
    size = float(np.clip(0.7 * 72 * height / neurons, 1.5, 12.0))  # points
    shade = counts.reshape(-1, neurons)[when, which] / most
    axes.scatter(when / substeps, which, s=size**2, color=colour, alpha=shade if len(shade) else None, marker="|", linewidths=0.8)
    axes.set_ylim(-0.6, neurons - 0.4)
    room = min(int(6 * height), 8)
    every = MultipleLocator(1) if neurons <= room else MaxNLocator(nbins=room, integer=True)
    axes.yaxis.set_major_locator(every)
    if most > 1:
        axes.set_title(f"darkest: {most:g} spikes in a substep", fontsize=8, loc="right", pad=2)
