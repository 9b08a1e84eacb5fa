"""Do trained agents, exported as NIR, play in other simulators as they play here?

Trains the agents (or reads those that are finished), writes each as NIR, lets Norse, snnTorch and Spyx run the file in
environments of their own, with the border of code and choice here, and compares the returns of the same greedy episodes. Writes
experiments/results/nir_players.json, and the graphs beside the runs.

    python -m experiments.nir_players --peers-python PATH [--peers-python PATH ...] [--out runs/nir] [--episodes 20]

PATH is a Python that has ``nir`` and one or more of the packages norse, snntorch and spyx; those that none has are left out.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np

import neurorl
from experiments.provenance import provenance
from neurorl import nir
from neurorl.networks import Monitor
from neurorl.neurons import LeakyIntegrator
from neurorl.nir import Player
from neurorl.runs.evaluation import SEED

RESULTS = Path(__file__).resolve().parent / "results"
PEER = Path(__file__).resolve().parent / "simulators" / "nir_peer.py"
SIMULATORS = ("norse", "snntorch", "spyx")


class Case(NamedTuple):
    """A trained agent, and how each simulator runs it."""

    env: str
    agent: Any
    options: dict[str, Any]
    how: dict[str, dict[str, Any]]  # of each simulator: what ``neurorl.nir.player`` takes


# Spyx and the agent keep what is left of a charge at a spike. Norse resets to 0, and would need many more steps of spiking-sarsa.
NETWORK = {"leave_out": ("refractory",)}
CASES = {
    "spiking-sarsa, MountainCar-v0": Case("MountainCar-v0", "spiking-sarsa", {"steps": 60_000}, {"spyx": {}}),
    "spiking-sarsa, CartPole-v1": Case("CartPole-v1", "spiking-sarsa", {"steps": 50_000, "seed": 5}, {"spyx": {}}),
    "spiking-network, CartPole-v1": Case(
        "CartPole-v1",
        "spiking-network",
        {"steps": 20_000},
        {"neurorl": NETWORK | {"membrane": True}, "norse": NETWORK | {"refine": 2}, "snntorch": NETWORK | {"refine": 10}},
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", action="append", default=[], metavar="PATH", help="a Python with simulators")
    parser.add_argument("--out", type=Path, default=Path("runs/nir"), help="folder of runs and graphs [%(default)s]")
    parser.add_argument("--episodes", type=int, default=20, help="greedy episodes, the same everywhere [%(default)s]")
    parser.add_argument("--case", choices=list(CASES), help="only this one")
    arguments = parser.parse_args()
    pythons = {name: python for name in SIMULATORS for python in arguments.peers_python if has(python, name)}
    path = RESULTS / "nir_players.json"
    before = json.loads(path.read_text()) if path.is_file() and arguments.case else {}
    table, versions = before.get("returns", {}), before.get("simulators", {})
    for name, case in CASES.items():
        if arguments.case in (None, name):
            table[name], met = compare(name, case, pythons, arguments.out, arguments.episodes)
            versions |= met
            RESULTS.mkdir(exist_ok=True)
            made = {"simulators": versions, "provenance": provenance()}
            path.write_text(json.dumps({"episodes": arguments.episodes, "returns": table, **made}, indent=2) + "\n")


def has(python: str, package: str) -> bool:
    """Return whether a Python has a package."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
    return subprocess.run([python, "-c", code]).returncode == 0


def compare(name: str, case: Case, pythons: dict[str, str], out: Path, episodes: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a row of the table: the returns here and in each simulator, and the versions met."""
    folder = out / name.replace(", ", "_")
    run = neurorl.resume(folder) if (folder / "config.json").is_file() else train(case, folder)
    best = int(np.argmax(run.evaluate(episodes)["mean_return"]))
    trained = run.agent(best)
    here = np.array(run.evaluate(episodes, best)["returns"][0])
    row: dict[str, Any] = {"seed": int(run.values["seed"]) + best, "neurorl": summed(here, here)}
    versions: dict[str, str] = {}
    print(f"{name}, seed {row['seed']}: {here.mean():.1f}", flush=True)
    for simulator, how in case.how.items():
        if simulator != "neurorl" and simulator not in pythons:
            continue
        file = out / f"{folder.name}_{simulator}.nir"
        players = [nir.player(trained, **how) for _ in range(episodes)]
        nir.write(players[0].graph, file)
        ours = simulator == "neurorl"
        runner = Ours(file) if ours else Peer(pythons[simulator], simulator, file, players[0].dt)
        reached, met = play(players, case.env, runner)
        key = "the graph, read by neurorl" if ours else simulator
        row[key] = summed(reached, here) | {
            "how": {k: v for k, v in how.items() if k != "leave_out"} | {"steps": players[0].steps}
        }
        versions |= met
        print(f"  {key:30} {reached.mean():8.1f}, {100 * row[key]['off']:+.1f} %", flush=True)
    return row, versions


def train(case: Case, folder: Path) -> neurorl.Run:
    """Train two learners."""
    every = case.options["steps"] // 4
    return neurorl.train(case.env, case.agent, seeds=2, out=folder, eval_every=every, loggers="bar", **case.options)


def summed(reached: np.ndarray, here: np.ndarray) -> dict[str, Any]:
    """Return the returns of episodes, their mean, and how far it is from that of others, as a share of those."""
    mean, theirs = float(reached.mean()), float(here.mean())
    return {"mean": mean, "off": (mean - theirs) / abs(theirs), "returns": reached.tolist()}


def play(players: list[Player], env_id: str, simulator: Any) -> tuple[np.ndarray, dict[str, str]]:
    """Return the return of one episode with each player, side by side, and the versions of what ran the graph."""
    environments = [gymnasium.make(env_id) for _ in players]
    seen = [environment.reset(seed=SEED + i)[0] for i, environment in enumerate(environments)]
    total, playing = np.zeros(len(players)), np.ones(len(players), bool)
    for each in players:
        each.reset()
    while playing.any():
        inputs = [each.inputs(observation) for each, observation in zip(players, seen, strict=True)]
        outputs = simulator.run(inputs, players[0].begins_anew)
        for i in np.flatnonzero(playing):
            seen[i], reward, terminated, truncated, _ = environments[i].step(players[i].action(outputs[:, i]))
            total[i] += float(reward)
            playing[i] = not (terminated or truncated)
    simulator.close()
    return total, simulator.versions


class Peer:
    """A graph that runs in another simulator, in another process."""

    def __init__(self, python: str, name: str, file: Path, dt: float):
        command = [python, str(PEER), name, str(file), repr(dt / 1000.0)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asked, self._answer = self._process.stdin, self._process.stdout
        self.versions = json.loads(self._answer.readline())

    def run(self, inputs: list[np.ndarray], anew: bool) -> np.ndarray:
        """Return the output of an environment step, [steps, episodes, m]."""
        held = all(each.strides[0] == 0 for each in inputs)  # one row that is repeated goes over once
        rows = np.stack([each[:1] if held else each for each in inputs], 1)
        message = {"shape": rows.shape, "anew": anew, "repeat": len(inputs[0]) if held else 1}
        self._asked.write(json.dumps(message).encode() + b"\n" + rows.astype(np.float32).tobytes())
        self._asked.flush()
        shape = json.loads(self._answer.readline())["shape"]
        return np.frombuffer(self._answer.read(4 * int(np.prod(shape))), np.float32).reshape(shape)

    def close(self) -> None:
        """End the process."""
        self._asked.close()
        self._process.wait()


class Ours:
    """A graph that is read back and runs as a network of neurorl."""

    versions: dict[str, str] = {}

    def __init__(self, file: Path):
        self._network = nir.from_nir(nir.read(file))
        (self._input,) = (name for name, p in self._network.populations.items() if p.kind == "sensory")
        (self._output,) = (name for name, p in self._network.populations.items() if p.kind == "motor")
        self._reads_v = isinstance(self._network.populations[self._output].neuron, LeakyIntegrator)
        self._state: Any = None

    def run(self, inputs: list[np.ndarray], anew: bool) -> np.ndarray:
        """Return the output of an environment step, [steps, episodes, m]: potentials of neurons that never fire, or spikes."""
        count = len(inputs)
        if self._state is None or anew:
            self._state = self._network.init(copies=count)
        kept = Monitor(spikes=[self._output], voltages=[self._output] if self._reads_v else [])
        given = {self._input: np.stack(inputs)}
        self._state, record = self._network.run(self._state, len(inputs[0]), spikes=given, record=kept, copies=count)
        return np.moveaxis(np.asarray((record.v if self._reads_v else record.spikes)[self._output]), 0, 1)

    def close(self) -> None:
        """Nothing is open."""


if __name__ == "__main__":
    sys.exit(main())
