"""Does the spiking agent drive the board better than the best constant setting and the tuned governor?

Trains 20 fresh seeds (or reads a finished run), drives the 256 boards of the release gates with each of them greedily, with
frozen weights, at every checkpoint, and with the governors, and writes experiments/results/fpga_agent.json and .png. All meet the
same boards and are driven by the same code: boards differ more than agents do, and twenty others may be worth 20 more to all.
A score of 0 is the nominal setting, 1 the oracle.

    python -m experiments.fpga_agent [--seed 70000] [--out runs/fpga]
    python -m experiments.fpga_agent --draw    # the figure again, from the JSON
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
from matplotlib.figure import Figure
from scipy import stats

import neurorl
from experiments.fpga_gates import drive, evaluation_keys
from experiments.provenance import provenance
from neurorl.envs.fpga import scenarios
from neurorl.envs.fpga.governors import found
from neurorl.envs.fpga.governors.governor import Governor, episode
from neurorl.files import write_atomically
from neurorl.results import figures, statistics
from neurorl.runs import checkpoints

ENV = "neurorl/FpgaTelemetry-v0"
SEEDS, STEPS = 20, 300_000
GOVERNORS = ("nominal", "best constant", "tuned", "oracle")
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=70_000, help="first of the 20 seeds [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/fpga"), help="folder of the run [%(default)s]")
    parser.add_argument("--draw", action="store_true", help="only draw the figure again, from the JSON")
    arguments = parser.parse_args()
    if not arguments.draw:
        measure(trained(arguments.out, arguments.seed))
    draw(json.loads((RESULTS / "fpga_agent.json").read_text()), RESULTS / "fpga_agent.png")


def measure(run: neurorl.Run) -> None:
    """Drive the boards with the run and the governors, and write the JSON."""
    parameters, keys = scenarios.parameters("nominal"), evaluation_keys()
    returns = {name: drive(parameters, found.governors()[name], keys).reward for name in GOVERNORS}
    learned = {step: agents.mean(1) for step, agents in drive_agents(run, parameters, keys).items()}
    nominal, oracle = returns["nominal"].mean(), returns["oracle"].mean()

    def score(value: Any) -> Any:
        return ((np.asarray(value) - nominal) / (oracle - nominal)).tolist()

    rows = {name: {"return": float(r.mean()), "ci95": interval(r)} for name, r in returns.items()}
    curve = [
        {"env_step": step, "return": statistics.interquartile_mean(seeds), "ci95": statistics.confidence_interval(seeds)}
        for step, seeds in learned.items()
    ]
    rows["spiking agent"] = {**curve[-1], "seeds": learned[curve[-1]["env_step"]].tolist()}
    for row in rows.values():
        row |= {"normalised_score": score(row["return"]), "normalised_ci95": score(row["ci95"])}
    print(f"{'':16} {'return':>8} {'95 % interval':>20} {'score':>7}")
    for name, row in rows.items():
        print(f"{name:16} {row['return']:8.1f} {row['ci95'][0]:9.1f} to {row['ci95'][1]:7.1f} {row['normalised_score']:7.3f}")
    verdicts = {}
    for rival in ("best constant", "tuned"):
        beaten = rows["spiking agent"]["ci95"][0] > rows[rival]["ci95"][1]
        gap = rows["spiking agent"]["return"] - rows[rival]["return"]
        verdicts[rival] = {"beaten_with_intervals_apart": bool(beaten), "difference": gap}
        print(f"{'beats' if beaten else 'DOES NOT BEAT'} {rival}: {gap:+.1f}")
    options = run.configuration.options
    result = {
        "env_id": ENV,
        "seeds": [options.seed, options.seed + options.seeds - 1],
        "env_steps": options.steps,
        "boards": len(keys),
        "rows": rows,
        "curve": curve,
        "verdicts": verdicts,
        "provenance": provenance(),
    }
    text = json.dumps(result, indent=2) + "\n"
    write_atomically(RESULTS / "fpga_agent.json", lambda path: path.write_text(text))


def trained(folder: Path, seed: int) -> neurorl.Run:
    """Return the run, trained now, resumed, or read."""
    if (folder / "config.json").is_file():
        run = neurorl.resume(folder, loggers="bar")
        if run.configuration.options.seed != seed:
            raise SystemExit(f"{folder} holds seed {run.configuration.options.seed}, not {seed}; give another --out")
        return run
    return neurorl.train(ENV, seeds=SEEDS, seed=seed, steps=STEPS, eval_every=STEPS // 10, out=folder, loggers="bar")


def drive_agents(run: neurorl.Run, parameters: Any, keys: Any) -> dict[int, np.ndarray]:
    """Return the returns of greedy episodes of every learner, [seeds, boards], at each checkpoint but the first.

    A learner is a governor with frozen weights.
    """
    agent = run.configuration.agent

    def one(state: Any, key: Any) -> Any:
        def act(_: Any, activity: Any, observation: Any, board: Any) -> Any:
            return agent.act(state, activity, observation, jax.random.key(0))

        return episode(parameters, Governor(lambda: agent.initial_activity(state), act), key).reward

    boards = jax.vmap(one, in_axes=(None, 0))
    drive_all = jax.jit(lambda states: jax.lax.map(lambda state: boards(state, keys), states))
    steps = checkpoints.steps(run.folder.checkpoints)[1:]
    return {step: np.asarray(drive_all(run.learners(step).agent)) for step in steps}


def interval(returns: np.ndarray) -> list[float]:
    """Return the 95 % interval of a mean over boards, by Student's t."""
    low, high = stats.t.interval(0.95, len(returns) - 1, returns.mean(), stats.sem(returns))
    return [float(low), float(high)]


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the learning curve beside the governors, and the scores."""
    rows, curve = result["rows"], result["curve"]
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.3, 1.0])
    steps, ci = [at["env_step"] for at in curve], np.array([at["ci95"] for at in curve])
    left.fill_between(steps, ci[:, 0], ci[:, 1], alpha=0.25, linewidth=0)
    left.plot(steps, [at["return"] for at in curve], linewidth=2, label="spiking agent")
    for i, name in enumerate(GOVERNORS):
        left.axhline(rows[name]["return"], color=f"C{i + 1}", linewidth=1, linestyle="--", label=name)
    left.set(title=f"Greedy on the {result['boards']} boards of the gates, while learning")
    left.set(xlabel="environment steps of each seed", ylabel="return of an episode")
    left.legend(frameon=False, fontsize=8)
    names = [*GOVERNORS[:2], "spiking agent", *GOVERNORS[2:]]
    scores = np.array([rows[name]["normalised_score"] for name in names])
    ends = np.array([rows[name]["normalised_ci95"] for name in names])
    colours = ["C0" if name == "spiking agent" else f"C{GOVERNORS.index(name) + 1}" for name in names]
    right.barh(names, scores, color=colours, xerr=np.abs(ends.T - scores), error_kw={"capsize": 3})
    right.invert_yaxis()
    right.set(title="Score: 0 nominal, 1 oracle (95 % interval)")
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figures.save(figure, path)


if __name__ == "__main__":
    main()
