"""Does the spiking agent drive the board better than constants and governors, and than PPO with and without memory?

Trains 20 fresh seeds of a learner (or reads a finished run), drives the 256 boards of the release gates with each of them
greedily, with frozen weights, at every checkpoint, and with the governors, and writes experiments/results/fpga_agent.json and
.png. All meet the same boards: boards differ more than agents do, and twenty others may be worth 20 more to all. The spiking
agent has its preset; PPO, of this house, has the same set-points and readings (scaled to [-1, 1]), discount and ticks. A learner
that was measured before stays in the table, so that they can be run one by one. A score of 0 is the nominal setting, and 1 the
oracle.

    python -m experiments.fpga_agent [--agent ppo ...] [--seed 84000] [--seeds 20] [--out runs]
    python -m experiments.fpga_agent --draw    # the figure again, from the JSON
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from scipy import stats

import neurorl
from experiments.fpga_gates import drive, evaluation_keys
from experiments.provenance import provenance
from neurorl.envs.fpga import scenarios
from neurorl.envs.fpga.env import FpgaTelemetry
from neurorl.envs.fpga.estimates import DERIVED
from neurorl.envs.fpga.governors import found
from neurorl.envs.fpga.types import OBSERVATION
from neurorl.envs.registry import FPGA_STEPS
from neurorl.files import write_atomically
from neurorl.results import figures, statistics
from neurorl.runs import checkpoints

ENV = "neurorl/FpgaTelemetry-v0"
STEPS = 2_000_000
GOVERNORS = ("nominal", "best constant", "memoryless", "tuned", "oracle")
SPIKING = "spiking agent"
LEARNERS = {"PPO": "ppo", "PPO with memory": "recurrent-ppo", SPIKING: "spiking-actor-critic"}
LOW, HIGH = (tuple(getattr(r, end) for r in OBSERVATION + DERIVED) for end in ("low", "high"))
SAME: dict[str, Any] = {"env.actions": "set-points", "env.derived": True, "inputs.low": LOW, "inputs.high": HIGH, "gamma": 0.96}
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", nargs="+", choices=LEARNERS.values(), default=list(LEARNERS.values()), help="learners [all]")
    parser.add_argument("--seed", type=int, default=84_000, help="first seed of each [%(default)s]")
    parser.add_argument("--seeds", type=int, default=20, help="seeds of each [%(default)s]")
    parser.add_argument("--steps", type=int, default=STEPS, help="ticks of each seed [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the runs, fpga__AGENT__SEED each [%(default)s]")
    parser.add_argument("--draw", action="store_true", help="only draw the figure again, from the JSON")
    a = parser.parse_args()
    path = RESULTS / "fpga_agent.json"
    for name, agent in LEARNERS.items():
        if agent in a.agent and not a.draw:
            run = trained(a.out / f"fpga__{agent}__{a.seed}", a.seed, a.seeds, a.steps, agent)
            result = measure(name, run, json.loads(path.read_text()) if path.is_file() else {})
            text = json.dumps(result, indent=2) + "\n"
            write_atomically(path, lambda target, text=text: target.write_text(text))  # type: ignore[misc]
    draw(json.loads(path.read_text()), RESULTS / "fpga_agent.png")


def measure(name: str, run: neurorl.Run, known: dict[str, Any]) -> dict[str, Any]:
    """Return the table with what a run and the governors earn on the boards, beside what is known of other learners."""
    parameters, keys = scenarios.parameters("nominal"), evaluation_keys()
    returns = {governor: drive(parameters, found.governors()[governor], keys).reward for governor in GOVERNORS}
    options = run.configuration.options
    measured = {"seeds": [options.seed, options.seed + options.seeds - 1], "env_steps": options.steps, "provenance": provenance()}
    learners = known.get("learners", {}) | {name: measured}
    curves = known.get("curves", {}) | {name: curve_of(run, parameters, keys)}
    nominal, oracle = returns["nominal"].mean(), returns["oracle"].mean()

    def score(value: Any) -> Any:
        return ((np.asarray(value) - nominal) / (oracle - nominal)).tolist()

    rows = {governor: {"return": float(r.mean()), "ci95": interval(r)} for governor, r in returns.items()}
    rows |= {learner: dict(curve[-1]) for learner, curve in curves.items()}
    for row in rows.values():
        row |= {"normalised_score": score(row["return"]), "normalised_ci95": score(row["ci95"])}
    print(f"{'':16} {'return':>8} {'95 % interval':>20} {'score':>7}")
    for row_name, row in rows.items():
        low, high = row["ci95"]
        print(f"{row_name:16} {row['return']:8.1f} {low:9.1f} to {high:7.1f} {row['normalised_score']:7.3f}")
    result = {"env_id": ENV, "boards": len(keys), "learners": learners, "rows": rows, "curves": curves}
    return result | (judged(rows) if SPIKING in rows else {})


def judged(rows: dict[str, Any]) -> dict[str, Any]:
    """Return whether the spiking agent is ahead of each rival."""
    verdicts, own = {}, rows[SPIKING]
    for rival in ("best constant", "PPO", "PPO with memory", "memoryless", "tuned"):
        if rival in rows:
            beaten = own["ci95"][0] > rows[rival]["ci95"][1]
            gap = own["return"] - rows[rival]["return"]
            verdicts[rival] = {"beaten_with_intervals_apart": bool(beaten), "difference": gap}
            print(f"{'beats' if beaten else 'DOES NOT BEAT'} {rival}: {gap:+.1f}")
    return {"worst_seed": min(own["seeds"]), "verdicts": verdicts}


def curve_of(run: neurorl.Run, parameters: Any, keys: Any) -> list[dict[str, Any]]:
    """Return the interquartile mean over seeds of the return over boards, with its interval, at each checkpoint but the first."""
    curve = []
    for step in checkpoints.steps(run.folder.checkpoints)[1:]:
        seeds = drive_agent(run.configuration.agent, run.learners(step).agent, parameters, keys).mean(1)
        mean, ci95 = statistics.interquartile_mean(seeds), statistics.confidence_interval(seeds)
        curve.append({"env_step": step, "return": mean, "ci95": ci95, "seeds": seeds.tolist()})
    return curve


def trained(folder: Path, seed: int, seeds: int, ticks: int, agent: str) -> neurorl.Run:
    """Return the run, trained now, resumed, or read."""
    if (folder / "config.json").is_file():
        run = neurorl.resume(folder, loggers="bar")
        if run.configuration.options.seed != seed:
            raise SystemExit(f"{folder} holds seed {run.configuration.options.seed}, not {seed}; give another --out")
        return run
    settings = {} if agent == LEARNERS[SPIKING] else SAME
    options = {"seeds": seeds, "seed": seed, "steps": ticks, "eval_every": ticks // 10}
    return neurorl.train(ENV, agent, settings=settings, out=folder, loggers="bar", **options)


def drive_agent(agent: Any, states: Any, parameters: Any, keys: Any) -> np.ndarray:
    """Return the returns of greedy episodes by set-points of every learner, with frozen weights, [seeds, boards]."""
    return np.asarray(_drive(agent, states, parameters, keys))


@jax.jit
def _drive(agent: Any, states: Any, parameters: Any, keys: Any) -> Any:
    env = FpgaTelemetry(actions="set-points", derived=True)

    def one(state: Any, key: Any) -> Any:
        def tick(carry: Any, _: None) -> tuple[Any, None]:
            observation, board, activity, total = carry
            alive = ~board.dead
            activity, action = agent.act(state, activity, observation, jax.random.key(0))
            observation, board, reward, *_ = env.step_env(key, board, action, parameters)
            return (observation, board, activity, total + jnp.where(alive, reward, 0.0)), None

        start = (*env.reset_env(key, parameters), agent.initial_activity(state), jnp.float32(0.0))
        return jax.lax.scan(tick, start, None, length=FPGA_STEPS)[0][3]

    return jax.lax.map(lambda state: jax.vmap(one, in_axes=(None, 0))(state, keys), states)


def interval(returns: np.ndarray) -> list[float]:
    """Return the 95 % interval of a mean over boards, by Student's t."""
    low, high = stats.t.interval(0.95, len(returns) - 1, returns.mean(), stats.sem(returns))
    return [float(low), float(high)]


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the learning curves beside the governors, and the scores."""
    rows = result["rows"]
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.3, 1.0])
    colour = {name: f"C{i}" for i, name in enumerate((SPIKING, "PPO", *GOVERNORS, "PPO with memory"))}
    for name, curve in result["curves"].items():
        steps, ci = [at["env_step"] for at in curve], np.array([at["ci95"] for at in curve])
        left.fill_between(steps, ci[:, 0], ci[:, 1], color=colour[name], alpha=0.25, linewidth=0)
        left.plot(steps, [at["return"] for at in curve], color=colour[name], linewidth=2, label=name)
    for name in GOVERNORS[1:]:
        left.axhline(rows[name]["return"], color=colour[name], linewidth=1, linestyle="--", label=name)
    left.set(title=f"Greedy on the {result['boards']} boards of the gates, while learning")
    left.set(xlabel="environment steps of each seed", ylabel="return of an episode", ylim=(-60, None))
    left.legend(frameon=False, fontsize=8, ncols=2, loc="lower right")
    names = [name for name in (*GOVERNORS[:2], *LEARNERS, *GOVERNORS[2:]) if name in rows]
    scores = np.array([rows[name]["normalised_score"] for name in names])
    ends = np.array([rows[name]["normalised_ci95"] for name in names])
    colours = [colour[name] for name in names]
    right.barh(names, scores, color=colours, xerr=np.abs(ends.T - scores), error_kw={"capsize": 3})
    right.invert_yaxis()
    right.set(title="Score: 0 nominal, 1 oracle (95 % interval)")
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figures.save(figure, path)


if __name__ == "__main__":
    main()
