"""Does one configuration of one spiking agent learn many tasks, and what do presets add?

Trains each cell, a task with the default configuration or with its preset, on 20 fresh seeds (10 of a game), evaluates every seed
greedily with frozen weights, and holds it against the task's threshold. A cell that is finished is read, one that was interrupted
goes on, and what was measured before stays in the table, so that cells can be run one by one. docs/learners.md says what the
table means.

    python -m experiments.tasks [--task CartPole-v1 ...] [--agent spiking-sarsa] [--variant default] [--seed 7000] [--quick]
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
from neurorl.runs.options import Options

RESULTS = Path(__file__).resolve().parent / "results"
SARSA, ACTOR_CRITIC, DEEP, STREAM = "spiking-sarsa", "spiking-actor-critic", "spiking-deep", "stream-q"
VARIANTS = ("default", "preset")


class Asked(NamedTuple):
    """What a task asks."""

    steps: int  # environment steps of each seed
    bar: float | None  # greedy return; None: nothing is asked, agents are compared
    agents: tuple[str, ...] = (SARSA,)
    seeds: int = 0  # how many of 20 seeds must reach it; 0: their mean must
    lasting: bool = False  # whether a seed must reach it in three successive evaluations instead of the last one
    median: float | None = None  # largest median of the environment step of the first of the three
    episodes: int = 20  # greedy episodes of the last evaluation
    settings: dict[str, Any] = {}  # of the environment
    evaluations: int = 20  # evaluations on the way
    limit: int | None = None  # of an episode, where the environment has none
    learners: int = 20


BOTH = (SARSA, ACTOR_CRITIC)
GAMES = {
    "Breakout": (1_000_000, 15.0),
    "SpaceInvaders": (1_000_000, 45.0),
    "Freeway": (1_000_000, 35.0),
    "Asterix": (2_000_000, 2.0),
    "Seaquest": (2_000_000, 1.0),
}
GAME: dict[str, Any] = {"agents": (DEEP, STREAM), "evaluations": 5, "episodes": 10, "learners": 10}
LONG = GAME | {"agents": (DEEP,), "evaluations": 20}  # is anything forgotten?
PUBLISHED = {"rules": "published"}
TASKS = {
    "CartPole-v1": Asked(50_000, 475.0, (*BOTH, DEEP), 20, lasting=True, evaluations=50),
    "Acrobot-v1": Asked(100_000, -100.0, (*BOTH, DEEP), 20, lasting=True, evaluations=100),
    "MountainCar-v0": Asked(100_000, -110.0, (SARSA, DEEP), 19, lasting=True, median=40_000, evaluations=100),
    "MountainCarContinuous-v0": Asked(200_000, 90.0, (SARSA, DEEP), 16),
    "Pendulum-v1": Asked(500_000, -250.0, (SARSA, DEEP)),
    "Catch-bsuite": Asked(100_000, 0.95),
    "LunarLander-v3": Asked(500_000, 150.0, (SARSA, DEEP), evaluations=5),
    "InvertedPendulum-v5": Asked(200_000, 950.0, (DEEP,), evaluations=5),
    "Hopper-v5": Asked(2_000_000, 500.0, (DEEP,), evaluations=20, learners=5),
    "Reacher-v5": Asked(200_000, None, (DEEP,), evaluations=5),
    "FourRooms-misc": Asked(200_000, 0.95, (DEEP,), episodes=100, evaluations=5),
    "FrozenLake8x8-v1": Asked(500_000, 0.80, episodes=1_000, evaluations=5),
    "FrozenLake-v1": Asked(200_000, 0.70, episodes=2_000, evaluations=5),
    "CliffWalking-v1": Asked(100_000, -20.0, evaluations=5, limit=200),
    "Taxi-v3": Asked(500_000, 7.0, episodes=100, evaluations=5),
    "Blackjack-v1": Asked(500_000, -0.06, episodes=2_000, evaluations=5),
    "DeepSea-bsuite": Asked(100_000, 0.9, seeds=16, settings={"size": 10}),
    "MemoryChain-bsuite": Asked(200_000, 0.9, (*BOTH, DEEP), 16, episodes=100, settings={"memory_length": 10}),
    "MemoryChain-bsuite, length 30": Asked(200_000, 0.9, (DEEP,), 16, episodes=100, settings={"memory_length": 30}),
    "DeepSea-bsuite, size 20": Asked(200_000, 0.9, (DEEP,), 16, evaluations=5, settings={"size": 20}),
    "DeepSea-bsuite, size 30": Asked(500_000, 0.9, (DEEP,), 16, evaluations=5, settings={"size": 30}),
    "UmbrellaChain-bsuite": Asked(200_000, 0.7, (DEEP,), episodes=2_000, evaluations=5),
    "DiscountingChain-bsuite": Asked(100_000, 1.09, (DEEP,), evaluations=5),
    **{f"{game}-MinAtar": Asked(*asked, **GAME) for game, asked in GAMES.items()},
    **{f"{game}-MinAtar, published rules": Asked(1_000_000, None, **GAME, settings=PUBLISHED) for game in GAMES},
    **{f"{game}-MinAtar, published rules, 5M": Asked(5_000_000, None, **LONG, settings=PUBLISHED) for game in GAMES},
}

# Of the quick form: states and boxes, discrete and continuous, both loops, a game by either rules.
QUICK = ("Catch-bsuite", "MountainCarContinuous-v0", "FrozenLake-v1", "Breakout-MinAtar", "Seaquest-MinAtar, published rules")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", nargs="+", choices=TASKS, help="tasks [all; of the quick form some of each kind]")
    parser.add_argument("--agent", help="a registered agent [those that the task is for]")
    parser.add_argument("--variant", choices=VARIANTS, help="the agent's defaults, or its preset of the task [both]")
    parser.add_argument("--seeds", type=int, help="learners of each cell [20, of a game of MinAtar 10]")
    parser.add_argument("--seed", type=int, default=7000, help="seed of the first [%(default)s]")
    parser.add_argument("--group", type=int, default=Options.group, help="learners that one program computes [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/tasks"), help="folder of the runs [%(default)s]")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of tasks.json and tasks.png [%(default)s]")
    parser.add_argument(
        "--quick", action="store_true", help="each task's first agent, two learners, few steps: does it still run?"
    )
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
        print(f"{task:38} {agent}, {variant:8} {row(cell)}", flush=True)
    print(f"\n{path}")


def chosen(a: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    """Yield the task, the agent and the variant of every cell that was asked for; presets where there are some."""
    for task in a.task or (QUICK if a.quick else TASKS):
        usual = TASKS[task].agents[:1] if a.quick else TASKS[task].agents
        for agent in (a.agent,) if a.agent else usual:
            for variant in (a.variant,) if a.variant else VARIANTS[:1] if a.quick else VARIANTS:
                if variant == "default" or agents.preset(agent, task):
                    yield task, agent, variant


def env_of(task: str) -> str:
    """Return the id of a task's environment: what comes before a comma, if its name has one."""
    return task.partition(", ")[0]


def train(task: str, name: str, variant: str, a: argparse.Namespace) -> neurorl.Run:
    """Return the finished run of a cell."""
    folder = a.out / f"{task.replace(', ', '-').replace(' ', '-')}__{name}__{variant}__{a.seed}"
    if (folder / "config.json").is_file():
        return neurorl.resume(folder, loggers="bar")
    bar = TASKS[task]
    env, steps = env_of(task), 2_000 if a.quick else bar.steps
    agent: Any = name
    if variant == "default":  # made here, so that no preset is put into it
        resolved = resolve(env, settings=bar.settings)
        ranges = resolved.ranges._asdict() if resolved.ranges else {}
        agent = agents.find(name).for_spaces(resolved.observation_space, resolved.action_space, **ranges)
    settings = {f"env.{name}": value for name, value in bar.settings.items()}
    options = {
        "group": a.group,
        "seeds": a.seeds or (2 if a.quick else bar.learners),
        "steps": steps,
        "eval_every": steps // (2 if a.quick else bar.evaluations),
        "eval_episodes": 1 if a.quick else min(bar.episodes, 20),
        "log_every": steps // 20,
        "checkpoint_every": steps // 5,
        "max_episode_steps": bar.limit,
    }
    return neurorl.train(env, agent, seed=a.seed, out=folder, settings=settings, loggers="bar", **options)


def measure(task: str, run: neurorl.Run) -> dict[str, Any]:
    """Return what a cell's seeds reached, and whether that holds the bar, where there is one."""
    bar, summary = TASKS[task], run.summary
    greedy = np.array(summary["eval_return"], float)
    final = greedy[:, -1]
    if bar.episodes > 20:
        final = np.array(run.evaluate(bar.episodes)["mean_return"])
    holds: bool | None = None
    reached, median = 0, np.inf
    if bar.bar is not None:
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
        "mean_ci95": mean_interval(final),
        "iqm": statistics.interquartile_mean(final),
        "iqm_ci95": statistics.confidence_interval(final),
        "bar": bar.bar,
        "seeds_at_the_bar": reached if bar.bar is not None else None,
        "median_steps_to_the_bar": median if np.isfinite(median) else None,
        "holds": holds,
        "eval_steps": summary["eval_steps"],
        "eval_mean": [float(value) for value in greedy.mean(0)],
    }


def mean_interval(scores: np.ndarray) -> list[float] | None:
    """Return the bootstrapped 95 % interval of the mean of scores [seeds]; None of one seed."""
    ends = statistics.interval(lambda tasks: tasks[0].mean(1), scores)
    return None if ends is None else [float(end) for end in ends]


def row(cell: dict[str, Any]) -> str:
    """Return a cell in one line."""
    worst, best = min(cell["final"]), max(cell["final"])
    told = f"mean {cell['mean']:9.3f}  [{worst:.3f}, {best:.3f}]"
    if cell["holds"] is None:
        return told
    at_the_bar = f"{cell['seeds_at_the_bar']:2} of {len(cell['final'])} at the bar"
    return f"{told}  {at_the_bar}  {'holds' if cell['holds'] else 'MISSED'}"


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
        if TASKS[task].bar is not None:
            axes.axhline(TASKS[task].bar, color="grey", linestyle="--", linewidth=1)
        axes.set_xticks(
            range(len(cells[task])),
            [name.replace("spiking-", "spiking-\n").replace(", ", "\n") for name in cells[task]],
            fontsize=7,
        )
        axes.set_xlim(-0.6, len(cells[task]) - 0.4)
        steps = " and ".join(f"{n:,}" for n in sorted({cell["env_steps"] for cell in cells[task].values()}))
        axes.set_title(f"{task.replace(', ', chr(10))}\n{steps} steps", fontsize=9)
        axes.tick_params(axis="y", labelsize=8)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
