"""Which part of the spiking actor-critic earns its place?

Trains it again and again on the same fresh seeds, each time with one part taken out or exchanged, by nothing but settings that
`neurorl train --set` takes. Draws the greedy learning curves and, for every condition, how the seeds end and how long they took,
as interquartile means with 95 % bootstrap intervals. docs/ablations.md says what it means.

    python -m experiments.ablations [--env CartPole-v1] [--seeds 20] [--steps 16000] [--out runs/ablations] [--quick]
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure

import neurorl
from experiments.provenance import provenance
from neurorl.results import figures, run_folder, statistics

RESULTS = Path(__file__).resolve().parent / "results"
SEED = 800_000
FULL = "full"
GROUPS: dict[str, dict[str, dict[str, Any]]] = {
    "The third factor": {
        FULL: {},
        "no dopamine": {"dopamine.gain": 0.0},
        "raw reward": {"dopamine.signal": "reward"},
        "no surprise gate": {"acetylcholine.enabled": False},
    },
    "Traces and competition": {
        "no eligibility": {"actor.lambda_": 0.0, "critic.lambda_": 0.0},
        "no inhibition": {"actor.inhibition": False},
        "no homeostasis": {"homeostasis.scaling": "none", "homeostasis.threshold_rate": 0.0},
    },
    "Spikes in, plasticity rule": {
        "Poisson input": {"encoder.spikes": "poisson"},
        "TD-LTP": {"actor.rule": "td-ltp"},
        "pair STDP": {"actor.rule": "pair-stdp"},
    },
    # The trace keeps its length in environment steps, half of one: what changes is how finely a decision is resolved.
    "Substeps of a decision (full: 8)": {f"{s} substeps": {"encoder.substeps": s, "encoder.tau": s / 2} for s in (2, 4, 16, 64)},
}
CONDITIONS = {name: settings for group in GROUPS.values() for name, settings in group.items()}
TAB = matplotlib.colormaps["tab10"].colors


class Outcome(NamedTuple):
    """What a condition's learners did."""

    steps: np.ndarray  # [evaluations], environment steps
    greedy: np.ndarray  # [seeds, evaluations], mean return of the greedy episodes
    training: np.ndarray  # [seeds], return of the last 100 training episodes
    solved: list[int | None]  # [seeds], environment step of the first of three evaluations at the threshold
    threshold: float


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="CartPole-v1", help="environment with a threshold, for example Acrobot-v1 [%(default)s]")
    parser.add_argument("--seeds", type=int, default=20, help=f"learners of each condition, from seed {SEED} [%(default)s]")
    parser.add_argument("--steps", type=int, default=16_000, help="environment steps of each learner [%(default)s]")
    parser.add_argument("--eval-every", type=int, default=2_000, help="environment steps between evaluations [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/ablations"), help="folder of the runs [%(default)s]")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results [%(default)s]")
    parser.add_argument("--finished", action="store_true", help="train nothing: draw the conditions that --out holds")
    parser.add_argument("--quick", action="store_true", help="2 learners, 1,500 steps, 2 conditions: to see that it works")
    a = parser.parse_args(arguments)
    names = list(CONDITIONS)
    if a.quick:
        a.seeds, a.steps, a.eval_every, names = 2, 1_500, 500, [FULL, "no dopamine"]
    if a.finished:
        names = [name for name in names if (folder(name, a) / "summary.json").is_file()]
    outcomes = {name: train(name, CONDITIONS[name], a) for name in names}

    a.results.mkdir(parents=True, exist_ok=True)
    stem = "ablations" if a.env == "CartPole-v1" else f"ablations_{a.env}"
    draw(outcomes, f"{a.env}, {a.seeds} seeds", a.results / f"{stem}.png")
    table = {
        "env_id": a.env,
        "seeds": list(range(SEED, SEED + a.seeds)),
        "env_steps": a.steps,
        "threshold": outcomes[FULL].threshold,
        "conditions": {name: {"settings": CONDITIONS[name], **row(outcome)} for name, outcome in outcomes.items()},
        "provenance": provenance(),
    }
    run_folder.write_json(a.results / f"{stem}.json", table)
    for name, values in table["conditions"].items():
        greedy, median = values["greedy_at_the_end"], values["median_steps_to_threshold"]
        print(f"{name:18} {values['solved']:2} of {a.seeds} solved, median {median}; greedy {greedy['iqm']:.1f} {greedy['ci95']}")
    return table


def folder(name: str, a: argparse.Namespace) -> Path:
    """Return where the run of a condition is."""
    return a.out / f"{a.env.replace('/', '_')}__{name.replace(' ', '-').replace(',', '')}__{a.seeds}x{a.steps}"


def train(name: str, settings: dict[str, Any], a: argparse.Namespace) -> Outcome:
    """Train under one condition, go on with its run, or read it."""
    path = folder(name, a)
    options = {"seed": SEED, "seeds": a.seeds, "steps": a.steps, "eval_every": a.eval_every, "eval_episodes": 5}
    loggers = [] if a.quick else ["bar"]
    if not (path / "config.json").is_file():
        neurorl.train(a.env, "spiking-actor-critic", out=path, settings=settings, loggers=loggers, **options)
    elif not (path / "summary.json").is_file():
        neurorl.resume(path, loggers=loggers)
    summary = run_folder.read_json(path / "summary.json")
    return Outcome(
        steps=np.array(summary["eval_steps"]),
        greedy=np.array(summary["eval_return"], float),
        training=np.array(summary["final_return"], float),
        solved=summary["steps_to_threshold"],
        threshold=summary["threshold"],
    )


def row(outcome: Outcome) -> dict[str, Any]:
    """Return the numbers of a condition."""
    times = [np.inf if step is None else step for step in outcome.solved]
    median = float(np.median(times))
    return {
        "solved": sum(step is not None for step in outcome.solved),
        "median_steps_to_threshold": median if np.isfinite(median) else None,
        "steps_to_threshold": outcome.solved,
        "greedy_at_the_end": spread(late(outcome)),
        "greedy_over_the_run": spread(outcome.greedy.mean(1)),
        "training_at_the_end": spread(outcome.training),
    }


def late(outcome: Outcome) -> np.ndarray:
    """Return the greedy return of the last three evaluations, [seeds]."""
    return outcome.greedy[:, -3:].mean(1)


def spread(values: np.ndarray) -> dict[str, Any]:
    """Return the middle and the ends of values over seeds, and each."""
    return {
        "iqm": statistics.interquartile_mean(values),
        "ci95": statistics.confidence_interval(values),
        "seeds": [round(float(value), 1) for value in values],
    }


def draw(outcomes: dict[str, Outcome], title: str, path: Path) -> None:
    """Draw the learning curves by group, and all conditions side by side."""
    figure = Figure(figsize=(14.0, 8.0), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.15, 1.0])
    panels = left.subplots(2, 2, sharex=True, sharey=True)
    for axes, (group, members) in zip(panels.ravel(), GROUPS.items(), strict=True):
        shown = {FULL: "black"} | {n: TAB[i % 10] for i, n in enumerate(n for n in members if n != FULL) if n in outcomes}
        for name, colour in shown.items():
            curve(axes, outcomes[name], name, colour)
        axes.axhline(outcomes[FULL].threshold, color="0.5", linewidth=0.8, linestyle="--")
        axes.set_title(group, fontsize=10.5, loc="left", fontweight="bold")
        axes.legend(frameon=False, fontsize=8.5, loc="best")
        axes.grid(alpha=0.2)
    for axes in panels[-1]:
        axes.set_xlabel("environment steps of each seed")
    for axes in panels[:, 0]:
        axes.set_ylabel("greedy return, frozen weights")
    side_by_side(right, outcomes)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        f"What each part of the spiking actor-critic is for. {title}: interquartile mean, 95 % interval", fontsize=11.5
    )
    figures.save(figure, path)


def curve(axes: Any, outcome: Outcome, name: str, colour: Any) -> None:
    """Draw a greedy learning curve with its interval."""
    middle = np.array([statistics.interquartile_mean(column) for column in outcome.greedy.T], float)
    interval = np.array([statistics.confidence_interval(column) or (np.nan, np.nan) for column in outcome.greedy.T], float)
    axes.fill_between(outcome.steps, interval[:, 0], interval[:, 1], color=colour, alpha=0.18, linewidth=0)
    axes.plot(outcome.steps, middle, color=colour, linewidth=1.6, label=name)


def side_by_side(figure: Any, outcomes: dict[str, Outcome]) -> None:
    """Draw every condition in a row: the end of each seed, and its step of solution."""
    ends, times = figure.subplots(1, 2, sharey=True, width_ratios=[1.4, 1.0])
    rng = np.random.default_rng(0)
    latest = max(outcome.steps[-1] for outcome in outcomes.values())
    for place, (name, outcome) in enumerate(outcomes.items()):
        values, colour = late(outcome), "black" if name == FULL else TAB[0]
        ends.scatter(values, place + rng.uniform(-0.2, 0.2, len(values)), s=9, color=colour, alpha=0.35, linewidths=0)
        low, high = statistics.confidence_interval(values) or (np.nan, np.nan)
        ends.plot([low, high], [place, place], color=colour, linewidth=2.2)
        ends.plot(statistics.interquartile_mean(values), place, "o", color=colour, markersize=5)
        found = [step for step in outcome.solved if step is not None]
        times.scatter(found, place + rng.uniform(-0.2, 0.2, len(found)), s=9, color=colour, alpha=0.35, linewidths=0)
        median = np.median([np.inf if step is None else step for step in outcome.solved])
        if np.isfinite(median):
            times.plot(median, place, "|", color=colour, markersize=13, markeredgewidth=2.2)
        times.text(1.02 * latest, place, f"{len(found)} of {len(outcome.solved)}", va="center", fontsize=8.5)
    ends.set_yticks(range(len(outcomes)), list(outcomes))
    ends.axvline(outcomes[FULL].threshold, color="0.5", linewidth=0.8, linestyle="--")
    ends.invert_yaxis()
    ends.set_xlabel("greedy return, last three evaluations")
    times.set(xlabel="steps to solve (bar: median)", xlim=(0, latest))
    ends.set_title("How each seed ends", fontsize=10.5, loc="left", fontweight="bold")
    times.set_title("and when it solved", fontsize=10.5, loc="left", fontweight="bold")
    for axes in (ends, times):
        axes.grid(alpha=0.2, axis="x")


if __name__ == "__main__":
    main()
