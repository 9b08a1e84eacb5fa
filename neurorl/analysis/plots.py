"""Spikes, voltages and weights drawn with matplotlib, into axes of yours or into a new figure without a display.

    axes = plots.raster(spikes, dt=0.5)
    axes.figure.savefig("raster.png")

Colours are those of Okabe and Ito (2008), which the colour-blind can tell apart. Matplotlib is imported on first use.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorl.analysis.spike_train import SpikeTrain, check_raster, trains
from neurorl.errors import NeurorlError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MANY = 60  # neurons, above which a spike is a dot instead of a line


def raster(spikes: Any, dt: float = 1.0, populations: Mapping[str, int] | None = None, axes: "Axes | None" = None) -> "Axes":
    """Mark every spike at its time and neuron.

    Args:
        spikes: [steps, n], 0.0 or 1.0, or a list of n SpikeTrains.
        dt: Step of a raster, ms.
        populations: Name and number of neurons of each population, from neuron 0 on; each has its colour.
        axes: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        NeurorlError: Spikes of another form, or populations that do not add up to n.
    """
    listed = isinstance(spikes, Sequence) and all(isinstance(train, SpikeTrain) for train in spikes)
    neurons = list(spikes) if listed else trains(spikes, dt)
    end = max((train.duration or train.times.max(initial=0.0) for train in neurons), default=0.0)
    axes = axes or _new((8, 4))
    for name, members, colour in _populations(populations, len(neurons)):
        times = np.concatenate([neurons[i].times for i in members]) if len(members) else np.empty(0)
        which = np.repeat(members, [neurons[i].count for i in members])
        if len(neurons) > MANY:
            size = float(np.clip(4000 / len(neurons), 2, 12))
            axes.scatter(times, which, s=size, color=colour, marker=".", linewidths=0, label=name, rasterized=True)
        else:
            axes.vlines(times, which - 0.4, which + 0.4, color=colour, linewidth=1.0, label=name)
    axes.set(xlabel="time (ms)", ylabel="neuron", xlim=(0, end or 1.0), ylim=(-0.7, len(neurons) - 0.3))
    _whole(axes.yaxis)
    _finish(axes, legend=populations is not None, upwards=True)
    return axes


def voltage(
    v: Any,
    dt: float = 1.0,
    spikes: Any = None,
    threshold: float | None = None,
    labels: Sequence[str] | None = None,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw membrane potentials, with a tick above them for every spike.

    Args:
        v: [steps] or [steps, n], mV.
        dt: Step, ms.
        spikes: The same shape, 0.0 or 1.0.
        threshold: mV, a dashed line.
        labels: A name for each neuron.
        axes: Where to draw; by default a new figure.

    Returns:
        The axes.
    """
    v = np.asarray(v, float)
    v = v[:, None] if v.ndim == 1 else v
    steps, n = v.shape
    time = np.arange(steps) * dt
    axes = axes or _new((8, 3.2))
    names = list(labels) if labels is not None else [f"neuron {i}" for i in range(n)] if n > 1 else [None]
    for i, label in zip(range(n), names, strict=True):
        axes.plot(time, v[:, i], color=COLOURS[i % len(COLOURS)], linewidth=1.2, label=label)
    if threshold is not None:
        axes.axhline(threshold, color="0.4", linewidth=0.9, linestyle="--", label="threshold", zorder=1)
    if spikes is not None:
        fired = np.asarray(spikes, float)
        fired = check_raster(fired[:, None] if fired.ndim == 1 else fired, dt)
        if fired.shape != v.shape:
            raise NeurorlError(f"'spikes' has the shape {fired.shape}, and 'v' {v.shape}; they must be the same")
        low, high = np.nanmin(v), np.nanmax(v)
        top = high if threshold is None else max(high, threshold)
        height = 0.09 * max(top - low, 1.0)
        ticks = [tick for tick in axes.get_yticks() if low <= tick <= top]  # above it there is no voltage to read
        for i in range(n):  # the first neuron's ticks are the topmost, as its name in the legend is
            bottom = top + height * (0.5 + 1.2 * (n - 1 - i))
            times = time[fired[:, i] > 0]
            axes.vlines(times, bottom, bottom + height, color=COLOURS[i % len(COLOURS)], linewidth=1.5)
        axes.set_yticks(ticks)
    axes.set(xlabel="time (ms)", ylabel="membrane potential (mV)", xlim=(0, steps * dt))
    _finish(axes, legend=n > 1 or threshold is not None or labels is not None)
    return axes


def weight_matrix(weights: Any, axes: "Axes | None" = None, limit: float | None = None) -> "Axes":
    """Draw weights as an image with a colour bar; signed ones in two colours around white zero.

    Args:
        weights: [n_post, n_pre]; NaN, drawn grey, where there is no synapse.
        axes: Where to draw; by default a new figure.
        limit: Weight of full colour; by default the largest there is.

    Returns:
        The axes.
    """
    weights = np.asarray(weights, float)
    if weights.ndim != 2 or not weights.size:
        raise NeurorlError(f"'weights' has the shape {weights.shape}; it must be [n_post, n_pre]")
    finite = weights[np.isfinite(weights)]
    full = limit or np.abs(finite).max(initial=0.0) or 1.0
    signed = finite.min(initial=0.0) < 0
    axes = axes or _new((5.5, 4.5))
    axes.set_facecolor("0.85")
    image = axes.imshow(
        weights,
        cmap="PuOr" if signed else "viridis",
        vmin=-full if signed else 0.0,
        vmax=full,
        aspect="auto",
        interpolation="nearest",
    )
    axes.figure.colorbar(image, ax=axes, label="weight")
    axes.set(xlabel="presynaptic neuron", ylabel="postsynaptic neuron")
    _whole(axes.xaxis)
    _whole(axes.yaxis)
    return axes


def weight_histogram(
    weights: Any, bins: int = 40, bounds: tuple[float, float] | None = None, axes: "Axes | None" = None
) -> "Axes":
    """Draw how many synapses have which weight, and write how many there are.

    Args:
        weights: Any shape; NaN, no synapse, is left out.
        bins: Number of bins.
        bounds: Smallest and largest weight allowed, two dashed lines.
        axes: Where to draw; by default a new figure.

    Returns:
        The axes.
    """
    values = np.asarray(weights, float)
    values = values[np.isfinite(values)]
    axes = axes or _new((5.5, 3.5))
    axes.hist(values, bins=bins, range=bounds, color=COLOURS[0])
    name = f"{values.size:,} synapse{'' if values.size == 1 else 's'}"
    if values.size:
        axes.axvline(values.mean(), color=COLOURS[1], linewidth=1.5, label=f"{name}, mean {values.mean():.3g}")
    else:
        axes.plot([], [], " ", label=name)
    for index, bound in enumerate(bounds or ()):
        axes.axvline(bound, color="0.4", linewidth=0.9, linestyle="--", label="bounds" if index == 0 else None)
    axes.set(xlabel="weight", ylabel="synapses")
    _finish(axes, legend=True)
    return axes


def _new(size: tuple[float, float]) -> "Axes":
    """Return the axes of a new figure that needs no display and that pyplot does not keep."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def _populations(populations: Mapping[str, int] | None, n: int) -> Iterator[tuple[str, range, str]]:
    """Yield the name, the neurons and the colour of every population."""
    sizes = {"": n} if populations is None else dict(populations)
    if sum(sizes.values()) != n:
        raise NeurorlError(f"'populations' add up to {sum(sizes.values())} neurons, but there are {n}")
    first = 0
    for index, (name, size) in enumerate(sizes.items()):
        yield name, range(first, first + size), "0.15" if populations is None else COLOURS[index % len(COLOURS)]
        first += size


def _whole(axis: Any) -> None:
    """Put ticks at whole numbers only: there is no neuron 2.5."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True))


def _finish(axes: "Axes", legend: bool, upwards: bool = False) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    if legend:
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0), markerscale=4, reverse=upwards)
