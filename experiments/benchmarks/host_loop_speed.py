"""How much of a Gymnasium vector environment's speed is left when 16 spiking agents learn in it?

Steps a second of SyncVectorEnv with 16 CartPoles and actions given beforehand, and of the host loop that drives the same with
learning on, in turn in one process pinned to one core; beside it the host loop on Gymnasium's native CartPoleVectorEnv.

    python -m experiments.benchmarks.host_loop_speed [--rounds 5] [--steps 2000]
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ENVS = 16
RESULT = Path("experiments/results/host_loop_speed.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="triples of measurements [%(default)s]")
    parser.add_argument("--steps", type=int, default=2000, help="vector steps of a measurement [%(default)s]")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ |= {"JAX_PLATFORMS": "cpu", "NPROC": "1"}

    import gymnasium
    import jax

    from experiments.provenance import provenance
    from neurorl.backend import compute_inline
    from neurorl.loops.host_loop import HostLoop
    from neurorl.runs import config

    compute_inline()
    built = config.build("CartPole-v1", "spiking-actor-critic", {"loop": "host"}, {})
    native = gymnasium.make_vec("CartPole-v1", num_envs=ENVS, vectorization_mode="vector_entry_point")
    loops = [HostLoop(built.task, built.agent, 0, ENVS, 1, 1, vector_env=env) for env in (None, native)]
    learners = [loop.warm_up(loop.init()) for loop in loops]
    # Learners that have begun to balance reset as rarely as a run does.
    learners = [loop.advance(each, arguments.steps) for loop, each in zip(loops, learners, strict=True)]
    bare = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * ENVS)
    bare.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 2, (arguments.steps, ENVS))

    def drive(index: int) -> Callable[[], Any]:
        def run() -> None:
            learners[index] = jax.block_until_ready(loops[index].advance(learners[index], arguments.steps))

        return run

    rows = []
    for _ in range(arguments.rounds):
        env, sync, vector = (
            speed(arguments.steps, run) for run in (lambda: [bare.step(action) for action in actions], drive(0), drive(1))
        )
        rows.append({"sync_vector_env": env, "host_loop": sync, "host_loop_native": vector, "ratio": sync / env})
        print(
            f"SyncVectorEnv {env:8,.0f}   host loop {sync:8,.0f}   ratio {sync / env:.2f}   on CartPoleVectorEnv {vector:8,.0f}",
            flush=True,
        )
    ratios = [row["ratio"] for row in rows]
    result = {"rounds": rows, "ratio_median": float(np.median(ratios)), "ratio_min": min(ratios), "ratio_max": max(ratios)}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({**result, "provenance": provenance()}, indent=2) + "\n")
    print(f"median ratio {result['ratio_median']:.2f}; {RESULT}")


def speed(steps: int, run: Callable[[], Any]) -> float:
    """Return the environment steps a second of one run."""
    start = time.perf_counter()
    run()
    return ENVS * steps / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
