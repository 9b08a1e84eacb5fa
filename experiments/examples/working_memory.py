r"""Working memory: activity that outlives its input, kept up by recurrent excitation and kept apart by inhibition.

Two pools of excitatory neurons excite themselves through slow synapses and share one population of inhibitory neurons. A cue
to pool A leaves it firing; that silences pool B, so a weaker distractor that would be remembered had it come first passes by, and
one as strong as the cue takes its place. Weights hold still: what remembers is the activity. The circuit of Wang (2001),
Trends in Neurosciences 24:455; the synapses are his NMDA receptors, of which a spike opens the fraction U of those still closed,

.. math:: \dot s = -s / \tau + U (1 - s) \sum_k \delta(t - t_k)

which is a current that decays with tau and tires, by short-term depression, with the same time constant.

    python -m experiments.examples.working_memory
"""

import numpy as np

from experiments.examples.drawing import panels, save
from neurorl.analysis import plots, spike_train
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network, Record
from neurorl.neurons.lif import LIF
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.short_term_plasticity import ShortTermPlasticity

STEPS = 4000  # of 1 ms
CUE, DISTRACTOR = slice(500, 700), slice(1700, 1900)  # ms
JUMP = 1.5  # mV a spike from outside
CUE_CURRENT, DISTRACTOR_CURRENT = 8.0, 6.0  # mV of steady depolarisation
CONTROL_CUE = 16.0  # mV, so that without recurrent excitation too A fires in its cue well above what counts as memory
REMEMBERED = 10.0  # Hz, about half the rate of memory and far above that of rest
WINDOW = 50  # ms, for rates
SEEDS = 10
NMDA, GABA = ExponentialCurrent(tau=100.0), ExponentialCurrent(tau=10.0)
SATURATION = ShortTermPlasticity(u=0.63, tau_rec=100.0)
NEURON = LIF(v_reset=-60.0)
CONFIG = NetworkConfig(stdp_enabled=False, neuromod_enabled=False, neuron=NEURON)


def build(recurrent: float = 22.0) -> Network:
    """Return the network; open receptors of a whole pool depolarise each of its neurons by ``recurrent`` mV."""
    network = Network(CONFIG)
    a, b = network.add_population(100, name="A"), network.add_population(100, name="B")
    inhibitory = network.add_population(50, "inhibitory", name="inhibition")
    for pool in (a, b):
        if recurrent:
            network.connect(pool, pool, weight=recurrent / pool.size, synapse=NMDA, stp=SATURATION)
        network.connect(pool, inhibitory, weight=0.2)
        network.connect(inhibitory, pool, weight=0.5, synapse=GABA)
    network.connect(inhibitory, inhibitory, weight=0.3, synapse=GABA)
    return network


def simulate(network: Network, seed: int, cue: float = CUE_CURRENT, distractor: float = DISTRACTOR_CURRENT) -> Record:
    """Return what the network did with a cue to A and a distractor to B, on Poisson input drawn with ``seed``."""
    rng = np.random.default_rng(seed)
    current = {}
    for population in network.populations.values():
        mean = 10.0 if population.inhibitory else 7.5  # mV, of the 15 from rest to threshold
        count = rng.poisson(mean / NEURON.tau_m / JUMP, (STEPS, population.size))
        current[population] = count * JUMP * np.asarray(population.neuron.current_of_jump(network.config.dt))
    current[network.populations["A"]][CUE] += cue
    current[network.populations["B"]][DISTRACTOR] += distractor
    return network.run(network.init(), STEPS, current=current)[1]


def rate(record: Record, population: str) -> np.ndarray:
    """Return the mean rate of a population in successive windows, Hz."""
    return spike_train.spike_counts(record.spikes[population], record.dt, WINDOW).mean(1) * 1000.0 / WINDOW


def duration(record: Record) -> float:
    """Return for how long after the cue A fired as when it remembers, ms."""
    after = rate(record, "A")[CUE.stop // WINDOW :] < REMEMBERED
    return WINDOW * float(after.argmax() if after.any() else len(after))


def rest(record: Record) -> float:
    """Return the highest rate of either pool in a window after the first two, in which the network settles, Hz."""
    return max(rate(record, pool)[2:].max() for pool in ("A", "B"))


def survives(record: Record) -> bool:
    """Return whether A still remembers at the end, and B has not taken over since the distractor ended."""
    return duration(record) == STEPS - CUE.stop and rate(record, "B")[DISTRACTOR.stop // WINDOW :].max() < REMEMBERED


def main() -> None:
    network, control = build(), build(recurrent=0.0)
    remembering = [simulate(network, seed) for seed in range(SEEDS)]
    forgetting = [simulate(control, seed, cue=CONTROL_CUE) for seed in range(SEEDS)]
    resting = [simulate(network, seed, cue=0.0, distractor=0.0) for seed in range(SEEDS)]
    alone = [simulate(network, seed, cue=0.0) for seed in range(SEEDS)]
    equal = [simulate(network, seed, distractor=CUE_CURRENT) for seed in range(SEEDS)]

    lasted = [duration(record) for record in remembering]
    remembered, survived = sum(time > 1000.0 for time in lasted), sum(map(survives, remembering))
    delay = slice(CUE.stop + 100, DISTRACTOR.start)
    cv = np.nanmean([[t.cv_isi for t in spike_train.trains(r.spikes["A"][delay], r.dt)] for r in remembering])
    share = f"for more than a second in {remembered} of {SEEDS} seeds, past the distractor in {survived}"
    print(f"remembers {share}; CV of the intervals {cv:.2f}")
    print(f"activity outlives the cue by {min(lasted):.0f} ms at least; the run ends after {STEPS - CUE.stop}")
    print(f"without recurrent excitation: by less than {max(map(duration, forgetting)) + WINDOW:.0f} ms")
    print(f"without a cue: at most {max(map(rest, resting)):.1f} Hz in {WINDOW} ms")
    taken = sum(rate(record, "B")[DISTRACTOR.stop // WINDOW :].min() > REMEMBERED for record in alone)
    print(f"the distractor, when nothing is remembered yet: remembered in {taken} of {SEEDS} seeds")
    print(f"a distractor as strong as the cue: survived in {sum(map(survives, equal))} of {SEEDS}")

    figure, axes = panels(3, size=(11, 9.5), height_ratios=[2.2, 1, 1], sharex=True)
    sizes = {name: population.size for name, population in network.populations.items()}
    plots.raster(np.concatenate([remembering[0].spikes[name] for name in sizes], 1), 1.0, sizes, axes=axes[0])
    axes[0].set(xlabel="", title=f"Activity outlives its cue {share}")
    for panel, record, title in (
        (axes[1], remembering[0], "Rates"),
        (axes[2], forgetting[0], "Population rates without recurrent excitation, for twice the cue"),
    ):
        for name, colour in zip(sizes, plots.COLOURS, strict=False):
            panel.plot(np.arange(WINDOW / 2, STEPS, WINDOW), rate(record, name), color=colour)
        panel.set(ylabel="rate (Hz)", ylim=(0, 75), title=title)
    axes[2].set_xlabel("time (ms)")
    for panel in axes:
        panel.axvspan(CUE.start, CUE.stop, color=plots.COLOURS[0], alpha=0.2, linewidth=0)
        panel.axvspan(DISTRACTOR.start, DISTRACTOR.stop, color=plots.COLOURS[1], alpha=0.2, linewidth=0)
    for span, text in ((CUE, "cue to A"), (DISTRACTOR, "distractor to B")):
        axes[1].text((span.start + span.stop) / 2, 73, text, ha="center", va="top")
    save(figure, "working_memory")


if __name__ == "__main__":
    main()
