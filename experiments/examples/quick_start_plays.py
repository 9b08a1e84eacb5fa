"""The network of omega-snn's quick start, 100 sensory, 500 hidden and 50 motor neurons, learns to balance CartPole's pole.

Place cells of the observation fire the sensory neurons, random synapses drive the hidden ones, and those onto the motor neurons
learn by dopamine: the prediction error of a critic that reads the hidden neurons. 25 motor neurons push to the left and 25 to
the right.

    python -m experiments.examples.quick_start_plays [--seeds 4] [--seed 300] [--steps 30000]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import neurorl
from experiments.examples.drawing import panels, save
from neurorl import LIF, STDP, DopamineSTDP, EscapeNoise, Network, SpikingNetwork, WeightBounds

MEMBRANE = LIF(tau_m=5.0, v_rest=-70.0, v_threshold=-55.0, v_reset=-70.0, refractory=1.0)


def build() -> Network:
    """Return the network."""
    network = Network()
    sensory = network.add_population(100, "sensory", neuron="relay", name="sensory")
    hidden = network.add_population(500, "excitatory", neuron=MEMBRANE, name="hidden")
    noisy = MEMBRANE.replace(v_rest=-59.6, escape=EscapeNoise(1.0, 2.0))  # 100 Hz without input
    motor = network.add_population(50, "motor", neuron=noisy, name="motor")
    network.connect(sensory, hidden, probability=0.08, weight=4.0, plastic=False)
    learns = DopamineSTDP(
        stdp=STDP(a_plus=1.0, tau_plus=5.0),
        bounds=WeightBounds(-3.0, 3.0),
        tau_e=162.0,
        learning_rate=0.004,
        rule="escape-noise",
    )
    network.connect(hidden, motor, weight=0.0, plastic=learns, sign="mixed")
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=300)
    parser.add_argument("--steps", type=int, default=30_000)
    a = parser.parse_args()
    every = a.steps // 10
    agent = SpikingNetwork(build(), reset=True)
    with tempfile.TemporaryDirectory() as folder:
        run = neurorl.train(
            "CartPole-v1",
            agent=agent,
            seeds=a.seeds,
            seed=a.seed,
            steps=a.steps,
            eval_every=every,
            settings={"code.cells": 4},
            out=Path(folder) / "run",
        )
        steps, returns = np.array(run.summary["eval_steps"]), np.array(run.summary["eval_return"], float)
    print(f"greedy return after {a.steps:,} steps: {', '.join(f'{final:.0f}' for final in returns[:, -1])}")
    figure, axes = panels(1, size=(8, 4.5))
    axes.plot(steps, returns.T, color="0.7", linewidth=1)
    axes.plot(steps, np.median(returns, axis=0), color="tab:blue", linewidth=2, label=f"median of {a.seeds} seeds (grey: each)")
    axes.axhline(475, color="0.3", linestyle="--", linewidth=1, label="solved")
    axes.set(xlabel="environment steps", ylabel="return of greedy episodes", ylim=(0, 510))
    axes.set_title("100 sensory, 500 hidden and 50 motor neurons balance a pole")
    axes.legend(frameon=False, loc="lower right")
    save(figure, "quick_start_plays")


if __name__ == "__main__":
    main()
