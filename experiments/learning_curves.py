"""Is the spiking agent any good, and against what?

Trains every agent on CartPole-v1, Acrobot-v1 and MountainCar-v0, each with 20 fresh seeds and one configuration a task (the
agent's defaults or its preset), and draws the greedy return against environment steps and against the processor seconds that
one learner took to train, as interquartile mean with 95 % bootstrap interval. The table says how many environment steps and how
many processor seconds a learner took to solve its task: to the first of three successive evaluations, of 20 greedy episodes
with frozen weights, at the threshold. A learner that did not solve it counts with all its steps, which favours it.

Evaluation is not counted as training. All agents of a task are trained in batches of the same number of learners, each batch in
a process with one thread. It may be stopped and started again at any time, and goes on. `make figures` does the same.

    python -m experiments.learning_curves [--jobs 2] [--seeds 20] [--tasks CartPole-v1 ...] [--agents ppo ...]
        [--out runs/learning_curves] [--finished] [--quick]
"""

import argparse
import concurrent.futures
import multiprocessing
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

RESULTS = Path(__file__).resolve().parent / "results"
SEED = 500_000
TASKS = {"CartPole-v1": 475.0, "Acrobot-v1": -100.0, "MountainCar-v0": -110.0}
OURS = "spiking-actor-critic"


class Budget(NamedTuple):
    """How long an agent is trained."""

    steps: int  # environment steps of each learner
    eval_every: int  # environment steps between evaluations


# The quick learners are looked at more often. PPO and DQN get the steps that their constants were published for, over which their
# schedules fall.
AGENTS = {
    OURS: Budget(100_000, 1_000),
    "spiking-sarsa": Budget(100_000, 1_000),
    "r-stdp": Budget(100_000, 5_000),
    "linear-sarsa": Budget(100_000, 1_000),
    "lif-ppo": Budget(500_000, 5_000),
    "ppo": Budget(500_000, 5_000),
    "dqn": Budget(500_000, 5_000),
    "random": Budget(100_000, 20_000),
}
QUICK = Budget(4_000, 1_000)


class Curves(NamedTuple):
    """What the learners of one agent did on one task."""

    steps: np.ndarray  # [evaluations], environment steps of each learner
    seconds: np.ndarray  # [evaluations], processor seconds of each learner
    returns: np.ndarray  # [seeds, evaluations], greedy
    solved: np.ndarray  # [seeds], which evaluation is the first of three at the threshold; -1 for none


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help=f"learners of each agent, from seed {SEED} [%(default)s]")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), help="only these [all]")
    parser.add_argument("--agents", nargs="+", choices=AGENTS, default=list(AGENTS), help="only these [all]")
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time, each on one core [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/learning_curves"), help="folder of the runs [%(default)s]")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results [%(default)s]")
    parser.add_argument("--finished", action="store_true", help="train nothing: the figure and the table of what is finished")
    parser.add_argument("--quick", action="store_true", help="3 learners, 4,000 steps each: to see that it works")
    a = parser.parse_args(arguments)
    if a.quick:
        a.seeds = 3
    os.environ.setdefault("NPROC", "1")  # before JAX is imported, here and in the processes that train
    cases = [(task, agent) for task in a.tasks for agent in a.agents]
    if a.finished:
        cases = [case for case in cases if (a.out / stem(*case, a.seeds, a.quick) / "summary.json").is_file()]
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(a.jobs, context) as pool:
        begun = {pool.submit(train, *case, a.seeds, a.out, a.quick): case for case in cases}
        for number, future in enumerate(concurrent.futures.as_completed(begun), 1):
            print(f"{number} of {len(cases)}: {' '.join(begun[future])}: {future.result()}", flush=True)
    measured = {(task, agent): read(a.out / stem(task, agent, a.seeds, a.quick), TASKS[task]) for task, agent in cases}

    from experiments.provenance import provenance
    from neurorl.results.run_folder import write_json

    a.results.mkdir(parents=True, exist_ok=True)
    rows = [row(task, agent, curves) for (task, agent), curves in measured.items()]
    ratios = [r for task in a.tasks for rival in ("dqn", "ppo") if (r := ratio(task, rival, measured)) is not None]
    table = {"seeds": list(range(SEED, SEED + a.seeds)), "rows": rows, "ours_against": ratios, "provenance": provenance()}
    write_json(a.results / "learning_curves.json", table)
    draw(measured, a.tasks, a.seeds, a.results / "learning_curves.png")
    print(markdown(table))
    return table


def stem(task: str, agent: str, seeds: int, quick: bool) -> str:
    """Return the name of a run's folder, which holds everything that the script varies."""
    return f"{task}__{agent}__{seeds}x{(QUICK if quick else AGENTS[agent]).steps}"


def train(task: str, agent: str, seeds: int, out: Path, quick: bool) -> str:
    """Train an agent on a task, or go on with it, and say what came of it; runs in a process of its own."""
    import neurorl

    folder, budget = out / stem(task, agent, seeds, quick), QUICK if quick else AGENTS[agent]
    if (folder / "config.json").is_file():
        run = neurorl.resume(folder)
    else:
        options = {"seeds": seeds, "seed": SEED, **budget._asdict(), "log_every": budget.eval_every}
        run = neurorl.train(task, agent, out=folder, **options)
    return f"greedy return {run.summary['final_eval_return_iqm']:.1f} after {budget.steps:,} steps"


def read(folder: Path, threshold: float) -> Curves:
    """Return the curves of a finished run."""
    import neurorl
    from neurorl.results import statistics
    from neurorl.results.run_folder import read_json

    run = neurorl.load(folder)
    greedy = run.evaluation.pivot(index="seed", columns="env_step", values="eval_return")
    steps, returns = greedy.columns.to_numpy(), greedy.to_numpy(float)
    spent = read_json(run.folder.timing)["processor_seconds_at"]
    solved = statistics.steps_to_threshold(steps, returns, threshold)
    index = np.array([-1 if step is None else int(np.searchsorted(steps, step)) for step in solved])
    return Curves(steps, np.array([spent[str(step)] for step in steps]) / len(returns), returns, index)


def row(task: str, agent: str, curves: Curves) -> dict[str, Any]:
    """Return an agent's row of the table."""
    from neurorl.results import statistics

    end = curves.returns[:, -1]
    return {
        "task": task,
        "agent": agent,
        "env_steps": int(curves.steps[-1]),
        "solved": int((curves.solved >= 0).sum()),
        "seeds": len(end),
        "steps_to_solve": with_interval(curves.steps[curves.solved]),
        "processor_seconds_to_solve": with_interval(curves.seconds[curves.solved]),
        "processor_microseconds_per_step": float(1e6 * curves.seconds[-1] / curves.steps[-1]),
        "greedy_return": {"iqm": statistics.interquartile_mean(end), "ci95": statistics.confidence_interval(end)},
    }


def ratio(task: str, rival: str, measured: dict[tuple[str, str], Curves]) -> dict[str, Any] | None:
    """Return how many times the environment steps and processor seconds of the spiking agent a rival takes to solve a task."""
    from neurorl.results import statistics
    from neurorl.results.statistics.interquartile import over_tasks

    if (task, rival) not in measured or (task, OURS) not in measured:
        return None
    ours, theirs = measured[task, OURS], measured[task, rival]
    if (ours.solved < 0).any():
        return None  # how much sooner is no question for one that does not arrive
    found: dict[str, Any] = {"task": task, "rival": rival}
    for name, x, y in (
        ("steps", theirs.steps[theirs.solved], ours.steps[ours.solved]),
        ("processor_seconds", theirs.seconds[theirs.solved], ours.seconds[ours.solved]),
    ):
        ends = statistics.interval(lambda x, y: over_tasks(x) / over_tasks(y), x, y)
        middle = (statistics.interquartile_mean(x) or np.nan) / (statistics.interquartile_mean(y) or np.nan)
        found[name] = {"ratio": middle, "ci95": None if ends is None else [float(end) for end in ends]}
    return found


def with_interval(values: np.ndarray) -> dict[str, Any]:
    """Return the interquartile mean over seeds with its interval; an index of -1 has taken the last value, the budget."""
    from neurorl.results import statistics

    return {"iqm": statistics.interquartile_mean(values), "ci95": statistics.confidence_interval(values)}


def markdown(table: dict[str, Any]) -> str:
    """Return the tables for docs/comparisons.md."""

    def cell(value: dict[str, Any], digits: int, capped: bool = False) -> str:
        ends = "" if value["ci95"] is None else " [" + ", ".join(f"{end:,.{digits}f}" for end in value["ci95"]) + "]"
        return ("> " if capped else "") + f"{value['iqm']:,.{digits}f}{ends}"

    lines = [
        "| task | agent | solved | environment steps to solve | processor seconds to solve | greedy return at the end (steps) |",
        "|---|---|---|---|---|---|",
    ]
    for r in table["rows"]:
        some = r["solved"] > 0
        steps, seconds = (
            cell(r[key], digits, r["solved"] < r["seeds"]) if some else "-"
            for key, digits in (("steps_to_solve", 0), ("processor_seconds_to_solve", 2))
        )
        lines.append(
            f"| {r['task']} | {r['agent']} | {r['solved']} of {r['seeds']} | {steps} | {seconds} | "
            f"{cell(r['greedy_return'], 1)} ({r['env_steps']:,}) |"
        )
    lines += [
        "",
        f"| task | rival | its environment steps / those of {OURS} | its processor seconds / those |",
        "|---|---|---|---|",
    ]
    for r in table["ours_against"]:
        cells = [cell({"iqm": r[key]["ratio"], "ci95": r[key]["ci95"]}, 1) for key in ("steps", "processor_seconds")]
        lines.append(f"| {r['task']} | {r['rival']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(measured: dict[tuple[str, str], Curves], tasks: list[str], seeds: int, path: Path) -> None:
    """Draw a column a task: returns against environment steps above, and against processor seconds below."""
    from matplotlib.figure import Figure

    from neurorl.results import figures, statistics

    figure = Figure(figsize=(4.6 * len(tasks) + 1.6, 7.4), layout="constrained")
    panels = figure.subplots(2, len(tasks), squeeze=False, sharey="col")
    for task, column in zip(tasks, panels.T, strict=True):
        for index, agent in enumerate(AGENTS):
            if (task, agent) not in measured:
                continue
            curves = measured[task, agent]
            middle, low, high = statistics.sample_efficiency(curves.returns)
            width = 2.4 if agent == OURS else 1.4
            for axes, x in zip(column, (curves.steps, curves.seconds), strict=True):
                axes.fill_between(x, low, high, color=figures.COLOURS[index], alpha=0.2, linewidth=0)
                axes.plot(x, middle, color=figures.COLOURS[index], linewidth=width, label=agent, zorder=3 if agent == OURS else 2)
        for axes, unit in zip(column, ("environment steps", "processor seconds"), strict=True):
            axes.axhline(TASKS[task], color="0.3", linewidth=0.8, linestyle="--", zorder=1)
            axes.set(xscale="log", xlabel=f"{unit} of each learner")
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
        column[0].set_title(f"{task} (dashed: solved, {TASKS[task]:g})", fontsize=10)
    for axes in panels[:, 0]:
        axes.set_ylabel("greedy return, frozen weights")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=9)
    figure.suptitle(f"Interquartile mean of {seeds} seeds, with 95 % bootstrap intervals", fontsize=11)
    figures.save(figure, path)


if __name__ == "__main__":
    main()
