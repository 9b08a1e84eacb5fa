"""W4: W3's neurons and wiring, with delays of 1 to 20 ms drawn for each synapse, and without plasticity."""

from functools import cache
from typing import Any

from experiments.benchmarks.speed.w3 import BACKGROUND, CHECKED, EXCITATORY, NEURON, PROBABILITY, STEPS, WEIGHTS, N
from experiments.benchmarks.speed.workloads import NeurorlNetwork
from neurorl import Network, NetworkConfig
from neurorl.networks.recording import Monitor

DELAY = (1.0, 20.0)  # ms
EXPECTED = {"rate": (20.3, 2.0)}


@cache
def network() -> Network:
    """Return the network."""
    network = Network(NetworkConfig(neuron=NEURON, neuromod_enabled=False))
    network.add_population(EXCITATORY, "excitatory", noise=BACKGROUND)
    network.add_population(N - EXCITATORY, "inhibitory", noise=BACKGROUND)
    for source, weight in WEIGHTS.items():
        for target in WEIGHTS:
            network.connect(source, target, PROBABILITY, weight, delay=DELAY, plastic=False)
    return network


class NeurorlW4(NeurorlNetwork):
    """A network without plasticity."""

    def __init__(self) -> None:
        super().__init__("neurorl", network(), STEPS)

    def check(self) -> dict[str, Any]:
        _, record = self.advance(self.new(2), 0, CHECKED, Monitor(form="counts"))
        return {"rate": 1000 * float(sum(counts.sum() for counts in record.counts.values())) / CHECKED / N}


def neurorl_cases() -> list[NeurorlW4]:
    return [NeurorlW4()]


def c_cases() -> list[Any]:
    """Return none: the rival is Brian2."""
    return []
