"""Does what the spiking agent learned hold in other scenarios, at once and after learning there for a while?

Takes a finished run of ``experiments.fpga_agent``, drives boards of every scenario with its learners and with the governors, all
tuned on the default scenario but for the best constant, which is that of the scenario (of a report, the best of these); then
lets some of the learners go on learning there for 200,000 ticks, in a second critical period that begins half closed. With a
folder of Vivado timing reports (``--reports``) the scenario "report-driven" is measured on the first five builds of it that meet
their timing. Writes experiments/results/fpga_robustness.json and prints the table.

    python -m experiments.fpga_robustness [--run runs/fpga] [--boards 128] [--learners 5] [--reports FOLDER]
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import neurorl
from experiments.fpga_agent import drive_agent, interval
from experiments.fpga_gates import drive
from experiments.fpga_tuning import drive_constants
from experiments.provenance import provenance
from neurorl.envs.fpga import scenarios, score
from neurorl.envs.fpga.governors import constant, found
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.errors import NeurorlError
from neurorl.files import write_atomically
from neurorl.loops.jax_loop import JaxLoop
from neurorl.results import statistics

BOARDS_SEED = 16_180
SEARCH_SEED, SEARCHED = 11_235, 64
MORE = 200_000  # ticks
REPORTS = 5
GOVERNORS = ("nominal", "memoryless", "tuned")
RESULT = Path(__file__).resolve().parent / "results" / "fpga_robustness.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/fpga"), help="folder of the run [%(default)s]")
    parser.add_argument("--boards", type=int, default=128, help="boards of each scenario [%(default)s]")
    parser.add_argument("--learners", type=int, default=5, help="learners that go on learning; 0: none [%(default)s]")
    parser.add_argument("--more-in", nargs="*", help="scenarios in which they do [all]")
    parser.add_argument("--reports", type=Path, help="folder of Vivado timing reports")
    arguments = parser.parse_args()
    run = neurorl.load(arguments.run)
    keys = jax.random.split(jax.random.key(BOARDS_SEED), arguments.boards)
    result: dict[str, Any] = {
        "boards": arguments.boards,
        "learners": run.values["seeds"],
        "learners_that_go_on": arguments.learners,
        "more_ticks": MORE,
        "scenarios": {},
    }
    print(f"{'scenario':28} {'constant':>9} {'memoryless':>11} {'tuned':>7} {'agent':>7} {'after 200k':>11}")
    for name, (p, setting) in every_scenario(arguments.reports).items():
        goes_on = arguments.more_in is None or name in arguments.more_in
        rows = measure(run, p, setting, keys, arguments.learners if goes_on else 0)
        result["scenarios"][name] = rows
        after = rows.get("spiking agent after more", {}).get("return", float("nan"))
        shown = [rows[row]["return"] for row in ("best constant", "memoryless", "tuned", "spiking agent")]
        print(f"{name:28} {shown[0]:9.1f} {shown[1]:11.1f} {shown[2]:7.1f} {shown[3]:7.1f} {after:11.1f}", flush=True)
    result |= {"wins": wins(result["scenarios"]), "provenance": provenance()}
    print(json.dumps(result["wins"]))
    write_atomically(RESULT, lambda path: path.write_text(json.dumps(result, indent=1) + "\n"))


def every_scenario(reports: Path | None) -> dict[str, tuple[FpgaParameters, dict[str, float]]]:
    """Return the parameters of each scenario and its best constant setting."""
    known = {name: (scenarios.parameters(name), at["best constant setting"]) for name, at in score.frozen().items()}
    paths = sorted(reports.glob("*.rpt")) if reports else []
    builds = 0
    for path in paths:
        try:
            p = scenarios.parameters(scenarios.REPORT_DRIVEN, str(path))
        except NeurorlError:
            continue  # a report of another kind, or without a worst path
        if p.bad_build or builds == REPORTS:
            continue
        builds += 1
        known[f"report {path.name[:2]}"] = (p, best_of(p))
    return known


def best_of(p: FpgaParameters) -> dict[str, float]:
    """Return the setting, of those that are best in some scenario, that earns most on boards of its own."""
    settings = [at["best constant setting"] for at in score.frozen().values()]
    keys = jax.random.split(jax.random.key(SEARCH_SEED), SEARCHED)
    earned = drive_constants(p, np.array([list(s.values()) for s in settings], np.float32), keys).mean(1)
    return settings[int(earned.argmax())]


def measure(run: neurorl.Run, p: FpgaParameters, setting: dict[str, float], keys: Any, learners: int) -> dict[str, Any]:
    """Return what everyone earns on boards of a scenario."""
    returns = {name: drive(p, found.governors()[name], keys).reward for name in GOVERNORS}
    returns["best constant"] = drive(p, constant.governor(**setting), keys).reward
    rows: dict[str, Any] = {name: {"return": float(r.mean()), "ci95": interval(r)} for name, r in returns.items()}
    agent, states = run.configuration.agent, run.learners().agent
    rows["spiking agent"] = over_seeds(drive_agent(agent, states, p, keys))
    if learners:
        some = jax.tree.map(lambda leaf: leaf[:learners], states)
        rows["spiking agent after more"] = over_seeds(drive_agent(agent, go_on(run, some, p, learners), p, keys))
    return rows


def go_on(run: neurorl.Run, states: Any, p: FpgaParameters, learners: int) -> Any:
    """Return learners [learners] after more ticks in a scenario, with all they knew, in a critical period that is half over."""
    configuration = run.configuration
    period = configuration.agent.critical_period.replace(steps=2 * MORE)
    task = configuration.task.altered({key: getattr(p, key) for key in configuration.task.parameters if hasattr(p, key)})
    loop = JaxLoop(task, configuration.agent.replace(critical_period=period), configuration.options.seed, learners, 0, 1)
    begun = loop.init()
    states = states._replace(age=jnp.full(learners, MORE, jnp.int32))
    return loop.advance(begun._replace(agent=states), MORE).agent


def over_seeds(returns: np.ndarray) -> dict[str, Any]:
    """Return the interquartile mean over seeds of returns [seeds, boards], with its interval."""
    seeds = returns.mean(1)
    mean, ci95 = statistics.interquartile_mean(seeds), statistics.confidence_interval(seeds)
    return {"return": mean, "ci95": ci95, "seeds": seeds.tolist()}


def wins(rows: dict[str, Any]) -> dict[str, Any]:
    """Return in how many scenarios the agent earns more than each rival, at once and after more ticks."""
    counts: dict[str, Any] = {"scenarios": len(rows)}
    for who in ("spiking agent", "spiking agent after more"):
        for rival in ("best constant", "memoryless", "tuned"):
            met = [at for at in rows.values() if who in at]
            counts[f"{who}, {rival}"] = sum(at[who]["return"] > at[rival]["return"] for at in met)
    return counts


if __name__ == "__main__":
    main()
