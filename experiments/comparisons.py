"""Are the agents that we compare with as good as they are published to be?

Trains PPO and DQN on CartPole-v1 and Acrobot-v1, and linear SARSA(lambda) on MountainCar-v0, and compares the return of the last
100 training episodes after 500,000 environment steps, mean and standard deviation over 30 seeds, with CleanRL's tables (their
training return at the end, 3 seeds) and with what linear SARSA(lambda) is known to reach. Takes a quarter of an hour or more on
one core.

    python -m experiments.comparisons [--seeds 30] [--steps 500000] [--out runs/comparisons] [--only ppo] [--quick]
"""

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).resolve().parent / "results"
SEED = 100
# Agent, environment, published mean and spread.
PUBLISHED = (
    ("ppo", "CartPole-v1", 490.0, 6.0),
    ("ppo", "Acrobot-v1", -86.0, 1.0),
    ("dqn", "CartPole-v1", 489.0, 16.0),
    ("dqn", "Acrobot-v1", -92.0, 7.0),
    ("linear-sarsa", "MountainCar-v0", -110.0, 0.0),
)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30, help=f"learners of each run, from seed {SEED} [%(default)s]")
    parser.add_argument("--steps", type=int, default=500_000, help="environment steps of each learner [%(default)s]")
    parser.add_argument("--only", help="only the runs of this agent; the others are taken from the results as they are")
    parser.add_argument("--out", type=Path, default=Path("runs/comparisons"), help="folder of the runs [%(default)s]")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results [%(default)s]")
    parser.add_argument("--quick", action="store_true", help="2 learners, 4,000 steps: to see that it works")
    a = parser.parse_args(arguments)
    if a.quick:
        a.seeds, a.steps = 2, 4_000
    os.environ.setdefault("NPROC", "1")
    from experiments.provenance import provenance
    from neurorl.results.run_folder import read_json, write_json

    path = a.results / "comparisons.json"
    a.results.mkdir(parents=True, exist_ok=True)
    rows = {row["agent"] + row["env_id"]: row for row in (read_json(path)["rows"] if a.only and path.is_file() else [])}
    for agent, env, mean, spread in PUBLISHED:
        if a.only in (None, agent):
            rows[agent + env] = measured(agent, env, mean, spread, a) | {"provenance": provenance()}
            write_json(path, {"rows": list(rows.values())})
    for row in rows.values():
        print(
            f"{row['agent']:13} {row['env_id']:15} {row['mean']:8.1f} +- {row['std']:.1f} ({len(row['seeds'])} seeds)   "
            f"published {row['published_mean']:g} +- {row['published_spread']:g}   {'holds' if row['holds'] else 'MISSED'}"
        )
    print(path)
    return {"rows": list(rows.values())}


def measured(agent: str, env: str, mean: float, spread: float, a: argparse.Namespace) -> dict[str, Any]:
    """Train, or go on with a run, or read one, and return its row."""
    import neurorl
    from neurorl.results import statistics
    from neurorl.results.run_folder import read_json

    folder = a.out / f"{agent}__{env}__{a.seeds}x{a.steps}"
    options = {"seeds": a.seeds, "seed": SEED, "steps": a.steps, "eval_every": -(-a.steps // 10), "log_every": -(-a.steps // 50)}
    if (folder / "config.json").is_file():
        run = neurorl.resume(folder, loggers="bar")
    else:
        run = neurorl.train(env, agent, out=folder, loggers="bar", **options)
    returns = np.array(run.summary["final_return"], float)
    timing = read_json(run.folder.timing)
    return {
        "agent": agent,
        "env_id": env,
        "env_steps": a.steps,
        "seeds": run.summary["seeds"],
        "mean": float(returns.mean()),
        "std": float(returns.std(ddof=1)) if len(returns) > 1 else 0.0,
        "iqm": statistics.interquartile_mean(returns),
        "ci95": statistics.confidence_interval(returns),
        "worst": float(returns.min()),
        "greedy_mean": float(np.mean([row[-1] for row in run.summary["eval_return"]])),
        "published_mean": mean,
        "published_spread": spread,
        "holds": bool(returns.mean() >= mean - spread),
        "processor_microseconds_per_step": 1e6 * timing["train_processor_seconds"] / timing["train_steps"],
    }


if __name__ == "__main__":
    main()
