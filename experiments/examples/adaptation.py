"""Spike-frequency adaptation: under a constant current a neuron that adapts slows down, and its f-I curve flattens.

python -m experiments.examples.adaptation
"""

import jax.numpy as jnp
import numpy as np

from experiments.examples.drawing import panels, save
from neurorl.analysis import plots
from neurorl.neurons import adaptive_lif, lif, population
from neurorl.neurons.adaptive_lif import AdaptiveLIF
from neurorl.neurons.lif import LIF

STEPS, DT = 10_000, 0.1  # a second
CURRENT = 20.0


def main() -> None:
    plain, adapting = LIF(), AdaptiveLIF(tau_w=150.0, b=1.0)
    current = jnp.full((STEPS, 1), CURRENT).at[: STEPS // 20].set(0.0)
    _, (lif_spikes, lif_v) = population.run(plain, plain.init(1), current, DT)
    _, (spikes, v) = population.run(adapting, adapting.init(1), current, DT)
    times = np.flatnonzero(np.asarray(spikes)[:, 0]) * DT
    intervals = np.diff(times)
    print(f"interval {intervals[0]:.1f} ms at first, {intervals[-1]:.1f} ms at last")
    print(f"{int(lif_spikes.sum())} spikes without adaptation, {len(times)} with it")

    figure, axes = panels(4, size=(8.5, 10))
    plots.voltage(lif_v, DT, lif_spikes, axes=axes[0])
    axes[0].set_title(f"LIF neuron, current {CURRENT:g} from 50 ms on")
    plots.voltage(v, DT, spikes, axes=axes[1])
    axes[1].set_title("The same with an adaptation current")
    axes[2].plot(times[1:], 1000.0 / intervals, "o-", markersize=3)
    steady = float(adaptive_lif.firing_rate(adapting, CURRENT))
    axes[2].axhline(steady, color="0.4", linestyle="--", label=f"theory, adapted: {steady:.1f} Hz")
    axes[2].set(xlabel="time (ms)", ylabel="1 / interval (Hz)", title="Rate from spike to spike", xlim=axes[1].get_xlim())
    axes[2].legend(frameon=False)
    currents = jnp.linspace(10.0, 60.0, 201)
    axes[3].plot(currents, lif.firing_rate(plain, currents), color="0.4", label="LIF, theory")
    axes[3].plot(currents, adaptive_lif.firing_rate(adapting, currents), color="C0", label="adapted, theory")
    grid = jnp.linspace(16.0, 60.0, 12)
    n = len(grid)
    state, _ = population.run(adapting, adapting.init(n), jnp.broadcast_to(grid, (STEPS, n)), DT)
    _, (late, _) = population.run(adapting, state, jnp.broadcast_to(grid, (2 * STEPS, n)), DT)
    axes[3].plot(grid, late.sum(0) / (2 * STEPS * DT / 1000.0), "o", markersize=4, color="C0", label="adapted, simulated")
    axes[3].set(xlabel="current", ylabel="rate (Hz)", title="f-I curves")
    axes[3].legend(frameon=False)
    save(figure, "adaptation")


if __name__ == "__main__":
    main()
