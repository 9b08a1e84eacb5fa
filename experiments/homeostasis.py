"""What drifts without homeostasis?

Trains the spiking actor-critic four times on the same fresh seeds: with homeostasis as it ships, without synaptic scaling,
without threshold adaptation, and without both. Draws what each holds still (norms of the actor's weights, thresholds) above
what it is for (returns), as interquartile mean over seeds with 95 % bootstrap interval, and writes the table.

On CartPole-v1 over 100,000 steps the answer is: hardly anything, and the returns do not need it. Weight norms level off by
themselves near 40; the cap of 45 acts on at most 0.1 % of the steps of any seed, and without it the largest norm of 20 seeds
is 47 instead of 45. Thresholds adapt by less than 0.02, next to nothing. Every condition ends at a greedy return of 500 on
every seed, and at training returns whose intervals overlap (497 with threshold adaptation, 499 without). Of 200 evaluations a
condition, 2 are below 475 with threshold adaptation (one at 10,000 steps, one at 30,000) and 1 without (at 10,000): too few
to tell apart, and hidden by the interquartile mean in the figure. So homeostasis is a bound here, not a cause of learning;
the figure says nothing of longer runs, larger learning rates or other tasks.

    python -m experiments.homeostasis [--env CartPole-v1] [--seeds 20] [--steps 100000] [--out runs/homeostasis]
"""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import neurorl
from experiments.provenance import provenance
from neurorl.results import figures, statistics

RESULTS = Path(__file__).resolve().parent / "results"
SEED = 70_000
CONDITIONS: dict[str, dict[str, Any]] = {
    "homeostasis": {},
    "no scaling": {"homeostasis.scaling": "none"},
    "no threshold adaptation": {"homeostasis.threshold_rate": 0.0},
    "neither": {"homeostasis.scaling": "none", "homeostasis.threshold_rate": 0.0},
}
COLOURS = dict(zip(CONDITIONS, matplotlib.colormaps["tab10"].colors, strict=False))
PANELS = {
    "actor_norm": "largest L2 norm of an actor neuron's weights (thin: largest of all seeds)",
    "threshold_range": "threshold range (largest - smallest)",
    "training_return": "training return, last 100 episodes",
    "greedy_return": "greedy return, frozen weights",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="CartPole-v1", help="environment, for example Acrobot-v1 [%(default)s]")
    parser.add_argument("--seeds", type=int, default=20, help=f"learners of each condition, from seed {SEED} [%(default)s]")
    parser.add_argument("--steps", type=int, default=100_000, help="environment steps of each learner [%(default)s]")
    parser.add_argument("--eval-every", type=int, default=10_000, help="steps between evaluations [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/homeostasis"), help="folder of the runs [%(default)s]")
    arguments = parser.parse_args()
    measures = {name: train(name, settings, arguments) for name, settings in CONDITIONS.items()}

    stem = "homeostasis" if arguments.env == "CartPole-v1" else f"homeostasis_{arguments.env}"
    RESULTS.mkdir(exist_ok=True)
    draw(measures, f"{arguments.env}, {arguments.seeds} seeds", RESULTS / f"{stem}.png")
    table = {
        "env_id": arguments.env,
        "seeds": list(range(SEED, SEED + arguments.seeds)),
        "env_steps": arguments.steps,
        "evaluations_below_own_best": {name: below_best(frames["greedy_return"]) for name, frames in measures.items()},
        "final": {name: {key: at_the_end(frame) for key, frame in frames.items()} for name, frames in measures.items()},
    }
    (RESULTS / f"{stem}.json").write_text(json.dumps(table | {"provenance": provenance()}, indent=2) + "\n")
    for name, values in table["final"].items():
        print(name)
        for key, value in values.items():
            print(f"  {key:16} {value['iqm']:9.4g}   seeds from {value['min']:.4g} to {value['max']:.4g}")


def train(name: str, settings: dict[str, Any], arguments: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """Train under one condition, or read its finished run; return each measure with a row a seed and a column a point."""
    path = arguments.out / f"{arguments.env}__{name.replace(' ', '-')}__{arguments.seeds}x{arguments.steps}"
    options = {"seed": SEED, "seeds": arguments.seeds, "steps": arguments.steps, "eval_every": arguments.eval_every}
    if (path / "summary.json").is_file():
        run = neurorl.load(path)
    elif (path / "config.json").is_file():
        run = neurorl.resume(path, loggers="bar")
    else:
        run = neurorl.train(arguments.env, "spiking-actor-critic", out=path, settings=settings, loggers="bar", **options)
    training = run.training.assign(threshold_range=lambda t: t["threshold_max"] - t["threshold_min"])
    columns = {"actor_norm": "actor_norm_max", "threshold_range": "threshold_range", "training_return": "recent_return"}
    frames = {key: training.pivot(index="seed", columns="env_step", values=column) for key, column in columns.items()}
    return frames | {"greedy_return": run.evaluation.pivot(index="seed", columns="env_step", values="eval_return")}


def at_the_end(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the last point of a measure over seeds."""
    last = frame.iloc[:, -1].to_numpy(float)
    return {
        "iqm": statistics.interquartile_mean(last),
        "ci95": statistics.confidence_interval(last),
        "min": float(np.nanmin(last)),
        "max": float(np.nanmax(last)),
    }


def below_best(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the evaluations clearly (5 %) below the best of the condition, which an interquartile mean hides."""
    best = frame.to_numpy().max()
    points = frame.stack()
    return [
        {"seed": int(seed), "env_step": int(step), "eval_return": float(value)}
        for (seed, step), value in points[points < best - 0.05 * abs(best)].items()
    ]


def draw(measures: dict[str, dict[str, pd.DataFrame]], title: str, path: Path) -> None:
    """Draw every measure under every condition against environment steps."""
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    for axes, (key, label) in zip(figure.subplots(2, 2, sharex=True).ravel(), PANELS.items(), strict=True):
        for name, frames in measures.items():
            steps, values = frames[key].columns.to_numpy(), frames[key].to_numpy(float)
            middle = np.array([statistics.interquartile_mean(column) for column in values.T], float)
            interval = np.array([statistics.confidence_interval(column) or (np.nan, np.nan) for column in values.T], float)
            axes.fill_between(steps, interval[:, 0], interval[:, 1], color=COLOURS[name], alpha=0.2, linewidth=0)
            axes.plot(steps, middle, color=COLOURS[name], linewidth=1.8, label=name, linestyle=style(name))
            if key == "actor_norm":
                axes.plot(steps, values.max(0), color=COLOURS[name], linewidth=0.9, linestyle=style(name))
        axes.set_title(label, fontsize=10)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in figure.axes[2:]:
        axes.set_xlabel("environment steps of each seed")
    figure.axes[3].sharey(figure.axes[2])
    figure.axes[0].legend(frameon=False, fontsize=9)
    figure.suptitle(f"What drifts without homeostasis? {title}: interquartile mean, 95 % interval", fontsize=11)
    figures.save(figure, path)


def style(name: str) -> str:
    """Tell apart lines that lie on one another."""
    return "-" if list(CONDITIONS).index(name) % 2 == 0 else "--"


if __name__ == "__main__":
    main()
