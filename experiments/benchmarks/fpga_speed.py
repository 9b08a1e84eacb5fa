"""How many steps a second does the FPGA board make, jitted and mapped over 256 boards, and how many in Gymnasium, on one core?

The whole contract is driven: ``step`` with its automatic reset, random actions, and observation, reward and events used so that
nothing is optimised away. In Gymnasium the native vector environment is stepped from Python, in its default autoreset mode, and
every step's observations, rewards, flags and infos come out as NumPy. Pinned to one core and measured in processor time, so that
other programs on the machine count little.

    python -m experiments.benchmarks.fpga_speed [--rounds 7] [--boards 256] [--ticks 1200]
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

RESULT = Path(__file__).resolve().parents[1] / "results" / "fpga_speed.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="measurements [%(default)s]")
    parser.add_argument("--boards", type=int, default=256, help="boards at once [%(default)s]")
    parser.add_argument("--ticks", type=int, default=1200, help="ticks of a measurement [%(default)s]")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ |= {"JAX_PLATFORMS": "cpu", "NPROC": "1"}

    import jax
    import jax.numpy as jnp

    from experiments.provenance import provenance
    from neurorl.envs.fpga.env import FpgaTelemetry
    from neurorl.envs.fpga.types import ACTIONS

    env = FpgaTelemetry()
    p = env.default_params
    step = jax.vmap(env.step, in_axes=(0, 0, 0, None))

    def tick(carry: Any, key: jax.Array) -> tuple[Any, None]:
        state, total = carry
        keys = jax.random.split(key, arguments.boards)
        actions = jax.random.randint(key, (arguments.boards,), 0, ACTIONS)
        observation, state, reward, terminated, truncated, info = step(keys, state, actions, p)
        seen = observation.sum(1) + reward + terminated + truncated + info["events"].values.sum(1) + info["faults"].sum(1)
        return (state, total + seen), None

    @jax.jit
    def run(state: Any, key: jax.Array) -> Any:
        return jax.lax.scan(tick, (state, jnp.zeros(arguments.boards)), jax.random.split(key, arguments.ticks))[0]

    _, state = jax.vmap(env.reset, in_axes=(0, None))(jax.random.split(jax.random.key(0), arguments.boards), p)
    state, _ = jax.block_until_ready(run(state, jax.random.key(1)))
    rates = []
    for i in range(arguments.rounds):
        began = time.process_time()
        state, _ = jax.block_until_ready(run(state, jax.random.key(2 + i)))
        rates.append(arguments.boards * arguments.ticks / (time.process_time() - began))
        print(f"{rates[-1]:12,.0f} board steps a second", flush=True)
    in_gymnasium = [gymnasium_rate(arguments.boards, arguments.ticks) for _ in range(arguments.rounds)]
    print(f"{spread(in_gymnasium)['median']:12,.0f} board steps a second in Gymnasium's vector")
    result = {
        "boards": arguments.boards,
        "ticks": arguments.ticks,
        "board_steps_per_second": spread(rates),
        "gymnasium_vector_steps_per_second": spread(in_gymnasium),
        "clock": "processor time, one core",
        "provenance": provenance(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


def gymnasium_rate(boards: int, steps: int) -> float:
    """Return the board steps a second of processor time of ``gymnasium.make_vec``, over more than one episode a board."""
    import gymnasium
    import numpy as np

    import neurorl

    assert neurorl.__version__  # its import registers the board
    envs = gymnasium.make_vec("neurorl/FpgaTelemetry-v0", boards, vectorization_mode="vector_entry_point")
    envs.reset(seed=0)
    actions = np.random.default_rng(0).integers(envs.single_action_space.n, size=(steps, boards))
    envs.step(actions[0])
    began = time.process_time()
    for row in actions:
        envs.step(row)
    return boards * steps / (time.process_time() - began)


def spread(rates: list[float]) -> dict[str, float]:
    return {"median": sorted(rates)[len(rates) // 2], "smallest": min(rates), "largest": max(rates)}


if __name__ == "__main__":
    main()
