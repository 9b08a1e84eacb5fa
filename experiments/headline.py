"""How fast, how surely and how lastingly does the spiking actor-critic solve CartPole-v1 and Acrobot-v1?

Trains 30 fresh seeds in three runs (or reads those that are finished), prints the figures beside what is asked of them, and
writes experiments/results/headline.json.

    python -m experiments.headline [--seed 1000] [--out runs]
"""

import argparse
import json
from pathlib import Path

import numpy as np

import neurorl
from experiments.provenance import provenance

RUNS = {
    "fast": ("CartPole-v1", {"steps": 20_000, "eval_every": 1_000}),
    "long": ("CartPole-v1", {"steps": 300_000, "eval_every": 10_000}),
    "acrobot": ("Acrobot-v1", {"steps": 60_000, "eval_every": 2_000}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1000, help="first of the 30 seeds [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the three runs [%(default)s]")
    arguments = parser.parse_args()
    fast, long, acrobot = (finished(arguments.out / name, *RUNS[name], arguments.seed).summary for name in RUNS)
    rows = {
        "CartPole-v1": {
            "solved_seeds": (solved(fast), ">= 30"),
            "median_steps_to_threshold": (median_steps(fast), "<= 6000"),
            "worst_steps_to_threshold": (worst_steps(fast), "<= 20000"),
            "share_of_evaluations_at_threshold_from_20k": (share(long, 20_000), ">= 0.99"),
            "fewest_seeds_at_threshold_in_an_evaluation": (fewest(long, 20_000), ">= 28"),
            "training_return_iqm": (long["final_return_iqm"], ">= 495"),
            "training_return_worst_seed": (min(long["final_return"]), ">= 450"),
        },
        "Acrobot-v1": {
            "solved_seeds": (solved(acrobot), ">= 30"),
            "median_steps_to_threshold": (median_steps(acrobot), "<= 6000"),
            "worst_steps_to_threshold": (worst_steps(acrobot), "<= 16000"),
            "share_of_evaluations_at_threshold_from_20k": (share(acrobot, 20_000), ">= 0.96"),
            "greedy_return_iqm": (acrobot["final_eval_return_iqm"], ">= -86"),
            "training_return_iqm": (acrobot["final_return_iqm"], ">= -95"),
        },
    }
    for task, figures in rows.items():
        print(f"\n{task}, seeds {arguments.seed} to {arguments.seed + 29}")
        for name, (value, bar) in figures.items():
            sign, number = bar.split()
            holds = value >= float(number) if sign == ">=" else value <= float(number)
            print(f"  {name:46} {value:10.4g}   {bar:9} {'holds' if holds else 'MISSED'}")
    plain = {task: {name: value for name, (value, _) in figures.items()} for task, figures in rows.items()}
    path = Path("experiments/results/headline.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"seed": arguments.seed, "seeds": 30, **plain, "provenance": provenance()}, indent=2) + "\n")
    print(f"\n{path}")


def finished(folder: Path, env: str, options: dict[str, int], seed: int) -> neurorl.Run:
    """Return a run of 30 seeds, trained now, resumed, or read."""
    if (folder / "config.json").is_file():
        run = neurorl.resume(folder, loggers="bar")
        if run.configuration.options.seed != seed:
            raise SystemExit(f"{folder} holds seed {run.configuration.options.seed}, not {seed}; give another --out")
        return run
    return neurorl.train(env, "spiking-actor-critic", seeds=30, seed=seed, out=folder, loggers="bar", **options)


def reached(summary: dict, start: int) -> np.ndarray:
    """Return whether each seed was at the threshold in each evaluation from a step on, [seeds, evaluations]."""
    late = np.array(summary["eval_steps"]) >= start
    return np.array(summary["eval_return"], float)[:, late] >= summary["threshold"]


def solved(summary: dict) -> int:
    """Return the number of seeds with three successive evaluations at the threshold."""
    return sum(step is not None for step in summary["steps_to_threshold"])


def median_steps(summary: dict) -> float:
    """Return the median environment step of the first of three; infinite for seeds without."""
    return float(np.median([np.inf if s is None else s for s in summary["steps_to_threshold"]]))


def worst_steps(summary: dict) -> float:
    """Return the environment step of the slowest seed."""
    return float(max(np.inf if s is None else s for s in summary["steps_to_threshold"]))


def share(summary: dict, start: int) -> float:
    """Return the share of evaluations from a step on that are at the threshold."""
    return float(reached(summary, start).mean())


def fewest(summary: dict, start: int) -> int:
    """Return the fewest seeds at the threshold in any one evaluation from a step on."""
    return int(reached(summary, start).sum(0).min())


if __name__ == "__main__":
    main()
