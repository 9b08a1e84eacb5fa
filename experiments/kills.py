"""Does a run or a sweep that is killed at any moment end as one that was never stopped, byte for byte?

Victims are small runs (of both loops) and small sweeps (in one process and in a pool). Each is killed a few times, by SIGKILL or
SIGTERM at random moments of its life, and started again after each kill; then it goes on to its end, and its files are compared
with those of the same run or sweep that nobody killed. What is promised beside:

    SIGKILL   a run goes on from the last checkpoint that was there
    SIGTERM   a run of the jitted loop goes on from where it was stopped, one of the host loop from its last checkpoint
    sweeps    no shard that was there is computed again

A kill that came too late, to a victim that had ended, counts as none.

    python -m experiments.kills [--kills 100] [--out runs/kills] [--quick]

Started again, it goes on after the last victim that is done.
"""

import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from experiments.provenance import provenance

RESULTS = Path(__file__).resolve().parent / "results"
SEED = 14
RUNS: dict[str, dict[str, Any]] = {
    "run, jitted loop": {"agent": "spiking-actor-critic", "loop": "jax", "steps": 16_000},
    "run, host loop": {"agent": "linear-sarsa", "loop": "host", "steps": 8_000},
}
OPTIONS = {"seeds": 2, "eval_episodes": 3}
EVERY = 20  # evaluations and points of a run, and twice as many as checkpoints
MOMENTS = {  # of a run: the line after which it is killed, if any, and the longest delay in seconds
    "beginning": ("", 5.0),
    "training": ("point", 0.02),
    "evaluating": ("point", 0.1),  # which follows training
    "checkpointing": ("flush", 0.01),
    "drawing": ("flush", 1.5),  # the last one
}
SWEEP = """
env = "CartPole-v1"
agent = "random"
steps = 40_000
seeds = 2
eval_every = 10_000
eval_episodes = 2
group = 2
[grid]
env.length = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
"""
SHARDS = 8
SWEEPS = {"sweep, one process": ["--runner", "local"], "sweep, pool": ["--runner", "pool", "--processes", "2"]}
SWEEP_MOMENTS = {  # of a sweep: the fewest and most shards that are there when it is killed, and the longest delay
    "beginning": (0, 0, 2.5),
    "computing": (1, SHARDS - 2, 0.3),
    "writing": (1, SHARDS - 2, 0.0),
    "finishing": (SHARDS, SHARDS, 0.05),
}
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM}
CYCLE = ("run, jitted loop", "run, host loop", "sweep, one process", "run, jitted loop", "run, host loop", "sweep, pool")


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="how many [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/kills"), help="folder of the victims [%(default)s]")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the table [%(default)s]")
    parser.add_argument("--quick", action="store_true", help="few kills: does it still run?")
    parser.add_argument("--life", help=argparse.SUPPRESS)  # what a victim is started with
    a = parser.parse_args(arguments)
    if a.life:
        sys.exit(live(json.loads(a.life)))
    if a.quick:
        a.kills = 7  # a run of the jitted loop at every moment by both signals, one of the host loop as it begins and trains
    latest(a.out)  # what it imports takes seconds, and a victim that waits for them has ended
    victims: list[dict[str, Any]] = []
    a.out = a.out.absolute()
    done = a.out / "victims.jsonl"
    for folder in (a.out, a.results):
        folder.mkdir(parents=True, exist_ok=True)
    if done.is_file():
        victims = [json.loads(line) for line in done.read_text().splitlines()]
    while (killed := sum(len(victim["kills"]) for victim in victims)) < a.kills:
        victims.append(sacrifice(len(victims), a.kills - killed, a.out))
        with done.open("a") as file:
            file.write(json.dumps(victims[-1]) + "\n")
        print(f"{killed + len(victims[-1]['kills'])} of {a.kills} kills: {victims[-1]}", flush=True)
    table = summarise(victims)
    from neurorl.results.run_folder import write_json

    write_json(a.results / "kills.json", table)
    print(json.dumps(table["kills"], indent=1))
    print(f"{table['victims_with_the_bytes_of_the_run_never_killed']} of {table['victims']} victims as if never killed")
    return table


def summarise(victims: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the table: kills by kind, moment and signal, and everything that was not as promised."""
    counts: Any = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
    for victim in victims:
        for kill in victim["kills"]:
            counts[victim["kind"]][kill["moment"]][kill["signal"]] += 1
    return {
        "kills": {kind: {moment: dict(c) for moment, c in moments.items()} for kind, moments in counts.items()},
        "total": sum(len(victim["kills"]) for victim in victims),
        "victims": len(victims),
        "victims_with_the_bytes_of_the_run_never_killed": sum(not victim["different"] for victim in victims),
        "different": [victim for victim in victims if victim["different"]],
        "promises_broken": [kill for victim in victims for kill in victim["kills"] if kill["broken"]],
        "provenance": provenance(),
    }


def sacrifice(number: int, most: int, out: Path) -> dict[str, Any]:
    """Return what became of a victim: its kills, and the files that differ from those of its like that nobody killed."""
    kind, chance = CYCLE[number % len(CYCLE)], random.Random(f"{SEED} {number}")
    whole, folder = out / f"{kind.replace(', ', '-').replace(' ', '-')}-whole", out / f"victim-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    of_sweep = kind in SWEEPS
    end = finish_sweep if of_sweep else finish_run
    if not (whole / "done").is_file():
        shutil.rmtree(whole, ignore_errors=True)
        end(kind, whole)
        (whole / "done").touch()
    kills = (kill_sweep if of_sweep else kill_run)(kind, folder, chance, most)
    went_on = end(kind, folder)
    for kill in kills[-1:]:
        kill["broken"] += (lost_shards if of_sweep else lost_steps)(kill, went_on)
    for kill in kills:
        kill.pop("there", None)
    different = compare(whole, folder)
    if not different:
        shutil.rmtree(folder)
    return {"kind": kind, "kills": kills, "different": different}


def compare(whole: Path, folder: Path) -> list[str]:
    """Return the files of the one whose content the other does not have; clock times and the id that trackers know apart."""
    different = []
    for file in sorted(whole.rglob("*")):
        if not file.is_file() or file.name in ("done", "timing.json", "loggers.json"):
            continue
        other = folder / file.relative_to(whole)
        if file.name == "summary.json":
            same = other.is_file() and results_of(file) == results_of(other)
        else:
            same = other.is_file() and file.read_bytes() == other.read_bytes()
        if not same:
            different.append(str(file.relative_to(whole)))
    return different


def results_of(summary: Path) -> dict[str, Any]:
    values = json.loads(summary.read_text())
    return {name: value for name, value in values.items() if name not in ("env_steps_per_second", "compile_seconds")}


def kill_run(kind: str, folder: Path, chance: random.Random, most: int) -> list[dict[str, Any]]:
    """Kill a run once at each moment, as it begins first and drawing last, and return the kills."""
    steps, kills = RUNS[kind]["steps"], []
    first, *between, last = MOMENTS
    for index, moment in enumerate([first, *chance.sample(between, len(between)), last][:most]):
        line, longest = MOMENTS[moment]
        earliest = (
            0 if moment == first else steps if moment == last else steps * (index - 1 + chance.random()) / (len(between) + 1)
        )
        name, delay = chance.choice(list(SIGNALS)), chance.uniform(0.0, longest)
        process = start_run(kind, folder)
        began, reached = (said(process, "start", 0), said(process, line, earliest)) if line else (-1, 0)
        time.sleep(delay)
        there = latest(folder)
        process.send_signal(SIGNALS[name])
        _, message = process.communicate()
        for kill in kills[-1:]:
            kill["broken"] += lost_steps(kill, began)
        if process.returncode == 0:
            break
        must, broken = there, wrong_end(process.returncode, name, message)
        if name == "SIGTERM" and process.returncode == 128 + signal.SIGTERM and "interrupted at step" in message:
            stopped = int(message.split("interrupted at step ")[1].split()[0])
            must = stopped if RUNS[kind]["loop"] == "jax" else latest(folder)
            if "and saved" not in message or must < there:
                broken.append(f"it said: {message}")
        kills.append({"moment": moment, "signal": name, "after": f"{line} {reached}", "delay": round(delay, 4),
                      "status": process.returncode, "must_go_on_from": must, "broken": broken})  # fmt: skip
    return kills


def wrong_end(status: int, name: str, message: str) -> list[str]:
    """Say how a victim ended, where that is not by its kill."""
    return [] if status in (-SIGNALS[name], 128 + SIGNALS[name]) else [f"it ended with {status}: {message}"]


def lost_steps(kill: dict[str, Any], began: int) -> list[str]:
    """Say where a run went on, where that is before what was promised; -1 is a run that was complete."""
    must = kill["must_go_on_from"]
    return [f"it went on from {began} where {must} was promised"] if 0 <= began < must else []


def finish_run(kind: str, folder: Path) -> int:
    """Let a run go on to its end, and return where it began; -1 where it was complete."""
    process = start_run(kind, folder)
    began = said(process, "start", 0)
    _, message = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"a {kind} that nobody killed ended with {process.returncode}: {message}")
    return began


def start_run(kind: str, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "experiments.kills", "--life", json.dumps({"kind": kind, "folder": os.fspath(folder)})]
    return start(command)


def said(process: "subprocess.Popen[str]", line: str, earliest: float) -> int:
    """Return the environment step at which a run first says a line at or after a step; -1 where it ended before."""
    assert process.stdout is not None
    for text in process.stdout:
        word, _, step = text.partition(" ")
        if word == line and int(step) >= earliest:
            return int(step)
    return -1


def latest(folder: Path) -> int:
    """Return the last checkpoint that is there."""
    from neurorl.runs import checkpoints

    return max(checkpoints.steps(folder / "checkpoints"), default=0)


def live(life: dict[str, Any]) -> int:
    """Be a run: begin or go on, saying what is done. Return the exit status, as the command line does."""
    import neurorl
    from neurorl.backend import compute_inline
    from neurorl.interrupts import Interrupted, stopping
    from neurorl.loggers import Job, Logger, Point

    compute_inline()
    folder, kind = Path(life["folder"]).absolute(), RUNS[life["kind"]]
    every = kind["steps"] // EVERY

    class Lines(Logger):
        step = 0

        def tell(self, word: str, step: int) -> None:
            self.step = step
            print(word, step, flush=True)

        def start(self, job: Job, done: int) -> None:
            self.tell("start", done)

        def point(self, point: Point) -> None:
            self.tell("point", point.step)

        def flush(self) -> None:
            self.tell("flush", self.step)

        def close(self) -> None:
            self.tell("close", self.step)

    options = OPTIONS | {"eval_every": every, "log_every": every, "checkpoint_every": 2 * every, "steps": kind["steps"]}
    try:
        with stopping():
            if (folder / "config.json").is_file():
                neurorl.resume(folder, loggers=Lines())
            else:
                options["overwrite"] = True  # a kill may have left a folder in which no run has begun
                neurorl.train("CartPole-v1", kind["agent"], loop=kind["loop"], out=folder, loggers=Lines(), **options)
    except Interrupted as interrupted:
        sys.stderr.write(str(interrupted))
        return 128 + interrupted.signum
    except KeyboardInterrupt as stop:
        return 128 + getattr(stop, "signum", signal.SIGINT)
    return 0


def kill_sweep(kind: str, folder: Path, chance: random.Random, most: int) -> list[dict[str, Any]]:
    """Kill a sweep as it begins, while shards are computed, while one is written, and at its end; return the kills."""
    kills: list[dict[str, Any]] = []
    for index, (moment, (low, high, longest)) in enumerate(list(SWEEP_MOMENTS.items())[:most]):
        shards = low if low == high else low + 3 * (index - 1) + chance.randrange(3)
        name, delay = chance.choice(list(SIGNALS)), chance.uniform(0.0, longest)
        process = start_sweep(kind, folder)
        while len(list((folder / "shards").glob("rows*.parquet"))) < min(shards, high) and process.poll() is None:
            time.sleep(0.002)
        while moment == "writing" and process.poll() is None and not has_half_a_shard(folder):
            pass  # such a file is there for a millisecond
        time.sleep(delay)
        process.send_signal(SIGNALS[name])
        _, message = process.communicate()
        there, broken = shards_of(folder), []
        for kill in kills[-1:]:
            kill["broken"] += lost_shards(kill, there)
        if process.returncode == 0:
            break
        broken += wrong_end(process.returncode, name, message)
        kills.append({"moment": moment, "signal": name, "shards": len(there), "delay": round(delay, 4),
                      "status": process.returncode, "there": there, "broken": broken})  # fmt: skip
    return kills


def shards_of(folder: Path) -> dict[str, int]:
    """Return when each shard that is there was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "shards").glob("rows*.parquet")}


def lost_shards(kill: dict[str, Any], there: dict[str, int]) -> list[str]:
    """Name the shards that were there at a kill, and were computed again."""
    return [f"{file} was computed again" for file, when in kill["there"].items() if there.get(file) != when]


def has_half_a_shard(folder: Path) -> bool:
    try:
        return any(name.startswith(".rows") for name in os.listdir(folder / "shards"))
    except FileNotFoundError:
        return False


def finish_sweep(kind: str, folder: Path) -> dict[str, int]:
    """Let a sweep go on to its end, and return its shards."""
    process = start_sweep(kind, folder)
    _, message = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"a {kind} that nobody killed ended with {process.returncode}: {message}")
    return shards_of(folder)


def start_sweep(kind: str, folder: Path) -> "subprocess.Popen[str]":
    file = folder.parent / "sweep.toml"
    file.write_text(SWEEP)
    command = ["-m", "neurorl.cli", "sweep", os.fspath(file), "--out", os.fspath(folder), "--quiet", *SWEEPS[kind]]
    return start([sys.executable, *command])


def start(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=RESULTS.parents[1])


if __name__ == "__main__":
    main()
