"""How fast is a sweep, does it slow down with its size, and does memory grow with the number of steps?

Three measurements of the spiking actor-critic on CartPole-v1, each in processes of its own, with XLA on one thread:

    sweep    1,000 learners (10 rows x 100 seeds) x 50,000 steps, evaluated every 10,000, by the pool: wall and processor time.
             --share 0.1 does the first tenth of the rows, and reports what it measured of them.
    scaling  environment steps a processor second while learning, of 1,024 learners and of 32, in turn; both in batches of 32
    memory   20 million environment steps in one run of 32 learners: growth of the resident set, and whether anything is NaN

    python -m experiments.benchmarks.sweep_speed [sweep] [scaling] [memory] [--share S]

The memory run is ``neurorl train``'s, in its jitted loop. Processor time is that of the processes themselves, which on a machine
that others use says more than the clock; it still grows with what the others do to the caches.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from experiments.provenance import provenance
from neurorl import sweeps

RESULT = Path("experiments/results/sweep_speed.json")
ROWS, SEEDS, STEPS = 10, 100, 50_000
BASE: dict[str, Any] = {"env": "CartPole-v1", "agent": "spiking-actor-critic", "eval_episodes": 20, "seed": 5000}

SCALING = """
import json, sys, time, jax
from neurorl.sweeps import grouping, rows, shard, spec
learners, steps = int(sys.argv[1]), int(sys.argv[2])
gammas = [0.9 + 0.09 * i / 32 for i in range(learners // 32)]
values = dict(env="CartPole-v1", steps=steps, seeds=32, eval_every=steps, grid={"gamma": gammas})
sweep = spec.check(values)
found = [(row, rows.resolve(sweep, row)) for row in rows.rows(sweep)]
shards = grouping.plan(sweep, found)
configurations = dict((row.index, c) for row, c in found)
def run(each):
    loop, learners = shard._begin([configurations[row.index] for row in each.rows], each)
    jax.block_until_ready(loop.advance(learners, steps))
run(shards[0])
start = time.process_time()
for each in shards:
    run(each)
print(json.dumps(learners * steps / (time.process_time() - start)))
"""

MEMORY = """
import json, sys, tempfile, numpy as np
import neurorl
from neurorl.loggers import Logger
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20
seen = []
class Watch(Logger):
    def point(self, point):
        seen.append((point.step, resident()))
        values = point.training
        assert not np.isnan(values["value"]).any() and not np.isnan(values["actor_norm_max"]).any(), "NaN"
steps, learners = int(sys.argv[1]), 32
with tempfile.TemporaryDirectory() as folder:
    run = neurorl.train("CartPole-v1", seeds=learners, steps=steps, eval_every=steps // 10, eval_episodes=1, log_every=1000,
                        out=folder + "/run", loggers=Watch())
    final = run.evaluation.eval_return
    leaves = [np.asarray(x) for x in __import__("jax").tree.leaves(run.learners())]
    nan = any(np.isnan(x).any() for x in leaves if x.dtype.kind == "f") or bool(final.isna().any())
warm, most = seen[0][1], max(mb for _, mb in seen)
print(json.dumps(dict(environment_steps=learners * steps, learners=learners, resident_after_first_1000_mb=round(warm, 1),
                      resident_max_mb=round(most, 1), growth_mb=round(most - warm, 1), any_nan=bool(nan))))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=[], help="sweep, scaling, memory [all]")
    parser.add_argument("--share", type=float, default=1.0, help="share of the rows of the sweep [%(default)s]")
    arguments = parser.parse_args()
    measurements = {"sweep": lambda: speed(arguments.share), "scaling": scaling, "memory": memory}
    result = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    for name in arguments.what or measurements:
        if name not in measurements:
            parser.error(f"'{name}' is none of {', '.join(measurements)}")
        result[name] = {**measurements[name](), "provenance": provenance()}
        print(json.dumps({name: result[name]}, indent=2))
        RESULT.write_text(json.dumps(result, indent=2) + "\n")


def speed(share: float) -> dict[str, Any]:
    """Run the sweep by the pool on two cores."""
    rows = max(1, round(share * ROWS))
    values = {**BASE, "steps": STEPS, "seeds": SEEDS, "eval_every": 10_000}
    values["grid"] = {"actor.learning_rate": [float(rate) for rate in np.geomspace(5.0, 80.0, ROWS).round(2)[:rows]]}
    with tempfile.TemporaryDirectory() as folder:
        start, busy = time.perf_counter(), _children()
        report = sweeps.sweep(values, out=Path(folder) / "sweep", runner="pool", processes=2, loggers="bar")
        wall = time.perf_counter() - start
        best = sweeps.best(report.folder.path, 1).iloc[0]
    assert not report.failures
    learners = rows * SEEDS
    return {
        "learners": learners,
        "steps": STEPS,
        "processes": 2,
        "wall_seconds": round(wall, 1),
        "processor_seconds": round(_children() - busy, 1),
        "environment_steps_per_processor_second": round(learners * STEPS / (_children() - busy)),
        "load_average": round(os.getloadavg()[1], 1),
        "best_row_iqm": best.eval_return,
        "best_row_ci95": [best.low, best.high],
    }


def _children() -> float:
    """Return the processor seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def scaling(rounds: int = 3) -> dict[str, Any]:
    """Measure 32 and 1,024 learners in turn; the same number of environment steps altogether."""
    pairs = [(_measure(SCALING, 32, 32_000), _measure(SCALING, 1024, 1_000)) for _ in range(rounds)]
    ratios = [large / small for small, large in pairs]
    return {
        "steps_per_processor_second_32": [round(small) for small, _ in pairs],
        "steps_per_processor_second_1024": [round(large) for _, large in pairs],
        "ratios": [round(ratio, 3) for ratio in ratios],
        "ratio_median": round(float(np.median(ratios)), 3),
    }


def memory() -> dict[str, Any]:
    """Train 32 learners for 625,000 steps each, 20 million in all."""
    return _measure(MEMORY, 625_000)


def _measure(code: str, *arguments: int) -> Any:
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "NPROC": "1"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
