"""What does the hidden layer of spiking-deep learn, and which part of it earns its place?

Trains it on games of MinAtar (gymnax's rules) again and again on the same fresh seeds, each time with one part taken out or
exchanged, by nothing but settings that `neurorl train --set` takes: means of greedy, frozen evaluations with 95 % bootstrap
intervals. Then follows hidden neurons of one learner of Breakout while it learns: their receptive fields, and how much of their
activity the place of the ball explains. docs/hidden-layer.md says what it means.

    python -m experiments.hidden_layer [--game Breakout] [--seeds 10] [--steps 300000] [--quick]

A condition that is finished is read, one that was interrupted goes on, and what was measured before stays in the table.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

import neurorl
from experiments.provenance import provenance
from neurorl.plasticity import listed_synapses
from neurorl.results import run_folder, statistics
from neurorl.runs import config

RESULTS = Path(__file__).resolve().parent / "results"
SEED = 820_000
FULL = "full"
CONDITIONS: dict[str, dict[str, Any]] = {
    FULL: {},
    "hidden layer frozen": {"hidden.teaching": 0.0},
    "feedback: transpose": {"hidden.feedback": "transpose"},
    "feedback: the wiring's sign": {"hidden.feedback": "sign"},
    "feedback: random": {"hidden.feedback": "random"},
    "no presynaptic gain": {"hidden.rarest": 1.0},
    "no divisive inhibition": {"hidden.inhibition": "constant"},
    "LayerNorm instead": {"hidden.inhibition": "lateral"},
    "unit: the largest value": {"hidden.unit": "largest"},
    "no eligibility trace": {"hidden.decay": 0.0},
    "32 neurons": {"hidden.size": 32},
    "512 neurons": {"hidden.size": 512},
    "4 substeps": {"hidden.most": 4},
    "64 substeps": {"hidden.most": 64},
}
STAGES = (0, 20_000, 100_000, 300_000, 1_000_000)  # environment steps at which hidden neurons are looked at
FRAMES = 4_000  # of games that are looked at
SHOWN = 10  # hidden neurons of which the figure shows the fields
BALL = 1  # channel of Breakout


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", nargs="+", default=["Breakout"], help="games of MinAtar [%(default)s]")
    parser.add_argument("--condition", nargs="+", choices=CONDITIONS, default=list(CONDITIONS), help="conditions [all]")
    parser.add_argument("--seeds", type=int, default=10, help=f"learners of each condition, from seed {SEED} [%(default)s]")
    parser.add_argument("--steps", type=int, default=300_000, help="environment steps of each learner [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/hidden_layer"), help="folder of the runs [%(default)s]")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the table and the figures [%(default)s]")
    parser.add_argument("--skip-fields", action="store_true", help="do not follow hidden neurons")
    parser.add_argument("--quick", action="store_true", help="few steps of two conditions: does it still run?")
    a = parser.parse_args(arguments)
    stages = STAGES
    if a.quick:
        a.game, a.condition, a.seeds, a.steps, stages = ["Breakout"], [FULL, "hidden layer frozen"], 2, 500, (0, 200, 500)
    a.results.mkdir(parents=True, exist_ok=True)
    path = a.results / "hidden_layer.json"
    table = json.loads(path.read_text()) if path.is_file() else {"games": {}}
    for game in a.game:
        for name in a.condition:
            cell = measure(train(game, name, a)) | {"settings": CONDITIONS[name], "provenance": provenance()}
            table["games"].setdefault(game, {})[name] = cell
            run_folder.write_json(path, table)
            draw_conditions(table["games"], a.results / "hidden_layer.png")
            print(f"{game:14} {name:28} {cell['mean']:.2f} {cell['ci95'] and np.round(cell['ci95'], 2).tolist()}", flush=True)
    if not a.skip_fields:
        fields, explained = follow(stages, FRAMES // 20 if a.quick else FRAMES)
        table["explained_by_the_ball"] = {str(at): [float(x) for x in row] for at, row in zip(stages, explained, strict=True)}
        run_folder.write_json(path, table)
        draw_fields(stages, fields, explained, a.results / "hidden_fields.png")
        print("explained by the ball, median over neurons:", np.round(np.median(explained, axis=1), 3).tolist())
    return table


def train(game: str, name: str, a: argparse.Namespace) -> neurorl.Run:
    """Train under one condition, go on with its run, or read it."""
    words = "".join(letter if letter.isalnum() else "-" for letter in name)
    path = a.out / f"{game}__{words}__{a.seeds}x{a.steps}"
    loggers = [] if a.quick else "bar"
    if (path / "config.json").is_file():
        return neurorl.resume(path, loggers=loggers)
    options = {"seed": SEED, "seeds": a.seeds, "steps": a.steps, "eval_every": a.steps // 5, "log_every": a.steps // 20}
    options["eval_episodes"] = 1 if a.quick else 10
    return neurorl.train(f"{game}-MinAtar", "spiking-deep", out=path, settings=CONDITIONS[name], loggers=loggers, **options)


def measure(run: neurorl.Run) -> dict[str, Any]:
    """Return what the learners of a condition reached."""
    greedy = np.array(run.summary["eval_return"], float)
    ends = statistics.interval(lambda tasks: tasks[0].mean(1), greedy[:, -1])
    return {
        "seeds": run.summary["seeds"],
        "env_steps": run.summary["env_steps"],
        "final": [float(value) for value in greedy[:, -1]],
        "mean": float(greedy[:, -1].mean()),
        "ci95": [float(end) for end in ends] if ends else None,
        "eval_steps": run.summary["eval_steps"],
        "eval_mean": [float(value) for value in greedy.mean(0)],
    }


def follow(stages: tuple[int, ...], frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Train a learner of Breakout, and look at its hidden neurons at several stages.

    Returns:
        The weights of the pixels onto hidden neurons, [stages, 10, 10, channels, N], and the share of each neuron's variance that
        the ball's place explains, [stages, N], over the same frames for all stages: of games that the learner plays at the end.
    """
    built = config.build("Breakout-MinAtar", "spiking-deep", {"seeds": 1, "seed": SEED, "steps": stages[-1]}, {})
    loop, agent = built.make_loop(), built.agent
    learners, states = loop.init(), []
    for before, at in zip((0, *stages), stages, strict=False):
        learners = loop.advance(learners, at - before)
        states.append(jax.tree.map(lambda x: jnp.array(x[0]), learners.agent))
    seen = watch(loop, states[-1], frames)
    ball = seen[..., BALL].reshape(frames, -1).argmax(1)
    fields, explained = [], []
    for state in states:
        weights = listed_synapses.materialised(state.hidden.synapses)[0][:-1]
        fields.append(np.array(weights).reshape(*seen.shape[1:], -1))
        fire = jax.jit(jax.vmap(lambda image, state=state: agent.hidden.fire(state.hidden, agent.code, state.code, image).counts))
        explained.append(variance_explained(np.array(fire(seen)), ball))
    return np.array(fields), np.array(explained)


def watch(loop: Any, state: Any, frames: int) -> np.ndarray:
    """Return what is seen in games that a frozen learner plays, [frames, 10, 10, channels]."""
    agent, border, params = loop.agent, loop.border, loop.params

    def step(carried: tuple[Any, Any, Any], key: Any) -> tuple[tuple[Any, Any, Any], Any]:
        world, timestep, activity = carried
        key_act, key_env = jax.random.split(key)
        activity, action = agent.act(state, activity, timestep.observation, key_act)
        world, after = border.step(key_env, world, action, params)
        return (world, after, activity), timestep.observation

    keys = jax.random.split(jax.random.key(SEED), frames + 1)
    start = (*border.begin(keys[0], params), agent.initial_activity(state))
    return np.array(jax.jit(lambda: jax.lax.scan(step, start, keys[1:])[1])())


def variance_explained(counts: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the share of the variance of spike counts [frames, N] that their means by ``place`` [frames] explain, [N]."""
    means = np.array([counts[place == one].mean(0) for one in np.unique(place)])
    sizes = np.array([(place == one).sum() for one in np.unique(place)])
    between = (sizes[:, None] * (means - counts.mean(0)) ** 2).sum(0) / len(counts)
    return between / np.maximum(counts.var(0), 1e-9)


def draw_conditions(games: dict[str, Any], path: Path) -> None:
    """Draw the last greedy return of every condition, mean and interval, and every seed."""
    figure = Figure(figsize=(5.2 * len(games), 4.6), layout="constrained")
    for place, (game, cells) in enumerate(games.items()):
        axes = figure.add_subplot(1, len(games), place + 1)
        names = [name for name in CONDITIONS if name in cells]
        for y, name in enumerate(names):
            cell = cells[name]
            colour = "C1" if name == FULL else "C0"
            axes.plot(cell["final"], [y] * len(cell["final"]), ".", color="lightgrey", zorder=1)
            if cell["ci95"]:
                axes.plot(cell["ci95"], [y, y], color=colour, linewidth=2)
            axes.plot(cell["mean"], y, "o", color=colour)
        if FULL in cells:
            axes.axvline(cells[FULL]["mean"], color="grey", linestyle="--", linewidth=1)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_title(f"{game}, {cells[names[0]]['env_steps']:,} steps")
        axes.set_xlabel("greedy return (mean, 95 % interval)")
    figure.savefig(path, dpi=120)


def draw_fields(stages: tuple[int, ...], fields: np.ndarray, explained: np.ndarray, path: Path) -> None:
    """Draw, at every stage, the fields of the neurons that the ball drives most at the end, and the shares of all neurons."""
    shown = np.argsort(explained[-1])[::-1][:SHOWN]
    figure = Figure(figsize=(1.05 * (SHOWN + 4), 1.15 * len(stages) + 0.6), layout="constrained")
    grid = figure.add_gridspec(len(stages), SHOWN + 4)
    for row, at in enumerate(stages):
        for column, neuron in enumerate(shown):
            axes = figure.add_subplot(grid[row, column])
            field = fields[row, :, :, BALL, neuron]
            most = np.abs(fields[-1, :, :, BALL, neuron]).max()
            axes.imshow(field, cmap="RdBu_r", vmin=-most, vmax=most)
            axes.set_xticks([])
            axes.set_yticks([])
            if row == 0:
                axes.set_title(f"neuron {neuron}", fontsize=7)
            if column == 0:
                axes.set_ylabel(f"{at:,}\nsteps", fontsize=8)
    axes = figure.add_subplot(grid[:, SHOWN + 1 :])
    axes.boxplot([*explained], orientation="horizontal", tick_labels=[f"{at:,}" for at in stages], widths=0.6)
    axes.invert_yaxis()
    axes.set_xlabel("share of a neuron's variance\nthat the ball's place explains")
    axes.set_ylabel("environment steps")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
