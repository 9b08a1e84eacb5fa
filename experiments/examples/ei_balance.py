"""Excitation and inhibition in balance: 800 excitatory and 200 inhibitory neurons fire irregularly and each for itself.

Every neuron gets Poisson input and synapses from a tenth of the others. Inhibition keeps its mean input below threshold, and
fluctuations carry it over: the asynchronous irregular state of van Vreeswijk and Sompolinsky (1996) and Brunel (2000).
Without inhibition the same network fires as often as its refractory period allows.

    python -m experiments.examples.ei_balance
"""

from typing import NamedTuple

import numpy as np

from experiments.examples.drawing import panels, save
from neurorl.analysis import plots, population, spike_train
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network, Record
from neurorl.neurons.lif import LIF
from neurorl.synapses import connectivity

STEPS, SETTLED = 3500, 500  # ms; the statistics leave out the first half second
NEURON = LIF(v_reset=-61.0)
CONFIG = NetworkConfig(stdp_enabled=False, neuromod_enabled=False, neuron=NEURON)
WEIGHT = 0.5  # mV a spike of an excitatory neuron
INHIBITION = 6.0  # times as much for an inhibitory one, and with four times as many excitatory neurons more than 4 balances
OUTSIDE = 1.5  # mV a spike from outside
OUTSIDE_MEAN = 11.0  # mV, which alone leaves the mean 4 mV below threshold
SEEDS = 5


class Statistics(NamedTuple):
    """Of the excitatory neurons."""

    rate: float  # Hz
    cv: float  # of the intervals, mean over the neurons
    correlation: float  # of spike counts in 10 ms, mean over pairs of 300 neurons


def simulate(seed: int = 0, inhibition: float = INHIBITION) -> Record:
    """Return what the network did, its synapses, delays and input drawn with ``seed``."""
    network, rng = Network(CONFIG), np.random.default_rng(seed)
    excitatory, inhibitory = network.add_population(800, "excitatory"), network.add_population(200, "inhibitory")
    for source, weight in ((excitatory, WEIGHT), (inhibitory, inhibition * WEIGHT)):
        for target in (excitatory, inhibitory):
            drawn = int(rng.integers(2**31))
            synapses = connectivity.random(source.size, target.size, 0.1, drawn, self_connections=source is not target)
            delay = rng.integers(1, 6, len(synapses))  # ms
            network.connect(source, target, weight=weight, connectivity=synapses, delay=delay)
    mean_count = OUTSIDE_MEAN / NEURON.tau_m / OUTSIDE  # spikes a ms
    current = {}
    for each in (excitatory, inhibitory):
        jump = OUTSIDE * np.asarray(each.neuron.current_of_jump(CONFIG.dt))
        current[each] = jump * rng.poisson(mean_count * CONFIG.dt, (STEPS, each.size))
    return network.run(network.init(), STEPS, current=current, voltages=(excitatory,))[1]


def statistics(record: Record) -> Statistics:
    """Return how fast, how irregularly and how much together the excitatory neurons fired."""
    settled = record.spikes["excitatory"][SETTLED:]
    counts = spike_train.spike_counts(settled[:, :300], record.dt, 10.0)
    rate = population.activity(settled, record.dt).rate
    return Statistics(rate, float(np.nanmean(_cv(settled, record.dt))), population.mean_correlation(counts))


def main() -> None:
    records = [simulate(seed) for seed in range(SEEDS)]
    each = [statistics(record) for record in records]
    for seed, found in enumerate(each):
        print(f"seed {seed}: {found.rate:.1f} Hz, CV {found.cv:.2f}, correlation {found.correlation:.3f}")
    runaway = simulate(inhibition=0.0)
    limit = 1000.0 / (NEURON.refractory + CONFIG.dt)
    rate = statistics(runaway).rate
    print(f"without inhibition: {rate:.1f} Hz, where the refractory period allows {limit:.1f} Hz")

    figure, axes = panels(2, 2, size=(13, 8.5), height_ratios=[1.6, 1])
    balanced = each[0]
    titles = (
        f"Balanced: {balanced.rate:.0f} Hz, correlation of counts {balanced.correlation:.3f}",
        f"The same network without inhibition: {rate:.0f} Hz, its limit",
    )
    window = slice(SETTLED, SETTLED + 300)
    for column, (record, title) in enumerate(zip((records[0], runaway), titles, strict=True)):
        everyone = np.concatenate([record.spikes["excitatory"], record.spikes["inhibitory"]], 1)
        plots.raster(everyone[window], CONFIG.dt, {"excitatory": 800, "inhibitory": 200}, axes=axes[0, column])
        axes[0, column].set_title(title)
    axes[0, 0].get_legend().remove()
    cv = _cv(records[0].spikes["excitatory"][SETTLED:], CONFIG.dt)
    axes[1, 0].hist(cv[~np.isnan(cv)], bins=np.linspace(0.0, 2.0, 41), color=plots.COLOURS[0])
    axes[1, 0].axvline(1.0, color="0.3", linestyle="--", label="Poisson process")
    axes[1, 0].set(xlabel="coefficient of variation of the intervals", ylabel="excitatory neurons")
    axes[1, 0].set_title(f"Balanced: as irregular as a Poisson process, mean {balanced.cv:.2f}")
    axes[1, 0].legend(frameon=False)
    two = slice(0, 2)
    plots.voltage(
        records[0].v["excitatory"][window, two],
        CONFIG.dt,
        records[0].spikes["excitatory"][window, two],
        threshold=float(NEURON.v_threshold),
        axes=axes[1, 1],
    )
    axes[1, 1].set_title("Two balanced neurons: fluctuations make them fire")
    save(figure, "ei_balance")


def _cv(spikes: np.ndarray, dt: float) -> np.ndarray:
    return np.array([train.cv_isi for train in spike_train.trains(spikes, dt)])


if __name__ == "__main__":
    main()
