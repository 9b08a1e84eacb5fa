"""Where do the other neuromodulators help the spiking actor-critic, and where not?

The agent ships with acetylcholine on, norepinephrine, serotonin and cortisol off. Each is switched, on the same fresh seeds:

    steady     CartPole-v1 from the start: nothing but speed and the end. Stress is the pole's lean, and the edge.
    short      The same with a horizon of 10 environment steps (gamma 0.9), which serotonin may lengthen.
    flip       CartPole whose motor is reversed, and whose gravity grows, after 8,000 steps (experiments/continual.py).
    board      The FPGA board, whose heat, slack and replays are cortisol; "solved" is beating the best constant setting.

The runs of `steady` and `flip` are shared with experiments/ablations.py and experiments/continual.py. For every condition: how
many seeds solve or recover, and the probability that a seed of it beats one of the first condition, with 95 % bootstrap interval.

    python -m experiments.neuromodulators [steady] [short] [flip] [board] [--seeds 20] [--quick]
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments import ablations, continual
from experiments.provenance import provenance
from neurorl.results import figures, statistics
from neurorl.results.run_folder import write_json
from neurorl.results.statistics import improvement

RESULTS = Path(__file__).resolve().parent / "results"
SHIPPED = "full"
NOREPINEPHRINE = {"norepinephrine.enabled": True}
SEROTONIN = {"serotonin.enabled": True}
SHORT = {"gamma": 0.9}
CAUTION = {"cortisol.enabled": True}
HABIT = {**CAUTION, "cortisol.caution": 0.0, "cortisol.habit": 1.0}
LEAN = {  # of the pole to either side, radians, and the cart's place, metres
    "cortisol.readings": (2, 2, 0, 0),
    "cortisol.onset": (0.1, -0.1, 1.2, -1.2),
    "cortisol.limit": (0.2095, -0.2095, 2.4, -2.4),
}


class Task(NamedTuple):
    """What is learned from the start, and under which conditions; the first is what the others are compared with."""

    title: str
    env: str
    steps: int
    eval_every: int
    threshold: float
    conditions: dict[str, dict[str, Any]]


TASKS = {
    "steady": Task(
        "CartPole, from the start",
        "CartPole-v1",
        16_000,
        2_000,
        475.0,
        {
            SHIPPED: {},
            "no surprise gate": {"acetylcholine.enabled": False},
            "norepinephrine": NOREPINEPHRINE,
            "serotonin": SEROTONIN,
            "cortisol, caution": {**CAUTION, **LEAN},
            "cortisol, habit": {**HABIT, **LEAN},
        },
    ),
    "short": Task(
        "CartPole, horizon of 10 steps",
        "CartPole-v1",
        16_000,
        2_000,
        475.0,
        {"gamma 0.9": SHORT, "gamma 0.9, serotonin": {**SHORT, **SEROTONIN, "serotonin.patience": 9.0}},
    ),
    "board": Task(
        "The FPGA board",
        "neurorl/FpgaTelemetry-v0",
        300_000,
        30_000,
        27.0,  # of the best constant setting (experiments/fpga_gates.py)
        {SHIPPED: {}, "cortisol, caution": CAUTION, "cortisol, habit": HABIT},
    ),
}
FLIP = {SHIPPED: "spiking", "no surprise gate": "spiking, no gate", "norepinephrine": "spiking, norepinephrine"}
FLIP_TITLE = f"CartPole that flips at {continual.FLIP_AT:,} steps"
NAMES = ("steady", "short", "flip", "board")
COLOURS = matplotlib.colormaps["tab10"].colors


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=[], help=f"{', '.join(NAMES)}; by default all")
    parser.add_argument("--seeds", type=int, default=20, help="learners of each condition [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of all experiments' runs [%(default)s]")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results [%(default)s]")
    parser.add_argument("--finished", action="store_true", help="train nothing: draw the conditions that --out holds")
    parser.add_argument("--quick", action="store_true", help="2 learners, 1,500 steps, by default serotonin alone")
    a = parser.parse_args(arguments)
    names = a.tasks or (["short"] if a.quick else list(NAMES))
    curves = {name: flip(a) if name == "flip" else from_the_start(name, a) for name in names}
    curves = {name: conditions for name, conditions in curves.items() if conditions}

    a.results.mkdir(parents=True, exist_ok=True)
    draw(curves, a.results / "neuromodulators.png")
    table = {name: {"seeds": len(next(iter(c.values()))), "conditions": rows(name, c)} for name, c in curves.items()}
    write_json(a.results / "neuromodulators.json", {**table, "provenance": provenance()})
    for name, values in table.items():
        for condition, row in values["conditions"].items():
            text = f"{row['solved']} of {values['seeds']} solved, median {row['median_steps']}"
            better = f"mean return {row['return_over_the_run']:.1f}, beats the first with {row['probability_of_improvement']:.2f}"
            print(f"{name:8} {condition:22} {text}, {better}")
    return table


def from_the_start(task: str, a: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """Return the greedy returns of each condition of a task, [seeds, evaluations]."""
    asked = TASKS[task]
    steps, every = (1_500, 500) if a.quick else (asked.steps, asked.eval_every)
    options = argparse.Namespace(
        env=asked.env, seeds=2 if a.quick else a.seeds, steps=steps, eval_every=every, out=a.out / "ablations", quick=a.quick
    )
    found = {}
    for name, settings in asked.conditions.items():
        if a.finished and not (ablations.folder(name, options) / "summary.json").is_file():
            continue
        outcome = ablations.train(name, settings, options)
        found[name] = pd.DataFrame(outcome.greedy, columns=outcome.steps)
    return found


def flip(a: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """Return the greedy returns of each condition on the CartPole that flips, [seeds, evaluations]."""
    options = argparse.Namespace(seeds=a.seeds, out=a.out / "continual", quick=a.quick, finished=a.finished)
    shown = continual.members("cartpole", continual.FLIP_STEPS, options)
    return {name: continual.flipped(condition, options) for name, condition in FLIP.items() if condition in shown}


def rows(task: str, curves: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the numbers of each condition, the first one being what the others are compared with."""
    start, threshold = (continual.FLIP_AT, 475.0) if task == "flip" else (0, TASKS[task].threshold)
    after = {name: frame.loc[:, frame.columns > start] for name, frame in curves.items()}
    means = {name: frame.to_numpy(float).mean(1) for name, frame in after.items()}
    first = next(iter(means.values()))
    table = {}
    for name, frame in after.items():
        steps = statistics.steps_to_threshold(frame.columns.to_numpy() - start, frame.to_numpy(float), threshold)
        table[name] = {
            "solved": sum(step is not None for step in steps),
            "median_steps": continual.middle(steps),
            "at_the_end": [round(float(value), 1) for value in frame.iloc[:, -1]],
            "return_over_the_run": statistics.interquartile_mean(means[name]),
            "return_over_the_run_ci95": statistics.confidence_interval(means[name]),
            "probability_of_improvement": improvement.probability_of_improvement([means[name]], [first]),
            "probability_of_improvement_ci95": improvement.improvement_interval([means[name]], [first]),
        }
    return table


def draw(curves: dict[str, dict[str, pd.DataFrame]], path: Path) -> None:
    """Draw the learning curves, a panel a task."""
    figure = Figure(figsize=(4.7 * len(curves), 4.2), layout="constrained")
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for axes, (task, conditions) in zip(panels, curves.items(), strict=True):
        for colour, (name, frame) in zip(COLOURS, conditions.items(), strict=False):
            values = frame.to_numpy(float)
            centre = np.array([statistics.interquartile_mean(column) for column in values.T], float)
            interval = np.array([statistics.confidence_interval(column) or (np.nan, np.nan) for column in values.T], float)
            axes.fill_between(frame.columns, interval[:, 0], interval[:, 1], color=colour, alpha=0.18, linewidth=0)
            axes.plot(frame.columns, centre, color=colour, linewidth=1.6, label="as it ships" if name == SHIPPED else name)
        if task == "flip":
            axes.axvline(continual.FLIP_AT, color="0.4", linewidth=0.9, linestyle=":")
        axes.set_title(FLIP_TITLE if task == "flip" else TASKS[task].title, fontsize=10.5, loc="left", fontweight="bold")
        axes.set_xlabel("environment steps of each seed")
        axes.legend(frameon=False, fontsize=8.5, loc="best")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("greedy return, frozen weights")
    figures.save(figure, path)


if __name__ == "__main__":
    main()
