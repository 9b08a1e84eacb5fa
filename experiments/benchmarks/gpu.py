"""How fast do many learners train and many networks run on an accelerator, beside the speed at which its memory copies?

Learners of the spiking actor-critic on CartPole-v1, all in one group unless it is given; copies of W1 (64 x 16) and of W2
(1,000 x 1,000), every step exact, as ``Network.run(copies=...)`` runs them. Each step reads and writes a state once, at least;
those bytes a second, as a share of what the device copies (read and written, too), say how near the limit of its memory that
is. Above 1 the states stay in a cache.

    python -m experiments.benchmarks.gpu [--learners 16384] [--steps 2000] [--group N] [--w1-copies 16384] [--w2-copies 64]
        [--w2-neurons 1000] [--network-steps 1000] [--copy-megabytes 1024] [--out FILE]

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

from experiments.benchmarks.speed import w1, w2
from experiments.benchmarks.speed.workloads import dopamine, layer, weights, with_weights
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
    parser.add_argument("--w1-copies", type=int, default=16_384, help="copies of W1 [%(default)s]")
    parser.add_argument("--w2-copies", type=int, default=64, help="copies of W2 [%(default)s]")
    parser.add_argument("--w2-neurons", type=int, default=w2.N, help="neurons of W2 on either side [%(default)s]")
    parser.add_argument("--network-steps", type=int, default=1_000, help="steps of a network in a measurement [%(default)s]")
    parser.add_argument("--copy-megabytes", type=int, default=1_024, help="size of the array that is copied [%(default)s]")
    parser.add_argument("--out", type=Path, default=RESULT, help="the JSON file [%(default)s]")
    arguments = parser.parse_args(given)
    compute_inline()
    keep_programs()
    device = jax.local_devices()[0]
    bandwidth = copy_bandwidth(arguments.copy_megabytes * 2**20)
    measured = {
        "training": training(arguments.learners, arguments.steps, arguments.group or arguments.learners),
        "W1": running(w1.N, w1.M, arguments.w1_copies, arguments.network_steps),
        "W2": running(arguments.w2_neurons, arguments.w2_neurons, arguments.w2_copies, arguments.network_steps),
    }
    result = {
        "device": {"platform": device.platform, "kind": device.device_kind, "count": jax.local_device_count()},
        "copy_bytes_per_second": bandwidth,
        **{name: each | {"share_of_copy": each["state_bytes_per_second"] / bandwidth} for name, each in measured.items()},
        "provenance": provenance(),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(f"{device.device_kind}: copies {bandwidth / 1e9:,.1f} GB/s; {os.fspath(arguments.out)}")
    print(f"{arguments.learners:,} learners train at {measured['training']['env_steps_per_second']:,.0f} environment steps/s")
    for name in ("W1", "W2"):
        ran = measured[name]
        print(f"{ran['copies']:,} copies of {name} run at {ran['synapse_steps_per_second']:,.0f} synapses times steps/s")
    for name, each in measured.items():
        share = result[name]["share_of_copy"]
        print(f"{name}: {share:.2f} of what the memory copies, compiled in {each['compile_seconds']:.1f} s")
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


def running(n: int, m: int, copies: int, steps: int) -> dict[str, Any]:
    """Return the speed of copies of a network of n x m plastic synapses: synapses times steps, and bytes of states, a second."""
    network, start = layer(n, m), time.perf_counter()
    states = [with_weights(network.init(1, copies=copies), weights(1, (copies, n, m)))]  # a list: the last one is what goes on
    t = 0

    def stretch() -> Any:
        nonlocal t
        after, _ = network.run(states.pop(), steps, copies=copies, release={"dopamine": dopamine(t, steps)}, record=())
        states.append(after)
        t += steps
        return after

    jax.block_until_ready(stretch())
    compiled, mean = time.perf_counter() - start, float(states[0].pathways[0].weights.mean())
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(states[0]._replace(key=())))
    seconds = best(stretch)
    return {
        "plan": str(network.plan()),
        "copies": copies,
        "synapses": n * m,
        "steps": steps,
        "synapse_steps_per_second": copies * n * m * steps / seconds,
        "milliseconds_per_step": 1000 * seconds / steps,
        "state_bytes_per_copy": size / copies,
        "state_bytes_per_second": 2 * size * steps / seconds,  # read and written
        "mean_weight_at_first": mean,  # after the first ``steps``: 0.527 after 1,000 (speed/workloads.py)
        "compile_seconds": compiled,  # with the first steps
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
