"""Three populations: Poisson input drives sensory neurons, they an excitatory population, and it the motor neurons.

The quick start of omega-snn, with what dopamine changes. For a second nothing is learned, because no dopamine is there;
then a release turns the eligibility that has gathered into weight changes.

    python -m experiments.examples.quick_start
"""

import jax
import numpy as np

from experiments.examples.drawing import panels, save
from neurorl.analysis import plots
from neurorl.codes import poisson
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network

STEPS = 1000  # ms


def main() -> None:
    network = Network(NetworkConfig())
    sensory = network.add_population(100, "sensory")
    hidden = network.add_population(500, "excitatory")
    output = network.add_population(50, "motor")
    network.connect(sensory, hidden, probability=0.3, weight=0.5)
    network.connect(hidden, output, probability=0.2, weight=0.3)

    trains = poisson.train(jax.random.key(0), np.full(sensory.size, 100.0), 2 * STEPS, dt=1.0)
    start = network.init()
    middle, before = network.run(start, STEPS, spikes={sensory: trains[:STEPS]}, voltages=(output,))
    released = network.release(middle, "dopamine", 0.8)
    end, after = network.run(released, STEPS, spikes={sensory: trains[STEPS:]}, voltages=(output,))

    for population in (sensory, hidden, output):
        activity = network.activity(before, population)
        print(f"{population.name:10}  {activity.active_count}/{activity.n} active, {activity.rate:.1f} Hz")
    changes = [np.abs(np.asarray(s.pathways[0].weights) - np.asarray(start.pathways[0].weights)).max() for s in (middle, end)]
    print(f"largest weight change: {changes[0]:.3g} mV without dopamine, {changes[1]:.3g} mV after its release")

    figure, axes = panels(3, size=(9, 9), height_ratios=[3, 1, 1.4])
    spikes = np.concatenate([np.concatenate([r.spikes[p.name] for p in (sensory, hidden, output)], 1) for r in (before, after)])
    sizes = {p.name: p.size for p in (sensory, hidden, output)}
    plots.raster(spikes, 1.0, sizes, axes=axes[0])
    axes[0].axvline(STEPS, color="0.3", linestyle="--")
    axes[0].set_title("Spikes of three populations; dopamine is released at the dashed line")
    v = np.concatenate([before.v[output.name], after.v[output.name]])[:, 0]
    axes[1].plot(v, color="0.2", linewidth=0.7)
    axes[1].set(xlabel="time (ms)", ylabel="v of an output\nneuron (mV)", xlim=axes[0].get_xlim())
    plots.weight_histogram(network.weights(end, sensory, hidden)[network.weights(end, sensory, hidden) != 0], axes=axes[2])
    axes[2].axvline(0.5, color="0.3", linestyle="--")
    axes[2].set_title("Weights from sensory to excitatory after dopamine; all began at the dashed line")
    save(figure, "quick_start")


if __name__ == "__main__":
    main()
