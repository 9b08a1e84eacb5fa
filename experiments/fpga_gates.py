"""Is the FPGA board worth solving? The five gates, on 256 episodes of the default scenario.

1. Control within an episode pays: the oracle earns at least 1.10 times the best constant chosen for each episode in hindsight.
2. There is something to learn, and room for it: the tuned governor earns at least 1.10 times the best single constant, and at
   most 0.9 times the oracle.
3. Memory pays: the best governor with memory earns at least 1.03 times the best without, by more than two standard errors of
   the paired difference.
4. Every observation matters: without any one of temperature, canary slack, price and queue, the tuned governor, tuned again
   from the same start, loses at least 3 %, by more than two standard errors of the paired difference.
5. No single setting is best in more than a fifth of the episodes.

Standard errors of ratios are those of a ratio of paired means (delta method). Exit 0 only where all five hold.

A second block asks the same of the board that is driven by set-points (``envs/fpga/set_points.py``), on the same boards: there a
constant is a constant set-point, whose clock follows the canary, and the tuned governors, with the constants that were found by
moves, say what they want as set-points. The release does not depend on it.

    python -m experiments.fpga_gates            the table, from the constants in the package
    python -m experiments.fpga_gates --retune   find the constants again first (hours on two cores)
"""

import argparse
import functools
import json
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import Array

from experiments.fpga_tuning import drive_constants, drive_set_points, retune, tuning_keys
from experiments.provenance import provenance
from neurorl.envs.fpga import scenarios
from neurorl.envs.fpga.governors import by_set_points, found, masked, tuned
from neurorl.envs.fpga.governors.governor import MOVES, Governor, Totals, World, episode
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import CLOCK_LOW, CLOCK_RATIO, GROUPS
from neurorl.files import write_atomically

RESULT = Path(__file__).resolve().parent / "results" / "fpga_gates.json"
EVALUATION_SEED = 31_415
EPISODES = 256
LEVELS = range(4, 36, 2)
VOLTAGES = np.arange(0.70, 1.001, 0.025)
FANS = (0.2, 0.3, 0.45, 0.6, 0.8)
GRID = np.array([(CLOCK_LOW * CLOCK_RATIO**k, v, f) for k in LEVELS for v in VOLTAGES for f in FANS], np.float32)


MARGINS = np.arange(0.2, 1.61, 0.2)  # ns
SET_POINT_GRID = np.array([(m, v, f) for m in MARGINS for v in np.arange(0.70, 0.901, 0.025) for f in FANS], np.float32)


def evaluation_keys(episodes: int = EPISODES) -> Array:
    return jax.random.split(jax.random.key(EVALUATION_SEED), episodes)


def drive(p: FpgaParameters, governor: Governor, keys: Array, world: World = MOVES) -> Totals:
    """Return the totals of a governor's episodes, [episodes] each."""
    return jax.tree.map(np.asarray, _compiled(governor, world)(p, keys))


@functools.partial(jax.jit, static_argnums=4)
def _drive_masked(p: FpgaParameters, knobs: tuned.Knobs, mask: Array, keys: Array, world: World = MOVES) -> Totals:
    made = tuned.governor(knobs) if world is MOVES else by_set_points.governor(knobs)
    governor = masked.masked(made, mask)
    return jax.vmap(lambda key: episode(p, governor, key, world=world))(keys)


@functools.cache
def _compiled(governor: Governor, world: World) -> Any:
    return jax.jit(lambda p, keys: jax.vmap(lambda key: episode(p, governor, key, world=world))(keys))


def ratio(above: np.ndarray, below: np.ndarray) -> tuple[float, float]:
    """Return the ratio of two paired means and its standard error."""
    value = above.mean() / below.mean()
    return float(value), float(np.std(above - value * below, ddof=1) / np.sqrt(len(above)) / abs(below.mean()))


def difference(above: np.ndarray, below: np.ndarray) -> tuple[float, float]:
    """Return the mean of a paired difference and its standard error."""
    paired = above - below
    return float(paired.mean()), float(np.std(paired, ddof=1) / np.sqrt(len(paired)))


def mean(returns: np.ndarray) -> dict[str, float]:
    return {
        "mean": float(returns.mean()),
        "se": float(np.std(returns, ddof=1) / np.sqrt(len(returns))),
        "p10": float(np.percentile(returns, 10)),
    }


def judge(returns: dict[str, np.ndarray], constants: np.ndarray) -> dict[str, Any]:
    """Return the gates: each with its numbers and whether it holds.

    Args:
        returns: Returns of every governor and of the tuned one without each group, [episodes] each.
        constants: Returns of the constant settings, [settings, episodes].
    """
    hindsight = constants.max(0)
    full = returns["tuned"]
    gates: dict[str, Any] = {}
    value, se = ratio(returns["oracle"], hindsight)
    gates["1 oracle / hindsight constant >= 1.10"] = {"ratio": value, "se": se, "holds": value >= 1.10}
    value, se = ratio(full, returns["best constant"])
    room, room_se = ratio(full, returns["oracle"])
    gates["2 tuned / best constant >= 1.10, tuned / oracle <= 0.90"] = {
        "ratio": value,
        "se": se,
        "to_oracle": room,
        "to_oracle_se": room_se,
        "holds": value >= 1.10 and room <= 0.90 and returns["best constant"].mean() > 0,
    }
    value, se = ratio(full, returns["memoryless"])
    paired, paired_se = difference(full, returns["memoryless"])
    gates["3 with memory / memoryless >= 1.03"] = {
        "ratio": value,
        "se": se,
        "difference": paired,
        "difference_se": paired_se,
        "holds": value >= 1.03 and paired > 2 * paired_se,
    }
    for group in GROUPS:
        share, se = ratio(returns[f"tuned without {group}"], full)
        paired, paired_se = difference(full, returns[f"tuned without {group}"])
        gates[f"4 without {group} costs >= 3 %"] = {
            "cost": 1.0 - share,
            "se": se,
            "difference": paired,
            "difference_se": paired_se,
            "holds": 1.0 - share >= 0.03 and paired > 2 * paired_se,
        }
    share = float(np.bincount(constants.argmax(0), minlength=len(constants)).max() / constants.shape[1])
    share_se = float(np.sqrt(share * (1 - share) / constants.shape[1]))
    gates["5 most frequent best constant <= 0.20"] = {"share": share, "se": share_se, "holds": share <= 0.20}
    for gate in gates.values():
        gate["holds"] = bool(gate["holds"])
    return gates


def measure(p: FpgaParameters, episodes: int = EPISODES) -> tuple[dict[str, Totals], np.ndarray]:
    """Return what every governor earned by moves, and the constants."""
    keys = evaluation_keys(episodes)
    totals = {name: drive(p, governor, keys) for name, governor in found.governors().items()}
    return totals | without_groups(p, keys, MOVES), drive_constants(p, GRID, keys)


def measure_set_points(p: FpgaParameters, episodes: int = EPISODES) -> tuple[dict[str, Totals], np.ndarray, dict[str, float]]:
    """Return what the governors of the gates earned by set-points, the constant set-points, and the best of these."""
    keys, world = evaluation_keys(episodes), by_set_points.SET_POINTS
    best = SET_POINT_GRID[drive_set_points(p, SET_POINT_GRID, tuning_keys()).mean(1).argmax()].tolist()
    knobs = {name: tuned.Knobs(**found.constants()[name]) for name in ("memoryless", "tuned")}
    governors = {
        "best constant": by_set_points.constant(*best),
        "memoryless": by_set_points.governor(knobs["memoryless"], memory=False),
        "tuned": by_set_points.governor(knobs["tuned"]),
        "oracle": by_set_points.look_ahead(knobs["tuned"]),
    }
    totals = {name: drive(p, governor, keys, world) for name, governor in governors.items()} | without_groups(p, keys, world)
    return totals, drive_set_points(p, SET_POINT_GRID, keys), dict(zip(("margin_ns", "volts", "fan"), best, strict=True))


def without_groups(p: FpgaParameters, keys: Array, world: World) -> dict[str, Totals]:
    """Return what the tuned governor earned without each group of readings."""
    totals = {}
    for group in GROUPS:
        knobs = tuned.Knobs(**{k: np.float32(v) for k, v in found.constants()[f"tuned without {group}"].items()})
        totals[f"tuned without {group}"] = jax.tree.map(np.asarray, _drive_masked(p, knobs, masked.mask_of(group), keys, world))
    return totals


def table(totals: dict[str, Totals], constants: np.ndarray, gates: dict[str, Any]) -> str:
    """Return the table as text."""
    lines = [f"{'governor':28} {'return':>8} {'se':>6} {'p10':>8} {'good':>6} {'late':>6} {'J/work':>7} {'crash':>6} {'hold':>5}"]
    for name, t in totals.items():
        m = mean(t.reward)
        lines.append(
            f"{name:28} {m['mean']:8.2f} {m['se']:6.2f} {m['p10']:8.2f} {t.good_work.mean():6.1f} {t.late_work.mean():6.1f}"
            f" {t.energy_j.mean() / t.good_work.mean():7.2f} {t.crashes.mean():6.2f} {t.hold.mean():5.2f}"
        )
    m = mean(constants.max(0))
    lines.append(f"{'constant in hindsight':28} {m['mean']:8.2f} {m['se']:6.2f} {m['p10']:8.2f}")
    for name, gate in gates.items():
        numbers = ", ".join(f"{key} {value:.3f}" for key, value in gate.items() if key != "holds")
        lines.append(f"{'holds' if gate['holds'] else 'FAILS'}  {name}: {numbers}")
    return "\n".join(lines)


def block(totals: dict[str, Totals], constants: np.ndarray) -> dict[str, Any]:
    """Return the gates and all that was earned, as they are written; print the table."""
    gates = judge({name: t.reward for name, t in totals.items()}, constants)
    print(table(totals, constants, gates), flush=True)
    return {
        "gates": gates,
        "all_hold": all(gate["holds"] for gate in gates.values()),
        "returns": {name: mean(t.reward) for name, t in totals.items()} | {"constant in hindsight": mean(constants.max(0))},
        "per_episode": {name: {k: float(v.mean()) for k, v in t._asdict().items()} for name, t in totals.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--retune", action="store_true", help="find the constants of every governor again, and store them")
    parser.add_argument("--out", type=Path, default=RESULT, help="where the table is written [%(default)s]")
    arguments = parser.parse_args()
    if arguments.retune:
        retune(print)
    began = time.perf_counter()
    p = scenarios.parameters("nominal")
    by_moves = block(*measure(p))
    print("\nby set-points")
    totals, constants, best = measure_set_points(p)
    result = {
        "episodes": EPISODES,
        "seed": EVALUATION_SEED,
        **by_moves,
        "set-points": block(totals, constants) | {"best constant set-point": best},
        "seconds": round(time.perf_counter() - began, 1),
        "provenance": provenance(),
    }
    arguments.out.parent.mkdir(exist_ok=True)
    write_atomically(arguments.out, lambda path: path.write_text(json.dumps(result, indent=2) + "\n"))
    sys.exit(0 if by_moves["all_hold"] else 1)


if __name__ == "__main__":
    main()
