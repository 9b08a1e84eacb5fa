"""W1: 256 independent networks of 64 x 16 synapses, every step exact."""

from experiments.benchmarks.speed.workloads import CReference, NeurorlNetwork, expected, layer, weights, with_weights
from neurorl.networks.dynamics import NetworkState

N, M, COPIES = 64, 16, 256
STEPS = 10_000  # of one measurement
EXPECTED = expected(0.01)


class NeurorlW1(NeurorlNetwork):
    """A network in 256 copies."""

    def __init__(self, steps: int = STEPS) -> None:
        super().__init__("neurorl", layer(N, M), steps, copies=COPIES)

    def new(self, seed: int) -> NetworkState:
        return with_weights(self.network.init(seed, copies=COPIES), weights(seed, (COPIES, N, M)))


def neurorl_cases() -> list[NeurorlW1]:
    return [NeurorlW1()]


def c_cases() -> list[CReference]:
    """Return the pass over all synapses a step that SPEED.md calls C, and one that keeps each copy in the cache for 100 steps."""
    return [CReference(N, M, COPIES, STEPS), CReference(N, M, COPIES, STEPS, block=100)]
