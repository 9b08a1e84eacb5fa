"""How fast is plasticity in neurorl, beside a fused C program and the other simulators?

Builds the workloads W1, W2, W3, W4 and W1-closed as networks, runs them in turn (A B C A B C ...) on one pinned core and prints
steps per second of processor time, with the ratio to the C reference of every round. Every implementation draws its own random
input; that is part of the work.

    python -m experiments.benchmarks.speed [--only W1 W2] [--rounds 7] [--quick] [--peers BrainPy] [--peers-python PATH]
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

RESULT = Path("experiments/results/speed.json")
MODULES = {"W1": "w1", "W2": "w2", "W3": "w3", "W4": "w4", "W1-closed": "w1_closed"}


def main() -> None:
    from experiments.benchmarks.speed.peers import PACKAGES

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=MODULES, default=list(MODULES), help="workloads [all]")
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each implementation [%(default)s]")
    parser.add_argument("--quick", action="store_true", help="two rounds, no other simulators, nothing written")
    parser.add_argument("--peers", nargs="*", choices=PACKAGES, default=list(PACKAGES), help="other simulators [all]")
    parser.add_argument("--peers-python", default=sys.executable, help="Python that has them [this one]")
    arguments = parser.parse_args()
    rounds, peers = (2, []) if arguments.quick else (arguments.rounds, arguments.peers)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ |= {"JAX_PLATFORMS": "cpu", "NPROC": "1"}

    from experiments.provenance import provenance
    from neurorl.backend import compute_inline

    compute_inline()

    measured_on = provenance()  # before the results themselves change the working tree
    for name in arguments.only:
        result = measure(name, rounds, peers, arguments.peers_python)
        if not arguments.quick:
            keep(name, result | {"provenance": measured_on})
    with tempfile.TemporaryDirectory() as programs:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = programs
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        first = [first_result() for _ in range(2 if arguments.quick else 4)][1:]
    print(f"start to the end of the documentation's first network {median(first):.1f} s ({min(first):.1f}-{max(first):.1f})")
    if not arguments.quick:
        keep("start_to_first_result_s", spread(first))
        print(RESULT)


def keep(name: str, result: dict[str, Any]) -> None:
    """Write one result beside those of other workloads and runs."""
    kept = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    partial = RESULT.with_suffix(".tmp")
    partial.write_text(json.dumps(kept | {name: result}, indent=2) + "\n")
    partial.replace(RESULT)


def measure(workload: str, rounds: int, peers: list[str], peers_python: str) -> dict[str, Any]:
    """Return steps a second, ratios to the C reference, limits, check values and versions of one workload."""
    from experiments.benchmarks.speed import bandwidth, c_library
    from experiments.benchmarks.speed.peer import Peer, Unavailable

    module = importlib.import_module(f"experiments.benchmarks.speed.{MODULES[workload]}")
    cases = list(module.neurorl_cases())
    if c_library.available():
        cases += module.c_cases()
    else:
        print("C is left out: there is no gcc")
    cases += [Peer(name, workload, peers_python) for name in peers]
    ready, skipped = [], {}
    for case in cases:
        print(f"{workload}: preparing {case.name}", flush=True)
        try:
            case.prepare()
            ready.append(case)
        except Unavailable as reason:
            print(f"  left out: {reason}", flush=True)
            skipped[case.name] = str(reason).splitlines()[0]
    checks = {case.name: case.check() for case in ready}
    differs = {name: wrong for name, values in checks.items() if (wrong := differences(values, module.EXPECTED))}
    for name, values in checks.items():
        note = f"  NOT the workload's {', '.join(differs[name])}" if name in differs else ""
        print(f"  {name}: " + ", ".join(f"{key} {value:.4g}" for key, value in values.items()) + note, flush=True)

    speeds: dict[str, list[float]] = {case.name: [] for case in ready}
    passes = []
    for number in range(rounds):
        for case in list(ready):
            try:
                speeds[case.name].append(case.steps / case.run(case.steps))
            except Unavailable as reason:
                print(f"  {case.name} is left out from here on: {reason}", flush=True)
                skipped[case.name] = str(reason).splitlines()[0]
                ready.remove(case)
                del speeds[case.name]
        passes.append(bandwidth.passes_per_second())
        shown = "   ".join(f"{name} {values[-1]:,.0f}" for name, values in speeds.items())
        print(f"{workload} round {number + 1}: {shown} steps/s", flush=True)
    for case in ready:
        if isinstance(case, Peer):
            case.close()

    base = "C" if "C" in speeds else cases[0].name
    ratios = {
        name: {other: spread([a / b for a, b in zip(values, speeds[other], strict=True)]) for other in speeds if other != name}
        for name, values in speeds.items()
    }
    for name in speeds:
        if name != base:
            ratio = ratios[name][base]
            print(f"{workload}: {name} is {ratio['median']:.2f} x {base} ({ratio['min']:.2f}-{ratio['max']:.2f})")
    copies = getattr(module, "COPIES", 1)
    return {
        "steps_per_second": {name: spread([copies * value for value in values]) for name, values in speeds.items()},
        "ratios": ratios,
        "memory": {"passes_over_8_MB_per_second": spread(passes), "copy_GB_per_second": bandwidth.copy_gigabytes_per_second()},
        "check": checks,
        "differs": differs,
        "left_out": skipped,
        "peer_versions": {case.name: case.version for case in ready if isinstance(case, Peer)},
    }


def differences(values: dict[str, float], expected: dict[str, tuple[float, float]]) -> list[str]:
    """Return the names of the values that are further from what the workload gives than their tolerance."""
    return [name for name, (value, tolerance) in expected.items() if not abs(values.get(name, value) - value) <= tolerance]


def spread(values: list[float]) -> dict[str, float]:
    return {"median": median(values), "min": min(values), "max": max(values)}


def first_result() -> float:
    """Return the seconds from the start of a fresh Python to the end of docs/examples.md's first network, with programs kept."""
    blocks = (Path(__file__).parents[3] / "docs" / "examples.md").read_text().split("```python\n")
    example = next(block for block in blocks if "save_parameters" in block).split("```")[0]
    with tempfile.TemporaryDirectory() as folder:  # to which it writes
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", example], capture_output=True, check=True, cwd=folder)
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
