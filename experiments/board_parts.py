"""Which part of the board's preset is worth what: taken out of it on the board, and put alone into the defaults elsewhere?

Each part came to ``spiking-actor-critic`` for the FPGA board. Elsewhere it is switched on alone, with the board's constant where
it has one, in what ``neurorl train`` does on the task: the agent's defaults, and its preset where there is one. On the board it
is taken out of the whole preset. All conditions of a task have the same fresh seeds. A finished cell is read, and what was
measured before stays in the table. What is compared, seed by seed, is the mean of all evaluations on the way, of greedy episodes
with frozen weights: where all reach the best return in the end, a part can still be worth time.

    python -m experiments.board_parts [--task CartPole-v1 ...] [--seeds 5] [--seed 95000] [--steps N]
    python -m experiments.board_parts --task neurorl/FpgaTelemetry-v0
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import neurorl
from experiments.provenance import provenance
from neurorl import agents
from neurorl.agents.actions import Actions
from neurorl.envs.resolution import resolve
from neurorl.results import statistics
from neurorl.results.run_folder import write_json

RESULT = Path(__file__).resolve().parent / "results" / "board_parts.json"
AGENT = "spiking-actor-critic"
BOARD = "neurorl/FpgaTelemetry-v0"
WHOLE = "as it is"
# Environment steps of each learner: of the tasks of experiments/tasks.py those that are JAX environments, and the board.
TASKS: dict[str, int] = {
    "CartPole-v1": 10_000,
    "Acrobot-v1": 20_000,
    "MountainCar-v0": 50_000,
    "MountainCarContinuous-v0": 50_000,
    "Pendulum-v1": 50_000,
    "Catch-bsuite": 30_000,
    "DeepSea-bsuite": 20_000,
    "MemoryChain-bsuite": 50_000,
    BOARD: 400_000,
}
TASK_SETTINGS = {"DeepSea-bsuite": {"env.size": 10}, "MemoryChain-bsuite": {"env.memory_length": 10}}


def added(actions: Actions) -> dict[str, dict[str, Any]]:
    """Return what switches each part on alone, in an agent with these actions."""
    heads, neurons = len(actions.heads), actions.size
    adapted = {"modulation.adaptation.enabled": True, "modulation.acetylcholine.enabled": False}
    parts: dict[str, dict[str, Any]] = {
        WHOLE: {},
        "dopamine in its rms": adapted,
        "the same at the board's rate": adapted | {"actor.learning_rate": 1.0},  # a rate for that unit
        "race": {"actor.race": True},
        "openness": {"actor.openness": [0.1] * heads},
        "surprise paid": {"actor.entropy": 0.01},
        "noise that lasts": {"actor.intrinsic.persistence": [0.75] * heads},
        "refractory neurons": {"actor.intrinsic.refractory": [1] * neurons},
        "falling rates": {"critical_period.enabled": True},
    }
    if not all(actions.choices):  # a population is read only where neurons stand for values
        parts["population readout"] = {"actor.sharpness": 3.0}
    return parts


def taken_out() -> dict[str, dict[str, Any]]:
    """Return what takes each part out of the board's preset."""
    return {
        WHOLE: {},
        "dopamine in its rms": {"modulation.adaptation.enabled": False},
        "race": {"actor.race": False, "actor.hazard": 0.8},  # of 1 every substep fires, which is no chance without a race
        "openness": {"actor.openness": []},
        "noise that lasts": {"actor.intrinsic.persistence": []},
        "refractory neurons": {"actor.intrinsic.refractory": []},
        "falling rates": {"critical_period.enabled": False},
        "population readout": {"actor.sharpness": 0.0},
        "slow weights": {"consolidation.window": 1.0},
        "slow critic": {"critic.learning_rate": 2.0},
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS), help="tasks [all]")
    parser.add_argument("--part", nargs="+", help="parts [all]")
    parser.add_argument("--seeds", type=int, default=5, help="learners of each cell [%(default)s]")
    parser.add_argument("--seed", type=int, default=95_000, help="seed of the first [%(default)s]")
    parser.add_argument("--steps", type=int, help="environment steps of each learner [those of the task]")
    parser.add_argument("--out", type=Path, default=Path("runs/board_parts"), help="folder of the runs [%(default)s]")
    a = parser.parse_args(arguments)
    for task in a.task:
        parts = changes(task)
        for part in a.part or parts:
            if part in parts:
                cell = measure(train(task, part, parts[part], a))
                table = json.loads(RESULT.read_text()) if RESULT.is_file() else {"tasks": {}}
                rows = table["tasks"].setdefault(task, {})
                rows[part] = cell | {"settings": parts[part], "provenance": provenance()}
                compare(rows)
                write_json(RESULT, table)
                print(f"{task:26} {part:20} {row(rows[part])}", flush=True)


def changes(task: str) -> dict[str, dict[str, Any]]:
    """Return the settings of each condition of a task."""
    if task == BOARD:
        return taken_out()
    resolved = resolve(task)
    ranges = resolved.ranges._asdict() if resolved.ranges else {}
    agent = agents.find(AGENT).for_spaces(resolved.observation_space, resolved.action_space, **ranges)
    return added(agent.actions)


def train(task: str, part: str, settings: dict[str, Any], a: argparse.Namespace) -> neurorl.Run:
    """Return the finished run of a cell."""
    steps = a.steps or TASKS[task]
    folder = a.out / f"{task.replace('/', '_')}__{part.replace(' ', '-')}__{a.seed}x{a.seeds}x{steps}"
    if (folder / "config.json").is_file():
        return neurorl.resume(folder)
    options = {"seeds": a.seeds, "seed": a.seed, "steps": steps, "eval_every": steps // 10, "eval_episodes": 5}
    return neurorl.train(task, AGENT, settings=TASK_SETTINGS.get(task, {}) | settings, out=folder, **options)


def measure(run: neurorl.Run) -> dict[str, Any]:
    """Return what a cell's seeds reached."""
    greedy = np.array(run.summary["eval_return"], float)
    learned = greedy.mean(1)
    return {
        "env_steps": run.summary["env_steps"],
        "seeds": run.summary["seeds"],
        "evaluated": learned.tolist(),
        "mean": float(learned.mean()),
        "ci95": statistics.confidence_interval(learned),
        "last": greedy[:, -1].tolist(),
    }


def compare(rows: dict[str, Any]) -> None:
    """Note each condition's difference to the learner as it is, of the same seeds, with its standard error."""
    for cell in rows.values():
        if WHOLE in rows and len(cell["evaluated"]) == len(rows[WHOLE]["evaluated"]):
            paired = np.array(cell["evaluated"]) - np.array(rows[WHOLE]["evaluated"])
            cell["difference"] = float(paired.mean())
            cell["difference_se"] = float(paired.std(ddof=1) / np.sqrt(len(paired)))


def row(cell: dict[str, Any]) -> str:
    """Return a cell in one line."""
    ends = f"{cell['mean']:9.2f} [{min(cell['evaluated']):.2f}, {max(cell['evaluated']):.2f}]"
    return ends + (f"  {cell['difference']:+.2f} +- {cell['difference_se']:.2f}" if "difference" in cell else "")


if __name__ == "__main__":
    main()
