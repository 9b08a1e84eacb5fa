"""Do neurorl, NEST and Brian2 compute the same?

Simulates every scenario of experiments/simulators in all three, on the same input, in float64 and float32. Writes the largest
differences and the versions met to experiments/results/parity.json, and draws five of the scenarios, ours over theirs with the
differences below, as experiments/results/parity.png. A simulator that is not installed is left out.

Everything but dopamine-modulated STDP agrees to rounding. There NEST and Brian2 integrate the weight over a step and ours adds
one product a step: the difference halves with dt.

    python -m experiments.parity
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.provenance import provenance
from experiments.simulators import Traces, differences, find, installed, ours
from experiments.simulators.scenarios import SCENARIOS, dopamine_stdp
from neurorl.results import figures

RESULTS = Path(__file__).resolve().parent / "results"
PANELS = {  # scenario: the trace that is drawn, and its label
    "LIF": ("v", "v, mV"),
    "Izhikevich chattering": ("v", "v, mV"),
    "STDP": ("weight", "weight"),
    "short-term facilitation": ("efficacy", "efficacy"),
    "dopamine-modulated STDP": ("weight", "weight"),
}
STYLES = {"NEST": ("C1", "--", "s"), "Brian2": ("k", ":", ".")}
FLOOR = 1e-17  # differences of zero are drawn here


def main() -> None:
    versions = installed()
    results: dict[str, Any] = {}
    drawn: dict[str, dict[str, Traces]] = {}
    for name, scenario in SCENARIOS.items():
        simulate = getattr(ours, scenario.experiment)
        double, single = simulate(**scenario.arguments), simulate(**scenario.arguments, dtype="float32")
        drawn[name] = {"neurorl": double}
        for simulator in (s for s in scenario.simulators if s in versions):
            theirs = getattr(find(simulator), scenario.experiment)(**scenario.arguments)
            drawn[name][simulator] = theirs
            first = slice(scenario.steps32)
            results.setdefault(name, {})[simulator] = {
                "float64": differences(double, theirs),
                "float32": differences(cut(single, first), cut(theirs, first)),
            }
            shown = ", ".join(f"{trace} {d:.1e}" for trace, d in results[name][simulator]["float64"].items() if trace != "spikes")
            print(f"{name:44} {simulator:7} {shown}", flush=True)
    table: dict[str, Any] = {"simulators": versions, "largest_differences": results}
    if "NEST" in versions:
        table["dopamine_modulated_stdp_error_by_dt_ms"] = {str(dt): dopamine_error(dt) for dt in (1.0, 0.5, 0.25, 0.125)}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "parity.json").write_text(json.dumps(table | {"provenance": provenance()}, indent=2) + "\n")
    draw({name: drawn[name] for name in PANELS}, versions, RESULTS / "parity.png")


def cut(traces: Traces, first: slice) -> Traces:
    """Return the first steps: rounding errors of float32 grow with every spike of some neurons."""
    return {name: trace[first] for name, trace in traces.items()}


def dopamine_error(dt: float) -> float:
    """Return the largest difference of our weight from NEST's, in steps of ``dt``."""
    arguments = dopamine_stdp(dt).arguments
    return differences(ours.dopamine_stdp(**arguments), find("NEST").dopamine_stdp(**arguments))["weight"]


def times(name: str) -> np.ndarray:
    """Return the times in ms of the points of a trace: the ends of steps, or presynaptic spikes."""
    arguments = SCENARIOS[name].arguments
    train = arguments.get("pre", arguments.get("spikes"))
    steps = np.arange(len(arguments["current"])) if train is None else np.flatnonzero(train)
    return (steps + 1) * arguments["dt"]


def draw(drawn: dict[str, dict[str, Traces]], versions: dict[str, str], path: Path) -> None:
    """Draw one trace of each scenario in all simulators, and below it the differences from ours."""
    figure = Figure(figsize=(17, 6), layout="constrained")
    grid = figure.subplots(2, len(drawn), sharex="col", height_ratios=(2, 1))
    for (above, below), (name, simulators) in zip(grid.T, drawn.items(), strict=True):
        trace, label = PANELS[name]
        at, own = times(name), simulators["neurorl"][trace]
        size = 4 if len(at) < 100 else 1.5
        above.plot(at, own, color="C0", linewidth=4, alpha=0.4, label="neurorl")
        for simulator, theirs in ((s, t) for s, t in simulators.items() if s != "neurorl"):
            colour, line, marker = STYLES[simulator]
            label_there = f"{simulator} {versions[simulator]}"
            above.plot(at, theirs[trace], color=colour, linestyle=line, linewidth=1.4, label=label_there)
            apart = np.maximum(np.abs(own - theirs[trace]), FLOOR)
            below.semilogy(at, apart, color=colour, linestyle="", marker=marker, markersize=size)
        above.set_title(f"{name}, dt {SCENARIOS[name].arguments['dt']:g} ms", fontsize=9.5)
        above.set_ylabel(label)
        below.set_xlabel("time, ms")
        below.set_ylim(FLOOR / 3, 1e-2)
        for axes in (above, below):
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
    grid[1, 0].set_ylabel("|difference|, 0 at the foot", fontsize=9)
    grid[0, -1].legend(frameon=False, fontsize=9)
    figure.suptitle("The same input in three simulators, in float64; below, how far theirs are from neurorl", fontsize=11)
    figures.save(figure, path)


if __name__ == "__main__":
    main()
