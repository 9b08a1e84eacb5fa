"""The README's table of speed, from the results: python -m experiments.benchmarks.speed.table"""

import json
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parents[2] / "results" / "speed.json"
ROWS = {  # label, workload, ours
    "W1, 256 copies of 64 x 16, every step exact": ("W1", "neurorl"),
    "W2, 1,000 x 1,000, `chunk=50`": ("W2", "neurorl, chunk=50"),
    "W2, every step exact": ("W2", "neurorl, exact"),
    "W3, 4,000 neurons, 205,000 plastic synapses, `chunk=100`": ("W3", "neurorl, chunk=100"),
    "W3, every step exact": ("W3", "neurorl, exact"),
    "W4, 4,000 neurons, delays of 1 to 20 ms, no plasticity": ("W4", "neurorl"),
    "W1-closed, one call of `Network.step` a step": ("W1-closed", "neurorl"),
}
PEERS = ("C", "C, tuned", "BrainPy", "Brian2, tuned", "ANNarchy")


def table(results: dict[str, Any]) -> str:
    """Return the ratios of neurorl to each other program as Markdown: median, smallest to largest round."""
    lines = ["| work | " + " | ".join(f"x {peer}" for peer in PEERS) + " |", "|---" * (1 + len(PEERS)) + "|"]
    for label, (work, ours) in ROWS.items():
        ratios = results.get(work, {}).get("ratios", {}).get(ours, {})
        if ratios:
            lines.append(f"| {label} | " + " | ".join(_cell(ratios.get(peer)) for peer in PEERS) + " |")
    return "\n".join(lines)


def _cell(ratio: dict[str, float] | None) -> str:
    if ratio is None:
        return "-"
    low, high = (f"{ratio[end]:.3g}" for end in ("min", "max"))
    return f"{ratio['median']:.3g} ({low} to {high})"


if __name__ == "__main__":
    print(table(json.loads(RESULT.read_text())))
