"""The figure of a sweep, or of a tuning study: its best rows, and what each field and each pair of fields does to the return."""

import functools
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from neurorl import extras
from neurorl.errors import NeurorlError
from neurorl.results import run_folder, statistics
from neurorl.results.figures import save
from neurorl.sweeps import folder as folders
from neurorl.sweeps import ranking, responses, tables
from neurorl.sweeps.responses import Field
from neurorl.sweeps.spec import Range, Spec

COLUMNS = 4
PANEL = (3.3, 2.7)  # inches
BEST = 10  # rows shown
Panel = Callable[[Any], None]


def draw(path: str | Path, target: Path) -> None:
    """Draw the shards that are done.

    Args:
        path: The folder of a sweep or a study.
        target: File to write.
    """
    folder, spec = folders.open_sweep(path)
    frame, best = tables.results(path), ranking.best(path, BEST)
    study = run_folder.read_json(folder.config)["kind"] == "tune"
    sections = []
    for env, of_env in frame.groupby("env", sort=True):
        returns = responses.scores(of_env)
        if returns:
            sections.append((env, _panels(spec, of_env, best[best.env == env], returns, study)))
    if not sections:
        raise NeurorlError(f"sweep '{path}' has no greedy return yet; see its column 'error'")
    heights = [-(-len(panels) // COLUMNS) for _, panels in sections]
    width = min(COLUMNS, max(len(panels) for _, panels in sections))
    figure = Figure(figsize=(PANEL[0] * width + 0.3, PANEL[1] * sum(heights) + 0.7 * len(sections)), layout="constrained")
    parts = figure.subfigures(len(sections), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, height, (env, panels) in zip(parts, heights, sections, strict=True):
        complete = "" if folder.results.is_file() else ", so far"
        count = frame[frame.env == env].row.nunique()
        part.suptitle(
            f"{env}: {count} {'trials' if study else 'rows'} of {spec.head.seeds} seeds{complete}\n"
            "interquartile mean of the last greedy return, 95 % bootstrap interval over seeds",
            fontsize=10,
        )
        axes = part.subplots(height, width, squeeze=False).ravel()
        for each in axes[len(panels) :]:
            each.set_visible(False)
        for each, panel in zip(axes, panels, strict=False):
            each.tick_params(labelsize=7)
            panel(each)
    save(figure, target)


def _panels(spec: Spec, frame: pd.DataFrame, best: pd.DataFrame, returns: dict[Any, np.ndarray], study: bool) -> list[Panel]:
    """Return what draws each panel of an environment, in order."""
    fields = responses.fields(spec, frame)
    panels: list[Panel] = [lambda axes: _best(axes, best, "trial" if study else "row")]
    if study:
        panels.append(lambda axes: _history(axes, returns))
        if len(fields) > 1 and (shares := importance(spec, frame, returns)):
            panels.append(lambda axes: _importance(axes, shares))
    panels += [functools.partial(_response, field=field, returns=returns) for field in fields]
    limits = _limits(fields, returns)
    panels += [
        functools.partial(_pair, first=first, second=second, returns=returns, limits=limits)
        for first, second in itertools.combinations(fields, 2)
    ]
    return panels


def importance(spec: Spec, frame: pd.DataFrame, returns: dict[Any, np.ndarray]) -> dict[str, float]:
    """Return the share of each field in how good trials differ from others: Optuna's PED-ANOVA (Watanabe et al., 2023).

    Args:
        spec: The study.
        frame: Its table; so the storage of the study does not matter.
        returns: The last greedy returns of each trial.

    Returns:
        Fields to shares that sum to 1; {} where the trials do not differ, or are fewer than two.
    """
    with extras.needed("the figure of a study", "optuna"):
        import optuna
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = {**spec.grid, **spec.random}
    of_rows = frame.drop_duplicates("row").set_index("row")
    distributions: dict[str, Any] = {}
    for name, among in space.items():
        if isinstance(among, Range):
            distributions[name] = optuna.distributions.FloatDistribution(among.low, among.high, log=among.log)
        else:
            distributions[name] = optuna.distributions.CategoricalDistribution(
                sorted({json.dumps(v) for v in of_rows[name].tolist()})
            )
    study = optuna.create_study(direction="maximize")
    for row, values in returns.items():
        cells = {name: of_rows[name].tolist()[of_rows.index.get_loc(row)] for name in space}
        params = {name: cell if isinstance(space[name], Range) else json.dumps(cell) for name, cell in cells.items()}
        value = statistics.interquartile_mean(values)
        study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=value))
    if len({trial.value for trial in study.trials}) < 2:
        return {}
    return optuna.importance.get_param_importances(study, evaluator=optuna.importance.PedAnovaImportanceEvaluator())


def _limits(fields: list[Field], returns: dict[Any, np.ndarray]) -> tuple[float, float]:
    """Return the ends of the colours that all heat maps share."""
    maps = [responses.pairs(*pair, returns).ravel() for pair in itertools.combinations(fields, 2)]
    cells = np.concatenate([np.empty(0), *maps])
    return (float(np.nanmin(cells)), float(np.nanmax(cells))) if np.isfinite(cells).any() else (0.0, 1.0)


def _plain(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=9)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _best(axes: Any, best: pd.DataFrame, what: str) -> None:
    """Draw the best rows, the best on top."""
    found = best[best.eval_return.notna()]
    middle = found.eval_return.to_numpy(float)
    low, high = (found[name].to_numpy(float) for name in ("low", "high"))
    places = np.arange(len(found))
    axes.hlines(places, low, high, color="C0", linewidth=1.5)
    axes.plot(middle, places, "o", color="C0", markersize=4)
    axes.set_yticks(places, [f"{what} {row}" for row in found.row])
    axes.invert_yaxis()
    axes.set_xlabel("greedy return", fontsize=8)
    _plain(axes, f"the best {len(found)} {what}s" if len(found) > 1 else f"the best {what}")


def _history(axes: Any, returns: dict[Any, np.ndarray]) -> None:
    """Draw the value of each trial, and the best until then."""
    trials = sorted(returns)
    values = np.array([statistics.interquartile_mean(returns[trial]) for trial in trials], float)
    axes.plot(trials, values, "o", color="0.6", markersize=3, label="a trial")
    axes.step(trials, np.maximum.accumulate(values), where="post", color="C3", linewidth=1.5, label="the best until then")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("trial", fontsize=8)
    axes.set_ylabel("greedy return", fontsize=8)
    axes.legend(frameon=False, fontsize=7, loc="best")
    _plain(axes, "history")


def _importance(axes: Any, shares: dict[str, float]) -> None:
    names = sorted(shares, key=lambda name: (shares[name], name))
    axes.barh(names, [shares[name] for name in names], color="C0", height=0.6)
    axes.set_xlabel("share (PED-ANOVA)", fontsize=8)
    _plain(axes, "importance")


def _response(axes: Any, field: Field, returns: dict[Any, np.ndarray]) -> None:
    """Draw a dot a row, and the interquartile mean at each place with its interval."""
    curve = responses.response(field, returns)
    middles = [statistics.interquartile_mean(values) for values in returns.values()]
    axes.plot([field.value[row] for row in returns], middles, "o", color="0.7", markersize=2.5, zorder=1)
    there = np.isfinite(curve.middle)
    places = field.places[there]
    line = "o" if field.labels else "o-"
    axes.plot(places, curve.middle[there], line, color="C0", markersize=4, linewidth=1.5, zorder=3)
    axes.vlines(places, curve.low[there], curve.high[there], color="C0", linewidth=1.5, zorder=2)
    if field.labels is not None:
        axes.set_xticks(field.places, [_short(label) for label in field.labels])
        axes.set_xlim(-0.5, len(field.labels) - 0.5)
    elif field.log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("greedy return", fontsize=8)
    _plain(axes, field.name)


def _pair(axes: Any, first: Field, second: Field, returns: dict[Any, np.ndarray], limits: tuple[float, float]) -> None:
    """Draw a heat map; empty where no row is."""
    image = axes.imshow(
        responses.pairs(first, second, returns), origin="lower", aspect="auto", cmap="viridis", vmin=limits[0], vmax=limits[1]
    )
    for axis, field in ((axes.xaxis, first), (axes.yaxis, second)):
        axis.set_ticks(*_ticks(field))
        axis.set_label_text(field.name, fontsize=8)
    bar = axes.figure.colorbar(image, ax=axes)
    bar.ax.tick_params(labelsize=7)
    axes.set_title("greedy return", fontsize=9)


def _ticks(field: Field) -> tuple[np.ndarray, list[str]]:
    """Return where a heat map has ticks, and what they say: values at cells, or ends of a range's parts between them."""
    if field.edges is not None:
        return np.arange(0, len(field.edges), 2) - 0.5, [f"{edge:.3g}" for edge in field.edges[::2]]
    step = math.ceil(len(field.places) / responses.MOST)
    labels = [_short(label) for label in field.labels] if field.labels else [f"{place:.3g}" for place in field.places]
    return np.arange(0, len(field.places), step), labels[::step]


def _short(label: str) -> str:
    return label if len(label) <= 18 else f"{label[:17]}…"
