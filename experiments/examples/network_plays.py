"""omega-snn's quick start, 100 sensory, 500 hidden and 50 motor neurons, plays CartPole: what was built acts and learns.

python -m experiments.examples.network_plays [--steps 30000] [--seeds 4]
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from experiments.examples.drawing import RESULTS
from neurorl import LIF, STDP, DopamineSTDP, EscapeNoise, Network, WeightBounds, train
from neurorl.files import write_atomically

LEARNS = DopamineSTDP(STDP(a_plus=1.0, tau_plus=5.0), WeightBounds(-3.0, 3.0), learning_rate=0.002, rule="escape-noise")


def wired(observation_space: Any = None, action_space: Any = None) -> Network:
    """Return the network; an agent without critics of its own gets one that reads the hidden population."""
    network = Network()
    sensory = network.add_population(100, "sensory", neuron="relay")
    hidden = network.add_population(500, "excitatory", neuron=LIF(tau_m=5.0, v_reset=-70.0), name="hidden")
    interneurons = network.add_population(50, "inhibitory", neuron=LIF(tau_m=5.0, v_reset=-70.0))
    motor = network.add_population(50, "motor", neuron=LIF(tau_m=5.0, v_rest=-59.6, escape=EscapeNoise()))
    network.connect(sensory, hidden, probability=0.05, weight=9.0, plastic=False)
    network.connect(hidden, interneurons, probability=0.3, weight=0.5, plastic=False)
    network.connect(interneurons, hidden, probability=0.3, weight=0.3)
    network.connect(hidden, motor, weight=0.0, plastic=LEARNS, sign="mixed")
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--seeds", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        every = max(arguments.steps // 15, 1)
        run = train(
            "CartPole-v1",
            wired,
            seeds=arguments.seeds,
            steps=arguments.steps,
            eval_every=every,
            log_every=every,
            out=Path(folder) / "run",
        )
        print(f"greedy return of {arguments.seeds} seeds: {run.summary['final_eval_return_iqm']:.0f} (interquartile mean)")
        for name, drawn in (("network_plays", run.folder.learning_curve), ("network_plays_spikes", run.folder.spikes)):
            picture = drawn.read_bytes()
            write_atomically(RESULTS / f"{name}.png", lambda temporary, picture=picture: temporary.write_bytes(picture))


if __name__ == "__main__":
    main()
