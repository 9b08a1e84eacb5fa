"""The STDP window, measured: pairs of spikes at every lag through the online traces, beside the closed form.

Below, the same pairs gated by dopamine a second later: the sign of dopamine turns the window over, and none leaves the weight.

    python -m experiments.examples.stdp_window
"""

import jax.numpy as jnp
import numpy as np

from experiments.examples.drawing import panels, save
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network
from neurorl.neurons.lif import LIF
from neurorl.plasticity import stdp
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP
from neurorl.synapses import connectivity

LAGS = np.arange(-80, 81, 4)
REWARD = 1000  # ms after the pairs


def pairs(config: NetworkConfig, dopamine: float, steps: int) -> np.ndarray:
    """Return the weight change of one pair of spikes at each lag, all in one network of unconnected pairs."""
    network = Network(config)
    n = len(LAGS)
    pre, post = network.add_population(n, name="pre"), network.add_population(n, name="post")
    plastic = DopamineSTDP(tau_e=1000.0, bounds=WeightBounds(w_min=-1.0, w_max=1.0))
    network.connect(pre, post, connectivity=connectivity.one_to_one(n), weight=0.5, plastic=plastic)
    spikes = {population: np.zeros((200, n)) for population in (pre, post)}
    spikes[pre][99, :] = 1.0  # arrives at 100
    spikes[post][100 + LAGS, np.arange(n)] = 1.0
    state, _ = network.run(network.init(), 200, spikes=spikes)
    if steps:
        state, _ = network.run(state, steps - 200)
        state, _ = network.run(network.release(state, "dopamine", dopamine), 2000)
    return np.asarray(state.pathways[0].weights) - 0.5


def main() -> None:
    silent = NetworkConfig(neuron=LIF(v_threshold=1000.0))
    ungated = pairs(silent.replace(neuromod_enabled=False), 0.0, 0)
    theory = np.asarray(stdp.window(STDP(), jnp.asarray(LAGS, float)))
    print(f"largest difference from the closed form: {np.abs(ungated - theory).max():.2g}")

    figure, (top, bottom) = panels(2, size=(8, 7), sharex=True)
    fine = np.linspace(-80, 80, 801)
    fine = fine[fine != 0]
    top.plot(fine, stdp.window(STDP(), jnp.asarray(fine)), color="0.5", label="closed form")
    top.plot(LAGS, ungated, "o", markersize=4, color="C0", label="online traces in a network")
    top.set(ylabel="weight change (mV)", title="Pair STDP")
    for dopamine, colour in ((1.0, "C2"), (0.0, "0.4"), (-1.0, "C3")):
        bottom.plot(LAGS, pairs(silent, dopamine, REWARD), "o-", markersize=3, color=colour, label=f"dopamine {dopamine:+g}")
    bottom.set(
        xlabel="arrival of the presynaptic spike to postsynaptic spike (ms)",
        ylabel="weight change (mV)",
        title=f"The same pairs, and dopamine {REWARD / 1000:g} s later",
    )
    for axes in (top, bottom):
        axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
        axes.legend(frameon=False)
    save(figure, "stdp_window")


if __name__ == "__main__":
    main()
