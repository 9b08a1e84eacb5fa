"""How fast does the spiking actor-critic train beside rejax's PPO?

Environment steps a second on CartPole-v1 while learning, compilation apart: 32 seeds of the spiking actor-critic in one batch,
and one PPO of rejax (its default configuration, 64 environments), in turn, each in a process of its own pinned to one core with
XLA on one thread. rejax needs gymnax 0.0.9, hence an environment of its own: it is made at the first run, or named with
--rejax-python.

    python -m experiments.benchmarks.training_speed [--rounds 3] [--rejax-python PATH]
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np

from experiments.provenance import provenance

REJAX = ["rejax==0.1.3", "gymnax==0.0.9"]
RESULT = Path("experiments/results/training_speed.json")

NEURORL = """
import time, jax
from neurorl.runs import config
from neurorl.loops.jax_loop import JaxLoop
built = config.build("CartPole-v1", "spiking-actor-critic", {}, {})
loop = JaxLoop(built.task, built.agent, 0, 32, 1, 1)
learners = loop.warm_up(loop.init())
start = time.perf_counter()
jax.block_until_ready(loop.advance(learners, 10_000))
print(32 * 10_000 / (time.perf_counter() - start))
"""

PPO = """
import time, jax, jax.numpy as jnp, rejax
steps = 200_000
ppo = rejax.PPO.create(env="CartPole-v1", total_timesteps=steps, eval_freq=steps)
ppo = ppo.replace(eval_callback=lambda *_: jnp.zeros(()))
train = jax.jit(ppo.train)
jax.block_until_ready(train(jax.random.key(0)))
start = time.perf_counter()
jax.block_until_ready(train(jax.random.key(1)))
print(steps / (time.perf_counter() - start))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="pairs of measurements [%(default)s]")
    parser.add_argument("--rejax-python", type=Path, help="Python of an environment with rejax")
    arguments = parser.parse_args()
    rejax = arguments.rejax_python or rejax_environment()
    rows = []
    for _ in range(arguments.rounds):
        ours, theirs = measure(Path(sys.executable), NEURORL), measure(rejax, PPO)
        rows.append({"neurorl": ours, "rejax_ppo": theirs, "ratio": ours / theirs})
        print(f"neurorl {ours:9,.0f}   rejax PPO {theirs:9,.0f} environment steps/s   ratio {ours / theirs:.2f}", flush=True)
    ratios = [row["ratio"] for row in rows]
    result = {"rounds": rows, "ratio_median": float(np.median(ratios)), "ratio_min": min(ratios), "ratio_max": max(ratios)}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({**result, "provenance": provenance()}, indent=2) + "\n")
    print(f"median ratio {result['ratio_median']:.2f}; {RESULT}")


def measure(python: Path, code: str) -> float:
    """Run a script pinned to one core and return the number on its last line."""
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "NPROC": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
    core = {max(os.sched_getaffinity(0))}
    done = subprocess.run(
        [os.fspath(python), "-c", code],
        env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, core),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{python} failed:\n{done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def rejax_environment() -> Path:
    """Return the Python of an environment with rejax in the user's cache, made where it is missing."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "neurorl" / "rejax"
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        print(f"making an environment with {' and '.join(REJAX)}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REJAX], check=True)
        (folder / "ready").touch()
    return python


if __name__ == "__main__":
    main()
