"""How much faster does a run of many seeds train on several cores than on one?

``neurorl train CartPole-v1 --seeds 64`` on one core, and on as many as there are, in turn, each command in a process of its own
that may use those cores only. The times are those of the run's timing.json: training, evaluations, compilation. Both runs must
have the same bytes of results, or the benchmark fails.

    python -m experiments.benchmarks.cores_speed [--rounds 5] [--cores 2] [--seeds 64] [--steps 20000]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from experiments.provenance import provenance
from neurorl.results.run_folder import RunFolder

RESULT = Path("experiments/results/cores_speed.json")
TIMES = ("train_seconds", "evaluation_seconds", "compile_seconds", "train_processor_seconds")

# ``neurorl`` on some cores, which it is to see before it begins.
PINNED = """
import json, os, sys
os.sched_setaffinity(0, json.loads(sys.argv[1]))
from neurorl.cli import main
sys.exit(main(sys.argv[2:]))
"""


def main() -> None:
    available = sorted(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of measurements [%(default)s]")
    parser.add_argument("--cores", type=int, default=len(available), help="cores of the many [all: %(default)s]")
    parser.add_argument("--seeds", type=int, default=64, help="learners [%(default)s]")
    parser.add_argument("--steps", type=int, default=20_000, help="environment steps of each [%(default)s]")
    arguments = parser.parse_args()
    rounds = []
    for _ in range(arguments.rounds):
        one = measure(available[:1], arguments.seeds, arguments.steps)
        many = measure(available[: arguments.cores], arguments.seeds, arguments.steps)
        if one.pop("results") != many.pop("results"):
            raise SystemExit("the same run has other results on more cores")
        rounds.append({"one": one, "many": many, "ratio": one["train_seconds"] / many["train_seconds"]})
        times = f"{one['train_seconds']:6.2f} s on one core, {many['train_seconds']:6.2f} s on {arguments.cores}"
        print(f"{times}, ratio {rounds[-1]['ratio']:.2f}", flush=True)
    write(summary(rounds, arguments.cores) | {"cores": arguments.cores, "seeds": arguments.seeds, "steps": arguments.steps})


def measure(cores: list[int], seeds: int, steps: int) -> dict[str, Any]:
    """Return the times of a run on some cores, s, and the bytes of its results."""
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "run")
        command = [
            sys.executable,
            "-c",
            PINNED,
            json.dumps(cores),
            "train",
            "CartPole-v1",
            "--quiet",
            "--out",
            os.fspath(run.path),
        ]
        options = ["--seeds", str(seeds), "--steps", str(steps)]
        subprocess.run([*command, *options], env={**os.environ, "JAX_PLATFORMS": "cpu"}, check=True)
        times = json.loads(run.timing.read_text())
        results = [file.read_bytes() for file in (run.training, run.evaluation)]
    return {name: times[name] for name in TIMES} | {"results": results}


def summary(rounds: list[dict[str, Any]], cores: int) -> dict[str, Any]:
    """Return the rounds, their ratios, and the ratio of the best times: others that use the machine only ever slow a run down.

    ``ratio_of_processor_time`` is what the cores would give if each were theirs alone, and had the same share of the work.
    """
    ratios = [each["ratio"] for each in rounds]
    best = {where: {name: min(each[where][name] for each in rounds) for name in TIMES} for where in ("one", "many")}
    return {
        "rounds": rounds,
        "ratio_median": float(np.median(ratios)),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "ratio_of_processor_time": cores * best["one"]["train_processor_seconds"] / best["many"]["train_processor_seconds"],
        "ratio_of_best": best["one"]["train_seconds"] / best["many"]["train_seconds"],
        "ratio_of_best_evaluation": best["one"]["evaluation_seconds"] / best["many"]["evaluation_seconds"],
        "best": best,
    }


def write(result: dict[str, Any]) -> None:
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({**result, "provenance": provenance()}, indent=2) + "\n")
    print(f"median ratio {result['ratio_median']:.2f}, of the best times {result['ratio_of_best']:.2f}; {RESULT}")


if __name__ == "__main__":
    main()
