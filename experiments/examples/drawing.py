"""What the examples share: a figure that needs no display, and where it goes."""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

RESULTS = Path("experiments/results/examples")


def panels(rows: int, columns: int = 1, size: tuple[float, float] = (9.0, 7.0), **options: Any) -> tuple[Figure, Any]:
    """Return a figure and its axes, as ``matplotlib.pyplot.subplots`` does."""
    figure = Figure(figsize=size, dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, **options)


def save(figure: Figure, name: str) -> Path:
    """Write a figure among the results and say where."""
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.png"
    figure.savefig(path)
    print(path)
    return path
