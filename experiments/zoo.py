"""The trained agents that come with the package, made again: neurorl/zoo/TASK.safetensors.

Trains a few learners of each task (or reads those that are finished), and writes the one whose greedy episodes are best.

    python -m experiments.zoo [--out runs/zoo] [--task CartPole-v1]
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import neurorl
from neurorl.runs.exported import SUFFIX, ZOO

EPISODES = 50  # greedy ones, by which the best learner is chosen
AGENTS: dict[str, tuple[str, dict[str, Any]]] = {  # of each task: agent, options of the run
    "CartPole-v1": ("spiking-actor-critic", {"steps": 20_000}),
    "Acrobot-v1": ("spiking-actor-critic", {"steps": 30_000}),
    "MountainCar-v0": ("spiking-sarsa", {"steps": 60_000}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/zoo"), help="folder of the runs [%(default)s]")
    parser.add_argument("--task", choices=list(AGENTS), help="only this one")
    arguments = parser.parse_args()
    ZOO.mkdir(exist_ok=True)
    for task, (agent, options) in AGENTS.items():
        if arguments.task not in (None, task):
            continue
        folder = arguments.out / task
        if (folder / "config.json").is_file():
            run = neurorl.resume(folder, loggers="bar")
        else:
            run = neurorl.train(task, agent, seeds=4, out=folder, loggers="bar", **options)
        means = run.evaluate(EPISODES)["mean_return"]
        best = int(np.argmax(means))
        file = run.export(ZOO / f"{task}{SUFFIX}", best)
        print(f"{task}, {agent}, seed {best}: {means[best]:.1f} ({file.stat().st_size / 1e3:,.0f} kB)", flush=True)


if __name__ == "__main__":
    main()
