"""Does a network of LIF populations that runs in milliseconds learn tasks, and by recurrence alone remember?

Each task trains ``spiking-network`` on 20 fresh seeds and evaluates greedily with frozen weights; what was tuned was tuned on
seeds 0 to 7. The network of every task is the default wiring, with the task's preset where it has one.

    python -m experiments.spiking_network [TASK ...] [--seeds 20] [--seed 70000] [--quick]
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import neurorl
from experiments.provenance import provenance
from neurorl.results import run_folder, statistics

ROUNDING = 1e-5  # of returns, which are float32
RESULT = Path(__file__).parent / "results" / "spiking_network.json"


class Task(NamedTuple):
    """A cell of the table."""

    env: str
    steps: int  # environment steps of each seed
    bar: float  # greedy return of the last evaluation that counts as learned
    settings: dict[str, Any]


TASKS = {
    "cartpole": Task("CartPole-v1", 50_000, 475.0, {}),
    "cartpole, Izhikevich motor neurons": Task("CartPole-v1", 100_000, 475.0, {"wiring.motor": "fast_spiking"}),
    "catch": Task("Catch-bsuite", 100_000, 0.9, {}),
    "memory chain 10, by recurrence": Task("MemoryChain-bsuite", 50_000, 0.9, {"env.memory_length": 10}),
}


def measure(task: Task, seeds: int, seed: int, quick: bool) -> dict[str, Any]:
    """Train a cell and return what it came to."""
    steps = task.steps // 100 if quick else task.steps
    with tempfile.TemporaryDirectory() as folder:
        run = neurorl.train(
            task.env,
            "spiking-network",
            seeds=seeds,
            seed=seed,
            steps=steps,
            eval_every=steps // 5,
            eval_episodes=20,
            log_every=steps // 5,
            settings=task.settings,
            out=Path(folder) / "run",
        )
        returns = np.array(run.summary["eval_return"], float)
        seconds = run_folder.read_json(run.folder.timing)["train_processor_seconds"]
    final = returns[:, -1]
    return {
        **task._asdict(),
        "env_steps": steps,
        "seeds": list(range(seed, seed + seeds)),
        "eval_steps": run.summary["eval_steps"],
        "eval_return": returns.tolist(),
        "final": final.tolist(),
        "learned": int((final >= task.bar - ROUNDING).sum()),
        "learned_at_some_evaluation": int((returns >= task.bar - ROUNDING).any(1).sum()),
        "iqm": statistics.interquartile_mean(final),
        "ci95": statistics.confidence_interval(final),
        "processor_ms_per_environment_step": 1000.0 * seconds / (steps * seeds),
        "provenance": provenance(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", help=f"some of: {', '.join(TASKS)} [all]")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=70_000)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the steps, and no file")
    arguments = parser.parse_args()
    for name in arguments.tasks or TASKS:
        found = measure(TASKS[name], arguments.seeds, arguments.seed, arguments.quick)
        told = f"{name}: {found['learned']} of {arguments.seeds} at {found['bar']:g}"
        print(f"{told}; IQM {found['iqm']:.4g} {found['ci95']}", flush=True)
        if not arguments.quick:
            results = run_folder.read_json(RESULT) if RESULT.is_file() else {}
            run_folder.write_json(RESULT, results | {name: found})


if __name__ == "__main__":
    main()
