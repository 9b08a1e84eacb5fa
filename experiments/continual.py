"""How fast does each agent recover when the rule of its task flips in mid-run?

Two tasks, in which nothing tells the agent of the change:

    bandit     The better of two arms (it pays with probability 0.8, the other with 0.2) changes after 500 pulls, again and again.
    cartpole   After 8,000 steps the motor is reversed and gravity grows: force -10 instead of 10, gravity 15 instead of 9.8.

The spiking actor-critic meets them as it is, without its surprise gate, with norepinephrine, and without dopamine; beside it are
rivals of the package. A third part, `long`, lets two learners go on for 10 million steps of a CartPole that flips every million,
and reports the ranges of weights, thresholds and expected dopamine, and the peak memory.

    python -m experiments.continual [bandit] [cartpole] [long] [--seeds 20] [--out runs/continual] [--quick]
"""

import argparse
import resource
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import neurorl
from experiments.provenance import provenance
from neurorl.results import figures, run_folder, statistics

RESULTS = Path(__file__).resolve().parent / "results"
SEED = 900_000
SPIKING = "spiking-actor-critic"
BANDIT = "neurorl.envs.reversal_bandit:ReversalBandit-v0"
# A pull has no future. Its one input neuron does what 64 place cells share elsewhere: weights are small, and so is their cap.
ONE_PULL = {"gamma": 0.0, "actor.learning_rate": 3.0, "critic.learning_rate": 0.1, "homeostasis.cap": 3.0}
CONDITIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "spiking": (SPIKING, {}),
    "spiking, no gate": (SPIKING, {"acetylcholine.enabled": False}),
    "spiking, norepinephrine": (SPIKING, {"norepinephrine.enabled": True}),
    "spiking, no dopamine": (SPIKING, {"dopamine.gain": 0.0}),
    "spiking, no homeostasis": (SPIKING, {"homeostasis.scaling": "none", "homeostasis.threshold_rate": 0.0}),
    "linear-sarsa": ("linear-sarsa", {}),
    "dqn": ("dqn", {}),
}
MEMBERS = {
    "bandit": ("spiking", "spiking, no homeostasis", "spiking, norepinephrine", "spiking, no dopamine", "linear-sarsa", "dqn"),
    "cartpole": ("spiking", "spiking, no gate", "spiking, norepinephrine", "spiking, no dopamine"),
}
COLOURS = dict(zip(CONDITIONS, matplotlib.colormaps["tab10"].colors, strict=False))
FLIP_AT, FLIP_STEPS = 8_000, 20_000
FLIPPED = {"force_mag": -10.0, "gravity": 15.0}
PULLS = 500  # from one reversal to the next


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=[], help="bandit, cartpole, long; by default the first two")
    parser.add_argument("--seeds", type=int, default=20, help=f"learners of each condition, from seed {SEED} [%(default)s]")
    parser.add_argument("--steps", type=int, default=10_000_000, help="environment steps of the long part [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/continual"), help="folder of the runs [%(default)s]")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results [%(default)s]")
    parser.add_argument("--finished", action="store_true", help="train nothing: draw the conditions that --out holds")
    parser.add_argument("--quick", action="store_true", help="3 learners of the bandit alone, one reversal: to see that it works")
    a = parser.parse_args(arguments)
    a.results.mkdir(parents=True, exist_ok=True)
    if a.quick:
        a.seeds = 3
    parts = ["bandit"] if a.quick else a.parts or ["bandit", "cartpole"]
    path = a.results / "continual.json"
    table = run_folder.read_json(path) if path.is_file() else {}
    for part in parts:
        table[part] = {"bandit": bandit, "cartpole": cartpole, "long": long}[part](a)
    run_folder.write_json(path, table)
    return table


def folder(name: str, seeds: int, steps: int, a: argparse.Namespace) -> Path:
    """Return where a run is."""
    return a.out / f"{name.replace(' ', '-').replace(',', '')}__{seeds}x{steps}"


def members(task: str, steps: int, a: argparse.Namespace) -> list[str]:
    """Return the conditions of a task that are to be shown."""
    names = list(MEMBERS[task][:2] if a.quick else MEMBERS[task])
    done = {name: (folder(f"{task}-{name}", a.seeds, steps, a) / "summary.json").is_file() for name in names}
    return [name for name in names if done[name] or not a.finished]


def finished(
    name: str, env: str, agent: str, settings: dict[str, Any], a: argparse.Namespace, **options: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training and evaluation curves of a run, trained now, gone on with, or read."""
    path = folder(name, options["seeds"], options["steps"], a)
    loggers = [] if a.quick else ["bar"]
    if not (path / "config.json").is_file():
        neurorl.train(env, agent, out=path, settings=settings, loggers=loggers, seed=SEED, **options)
    elif not (path / "summary.json").is_file():
        neurorl.resume(path, loggers=loggers)
    return pd.read_parquet(path / "training.parquet"), pd.read_parquet(path / "evaluation.parquet")


def bandit(a: argparse.Namespace) -> dict[str, Any]:
    """Reverse the arms again and again, and follow how often the better one is pulled."""
    reversals = 1 if a.quick else 4
    changes = tuple((PULLS * k, "best", k % 2) for k in range(1, reversals + 1))
    options = {"seeds": a.seeds, "steps": PULLS * (reversals + 1), "log_every": 10, "changes": changes}
    options |= {"eval_every": PULLS * (reversals + 1), "eval_episodes": 1, "checkpoint_every": PULLS * (reversals + 1)}
    shares = {}
    for name in members("bandit", options["steps"], a):
        agent, settings = CONDITIONS[name]
        own = ONE_PULL | settings if agent == SPIKING else settings
        training, _ = finished(f"bandit-{name}", BANDIT, agent, own, a, **options)
        pays = training.pivot(index="seed", columns="env_step", values="episode_return")
        shares[name] = (pays - 0.2) / 0.6  # from what is paid to how often the better arm was pulled
    return report_bandit(shares, a)


def report_bandit(shares: dict[str, Any], a: argparse.Namespace) -> dict[str, Any]:
    """Draw the share of pulls of the better arm, and return its mean in the 100 pulls before and after each reversal."""
    figure = Figure(figsize=(10.0, 4.4), layout="constrained")
    axes = figure.subplots()
    rows = {}
    for name, frame in shares.items():
        steps, values = frame.columns.to_numpy(), frame.to_numpy(float)
        smooth = np.apply_along_axis(lambda row: np.convolve(row, np.ones(5) / 5, mode="valid"), 1, values)
        band(axes, steps[2:-2], smooth, name)
        after = (steps > PULLS) & ((steps - 1) % PULLS < 100)
        before = (steps - 1) % PULLS >= PULLS - 100
        rows[name] = {
            "better_arm_in_100_pulls_before_a_reversal": spread(values[:, before].mean(1)),
            "better_arm_in_100_pulls_after_a_reversal": spread(values[:, after].mean(1)),
            "better_arm_over_the_run": spread(values.mean(1)),
        }
    for reversal in range(PULLS, int(steps[-1]), PULLS):
        axes.axvline(reversal, color="0.4", linewidth=0.8, linestyle=":")
    axes.axhline(0.5, color="0.7", linewidth=0.8)
    axes.set(
        xlabel="pulls of each seed (dotted: the arms change places)",
        ylabel="better arm pulled (share, from pay)",
        ylim=(-0.1, 1.1),
    )
    legend(axes, f"Reversal bandit, {a.seeds} seeds: interquartile mean, 95 % interval")
    figures.save(figure, a.results / "continual_bandit.png")
    show(rows)
    return {"seeds": list(range(SEED, SEED + a.seeds)), "pulls_to_a_reversal": PULLS, "agents": rows, "provenance": provenance()}


def flipped(name: str, a: argparse.Namespace) -> pd.DataFrame:
    """Return the greedy returns under a condition on the CartPole that flips, [seeds, evaluations]."""
    agent, settings = CONDITIONS[name]
    changes = tuple((FLIP_AT, parameter, value) for parameter, value in FLIPPED.items())
    options = {"seeds": a.seeds, "steps": FLIP_STEPS, "eval_every": 1_000, "eval_episodes": 1, "changes": changes}
    _, evaluation = finished(f"cartpole-{name}", "CartPole-v1", agent, settings, a, **options)
    return evaluation.pivot(index="seed", columns="env_step", values="eval_return")


def cartpole(a: argparse.Namespace) -> dict[str, Any]:
    """Reverse the motor of CartPole and make it heavier, once."""
    flip = FLIP_AT
    curves = {name: flipped(name, a) for name in members("cartpole", FLIP_STEPS, a)}
    figure = Figure(figsize=(10.0, 4.4), layout="constrained")
    axes = figure.subplots()
    rows = {}
    for name, frame in curves.items():
        at, values = frame.columns.to_numpy(), frame.to_numpy(float)
        band(axes, at, values, name)
        later = at > flip
        recovered = statistics.steps_to_threshold(at[later] - flip, values[:, later], 475.0)
        rows[name] = {
            "before_the_flip": spread(values[:, at == flip].ravel()),
            "thousand_steps_after_it": spread(values[:, at == flip + 1_000].ravel()),
            "at_the_end": spread(values[:, -3:].mean(1)),
            "recovered": sum(step is not None for step in recovered),
            "steps_to_recover": recovered,
            "median_steps_to_recover": middle(recovered),
        }
    axes.axvline(flip, color="0.4", linewidth=0.9, linestyle=":")
    axes.axhline(475.0, color="0.6", linewidth=0.8, linestyle="--")
    axes.set(
        xlabel="environment steps of each seed (dotted: force 10 becomes -10, gravity 9.8 becomes 15)", ylabel="greedy return"
    )
    legend(axes, f"CartPole-v1 whose rule flips, {a.seeds} seeds: interquartile mean, 95 % interval")
    figures.save(figure, a.results / "continual_cartpole.png")
    show(rows)
    return {"seeds": list(range(SEED, SEED + a.seeds)), "flip_at": flip, "agents": rows, "provenance": provenance()}


def long(a: argparse.Namespace) -> dict[str, Any]:
    """Let two learners go on for millions of steps while the motor is reversed back and forth."""
    every = a.steps // 10
    changes = tuple((every * k, "force_mag", -10.0 if k % 2 else 10.0) for k in range(1, 10))
    options = {"seeds": 2, "steps": a.steps, "log_every": a.steps // 1000, "eval_every": every // 4, "eval_episodes": 2}
    training, _ = finished("long", "CartPole-v1", SPIKING, {}, a, changes=changes, checkpoint_every=every // 4, **options)
    columns = ("actor_norm_max", "threshold_min", "threshold_max", "value", "expected_uncertainty", "recent_return")
    figure = Figure(figsize=(11.0, 6.5), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    for axes, shown in zip(panels, (columns[:1], columns[1:3], columns[4:5]), strict=True):
        for column in shown:
            frame = training.pivot(index="seed", columns="env_step", values=column)
            axes.plot(frame.columns / 1e6, frame.to_numpy().T, linewidth=0.7)
        axes.set_ylabel(" / ".join(shown).replace("_", " "))
        axes.spines[["top", "right"]].set_visible(False)
        for step, *_ in changes:
            axes.axvline(step / 1e6, color="0.5", linewidth=0.7, linestyle=":")
    panels[-1].set_xlabel("million environment steps of each seed (dotted: the motor is reversed)")
    figures.save(figure, a.results / "continual_long.png")
    ranges = {name: [float(training[name].min()), float(training[name].max())] for name in columns}
    for name, (low, high) in ranges.items():
        print(f"  {name:22} {low:10.4g} to {high:.4g}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"env_steps": a.steps, "seeds": 2, "ranges": ranges, "peak_memory_MiB": round(peak), "provenance": provenance()}


def band(axes: Any, steps: np.ndarray, values: np.ndarray, name: str) -> None:
    """Draw the interquartile mean over seeds [seeds, points] with its interval."""
    centre = np.array([statistics.interquartile_mean(column) for column in values.T], float)
    interval = np.array([statistics.confidence_interval(column) or (np.nan, np.nan) for column in values.T], float)
    axes.fill_between(steps, interval[:, 0], interval[:, 1], color=COLOURS[name], alpha=0.18, linewidth=0)
    axes.plot(steps, centre, color=COLOURS[name], linewidth=1.6, label=name)


def legend(axes: Any, title: str) -> None:
    """Finish a panel."""
    axes.set_title(title, fontsize=10.5, loc="left")
    axes.legend(frameon=False, fontsize=8.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.spines[["top", "right"]].set_visible(False)


def middle(steps: list[int | None]) -> float | None:
    """Return the median of steps, None where most are missing."""
    median = float(np.median([np.inf if step is None else step for step in steps]))
    return median if np.isfinite(median) else None


def spread(values: np.ndarray) -> dict[str, Any]:
    """Return the middle and the ends of values over seeds."""
    return {
        "iqm": statistics.interquartile_mean(values),
        "ci95": statistics.confidence_interval(values),
        "min": float(values.min()),
        "max": float(values.max()),
    }


def show(rows: dict[str, dict[str, Any]]) -> None:
    """Print the rows of a part."""
    for name, row in rows.items():
        texts = [f"{key} {value['iqm']:.2f}" for key, value in row.items() if isinstance(value, dict)]
        if "recovered" in row:
            texts.append(f"recovered {row['recovered']}, median {row['median_steps_to_recover']}")
        print(f"{name:24} {', '.join(texts)}")


if __name__ == "__main__":
    main()
