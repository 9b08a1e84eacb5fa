"""How fast do many learners train on an accelerator, beside the speed at which its memory copies?

Learners of the spiking actor-critic on CartPole-v1, all in one group unless it is given. Each step reads and writes a learner's
state once, at least; those bytes a second, as a share of what the device copies (read and written, too), say how near training is
to the limit of its memory. Above 1 the states stay in a cache.

    python -m experiments.benchmarks.gpu [--learners 16384] [--steps 2000] [--group N] [--copy-megabytes 1024] [--out FILE]

Without an accelerator it measures the CPU, for which a few learners are enough. Under ten minutes, and compiling is left out.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from experiments.provenance import provenance
from neurorl.backend import compute_inline, keep_programs
from neurorl.loops.learners import Learners
from neurorl.runs import config

RESULT = Path("experiments/results/gpu.json")
REPETITIONS = 3  # of each measurement; the best counts


def main(given: list[str] | None = None) -> dict[str, Any]:
    """Measure, write the JSON file, and return what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=16_384, help="learners [%(default)s]")
    parser.add_argument("--steps", type=int, default=2_000, help="environment steps of each in a measurement [%(default)s]")
    parser.add_argument("--group", type=int, help="most learners in a compiled group [all]")
    parser.add_argument("--copy-megabytes", type=int, default=1_024, help="size of the array that is copied [%(default)s]")
    parser.add_argument("--out", type=Path, default=RESULT, help="the JSON file [%(default)s]")
    arguments = parser.parse_args(given)
    compute_inline()
    keep_programs()
    device = jax.local_devices()[0]
    bandwidth = copy_bandwidth(arguments.copy_megabytes * 2**20)
    measured = training(arguments.learners, arguments.steps, arguments.group or arguments.learners)
    result = {
        "device": {"platform": device.platform, "kind": device.device_kind, "count": jax.local_device_count()},
        "copy_bytes_per_second": bandwidth,
        "training": measured | {"share_of_copy": measured["state_bytes_per_second"] / bandwidth},
        "provenance": provenance(),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(
        f"{device.device_kind}: copies {bandwidth / 1e9:,.1f} GB/s; {arguments.learners:,} learners train at "
        f"{measured['env_steps_per_second']:,.0f} environment steps/s, {result['training']['share_of_copy']:.2f} of that in "
        f"bytes of their states; compiled in {measured['compile_seconds']:.1f} s; {os.fspath(arguments.out)}"
    )
    return result


def copy_bandwidth(size: int) -> float:
    """Return how many bytes the device reads and writes a second, B/s, where it copies ``size`` bytes."""
    copies = 8

    @jax.jit
    def copy(x: jax.Array, copies: jax.Array) -> jax.Array:
        # Each copy changes the one before, and their number is not known to the compiler: none can be left out.
        return jax.lax.fori_loop(0, copies, lambda i, y: y + 1.0, x)

    x = jnp.zeros(size // 4, jnp.float32)
    jax.block_until_ready(copy(x, jnp.int32(copies)))
    return 2 * x.nbytes * copies / best(lambda: copy(x, jnp.int32(copies)))


def training(learners: int, steps: int, group: int) -> dict[str, Any]:
    """Return the speed of training, environment steps and bytes of the learners' states a second, all learners together."""
    built = config.build("CartPole-v1", "spiking-actor-critic", {"seeds": learners, "group": group}, {})
    loop = built.make_loop()
    start = time.perf_counter()
    learning = [loop.warm_up(loop.init())]  # a list: its learners are given away and come back at every stretch
    compiled = time.perf_counter() - start
    size = state_bytes(learning[0])

    def stretch() -> Any:
        learning[0] = loop.advance(learning[0], steps)
        return learning[0]

    jax.block_until_ready(stretch())
    rate = learners * steps / best(stretch)
    return {
        "agent": built.agent_id,
        "env": built.env_id,
        "learners": learners,
        "group": group,
        "steps": steps,
        "env_steps_per_second": rate,
        "state_bytes_per_learner": size / learners,
        "state_bytes_per_second": 2 * rate * size / learners,  # read and written
        "compile_seconds": compiled,
    }


def state_bytes(learners: Learners) -> int:
    """Return the size of what changes at every step, bytes."""
    leaves = jax.tree.leaves((learners.agent, learners.episodes, learners.world))
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)


def best(call: Callable[[], Any]) -> float:
    """Return the shortest time of a call, s."""
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
