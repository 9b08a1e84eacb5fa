"""Does one configuration of one spiking agent learn many tasks, and what do presets add?

Trains each cell, a task with the default configuration or with its preset, on 20 fresh seeds, evaluates every seed greedily with
frozen weights, and holds it against the task's bar. A cell that is finished is read, one that was interrupted goes on, and what
was measured before stays in the table, so that cells can be run one by one. docs/learners.md says what the table means.

    python -m experiments.tasks [--task CartPole-v1 ...] [--agent spiking-sarsa] [--variant default] [--seed 7000]

All of it takes two and a half hours of one core: half an hour LunarLander, an hour and a half the games of MinAtar but Breakout.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import neurorl
from experiments.provenance import provenance
from neurorl import agents
from neurorl.envs.resolution import resolve
from neurorl.results import figures, statistics
from neurorl.results.run_folder import write_json

RESULTS = Path(__file__).resolve().parent / "results"
AGENT = "spiking-sarsa"
ACTOR_CRITIC = "spiking-actor-critic"
BOTH = ("CartPole-v1", "Acrobot-v1", "MemoryChain-bsuite")  # tasks of the actor-critic too
DEEP = "spiking-deep"
GAMES = ("SpaceInvaders-MinAtar", "Freeway-MinAtar", "Asterix-MinAtar", "Seaquest-MinAtar")  # tasks of that one alone
VARIANTS = ("default", "preset")


class Asked(NamedTuple):
    """What a task asks."""

    steps: int  # environment steps of each seed
    bar: float  # greedy return
    seeds: int = 0  # how many of 20 seeds must reach it; 0: their mean must
    lasting: bool = False  # whether a seed must reach it in three successive evaluations instead of the last one
    median: float | None = None  # largest median of the environment step of the first of the three
    episodes: int = 20  # greedy episodes of the last evaluation
    settings: dict[str, Any] = {}  # of the environment
    evaluations: int = 20  # evaluations on the way
    limit: int | None = None  # of an episode, where the environment has none


TASKS = {
    "CartPole-v1": Asked(50_000, 475.0, 20, lasting=True, evaluations=50),
    "Acrobot-v1": Asked(100_000, -100.0, 20, lasting=True, evaluations=100),
    "MountainCar-v0": Asked(100_000, -110.0, 19, lasting=True, median=40_000, evaluations=100),
    "MountainCarContinuous-v0": Asked(200_000, 90.0, 16),
    "Pendulum-v1": Asked(500_000, -250.0),
    "Catch-bsuite": Asked(100_000, 0.95),
    "LunarLander-v3": Asked(400_000, 100.0, evaluations=5),  # 1,000,000 would be allowed
    "FrozenLake-v1": Asked(200_000, 0.70, episodes=2_000, evaluations=5),
    "CliffWalking-v1": Asked(100_000, -20.0, evaluations=5, limit=200),
    "Taxi-v3": Asked(500_000, 7.0, episodes=100, evaluations=5),
    "Blackjack-v1": Asked(500_000, -0.06, episodes=2_000, evaluations=5),
    "DeepSea-bsuite": Asked(100_000, 0.9, 16, settings={"size": 10}),
    "MemoryChain-bsuite": Asked(200_000, 0.9, 16, episodes=100, settings={"memory_length": 10}),
    "Breakout-MinAtar": Asked(500_000, 1.5, evaluations=5),  # three times the 0.5 of a random agent; 2,000,000 would be allowed
    "SpaceInvaders-MinAtar": Asked(1_000_000, 45.0, evaluations=5),
    "Freeway-MinAtar": Asked(1_000_000, 35.0, evaluations=5),
    "Asterix-MinAtar": Asked(2_000_000, 2.0, evaluations=5),
    "Seaquest-MinAtar": Asked(2_000_000, 1.0, evaluations=5),
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS), help="tasks [all]")
    parser.add_argument("--agent", help=f"a registered agent [{AGENT}, {ACTOR_CRITIC} too or {DEEP}]")
    parser.add_argument("--variant", choices=VARIANTS, help="the agent's defaults, or its preset of the task [both]")
    parser.add_argument("--seeds", type=int, default=20, help="learners of each cell [%(default)s]")
    parser.add_argument("--seed", type=int, default=7000, help="seed of the first [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/tasks"), help="folder of the runs [%(default)s]")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of tasks.json and tasks.png [%(default)s]")
    a = parser.parse_args(arguments)
    a.results.mkdir(parents=True, exist_ok=True)
    path = a.results / "tasks.json"
    for task, agent, variant in chosen(a):
        cell = measure(task, train(task, agent, variant, a)) | {"provenance": provenance()}
        table = json.loads(path.read_text()) if path.is_file() else {"cells": {}}
        table["cells"].setdefault(task, {})[f"{agent}, {variant}"] = cell
        table["bars"] = {name: bar._asdict() for name, bar in TASKS.items()}
        write_json(path, table)
        draw(table["cells"], a.results / "tasks.png")
        print(f"{task:26} {agent}, {variant:8} {row(cell)}", flush=True)
    print(f"\n{path}")


def chosen(a: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    """Yield the task, the agent and the variant of every cell that was asked for; presets where there are some."""
    for task in a.task:
        usual = (AGENT, ACTOR_CRITIC) if task in BOTH else (DEEP,) if task in GAMES else (AGENT,)
        for agent in (a.agent,) if a.agent else usual:
            for variant in (a.variant,) if a.variant else VARIANTS:
                if variant == "default" or agents.preset(agent, task):
                    yield task, agent, variant


def train(task: str, name: str, variant: str, a: argparse.Namespace) -> neurorl.Run:
    """Return the finished run of a cell."""
    folder = a.out / f"{task}__{name}__{variant}__{a.seed}"
    if (folder / "config.json").is_file():
        return neurorl.resume(folder, loggers="bar")
    bar = TASKS[task]
    agent: Any = name
    if variant == "default":  # made here, so that no preset is put into it
        resolved = resolve(task, settings=bar.settings)
        ranges = resolved.ranges._asdict() if resolved.ranges else {}
        agent = agents.find(name).for_spaces(resolved.observation_space, resolved.action_space, **ranges)
    settings = {f"env.{name}": value for name, value in bar.settings.items()}
    options = {
        "steps": bar.steps,
        "eval_every": bar.steps // bar.evaluations,
        "log_every": bar.steps // 20,
        "checkpoint_every": bar.steps // 5,
        "max_episode_steps": bar.limit,
    }
    return neurorl.train(task, agent, seeds=a.seeds, seed=a.seed, out=folder, settings=settings, loggers="bar", **options)


def measure(task: str, run: neurorl.Run) -> dict[str, Any]:
    """Return what a cell's seeds reached, and whether that holds the bar."""
    bar, summary = TASKS[task], run.summary
    greedy = np.array(summary["eval_return"], float)
    final = greedy[:, -1]
    if bar.episodes > 20:
        final = np.array(run.evaluate(bar.episodes)["mean_return"])
    first = statistics.steps_to_threshold(np.array(summary["eval_steps"]), greedy, bar.bar)
    median = float(np.median([np.inf if step is None else step for step in first]))
    reached = sum(step is not None for step in first) if bar.lasting else int((final >= bar.bar).sum())
    if bar.seeds:
        holds = reached >= bar.seeds * len(final) / 20 and (bar.median is None or median <= bar.median)
    else:
        holds = bool(final.mean() >= bar.bar)
    return {
        "seeds": summary["seeds"],
        "env_steps": summary["env_steps"],
        "final": [float(value) for value in final],
        "mean": float(final.mean()),
        "iqm": statistics.interquartile_mean(final),
        "ci95": statistics.confidence_interval(final),
        "seeds_at_the_bar": reached,
        "median_steps_to_the_bar": median if np.isfinite(median) else None,
        "holds": bool(holds),
        "eval_steps": summary["eval_steps"],
        "eval_mean": [float(value) for value in greedy.mean(0)],
    }


def row(cell: dict[str, Any]) -> str:
    """Return a cell in one line."""
    worst, best = min(cell["final"]), max(cell["final"])
    return (
        f"mean {cell['mean']:9.3f}  [{worst:.3f}, {best:.3f}]  {cell['seeds_at_the_bar']:2} of {len(cell['final'])} at the bar  "
        f"{'holds' if cell['holds'] else 'MISSED'}"
    )


def draw(cells: dict[str, Any], path: Path) -> None:
    """Draw every seed's last greedy return, a panel a task, beside its bar."""
    shown = [task for task in TASKS if task in cells]
    columns = min(5, len(shown))
    figure = Figure(figsize=(2.9 * columns, 2.7 * -(-len(shown) // columns)), layout="constrained")
    for place, task in enumerate(shown):
        axes = figure.add_subplot(-(-len(shown) // columns), columns, place + 1)
        for x, cell in enumerate(cells[task].values()):
            spread = np.linspace(-0.2, 0.2, len(cell["final"]))
            axes.plot(x + spread, np.sort(cell["final"]), ".", color=figures.COLOURS[x % len(figures.COLOURS)])
            axes.hlines(cell["mean"], x - 0.3, x + 0.3, color="black", linewidth=1)
        axes.axhline(TASKS[task].bar, color="grey", linestyle="--", linewidth=1)
        axes.set_xticks(
            range(len(cells[task])),
            [name.replace("spiking-", "spiking-\n").replace(", ", "\n") for name in cells[task]],
            fontsize=7,
        )
        axes.set_xlim(-0.6, len(cells[task]) - 0.4)
        axes.set_title(f"{task}\n{TASKS[task].steps:,} steps", fontsize=9)
        axes.tick_params(axis="y", labelsize=8)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
