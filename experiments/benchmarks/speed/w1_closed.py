"""W1-closed: one Python call a millisecond to a network of 64 x 16 synapses, with its output spikes read back."""

import time
from typing import Any

import numpy as np

from experiments.benchmarks.speed.w1 import M, N
from experiments.benchmarks.speed.workloads import CHECKED, CReference, NeurorlNetwork, expected, layer, weights, with_weights
from neurorl.networks.dynamics import NetworkState

EXPECTED = expected(0.02)  # of one small network, whose draw shows


class NeurorlClosed(NeurorlNetwork):
    """A network that is told of every step by a call."""

    def __init__(self, steps: int = 20_000) -> None:
        super().__init__("neurorl", layer(N, M), steps)

    def new(self, seed: int) -> NetworkState:
        return with_weights(self.network.init(seed), weights(seed, (N, M)))

    def advance(self, state: NetworkState, start: int, steps: int, record: Any = ()) -> tuple[NetworkState, Any]:
        for t in range(start, start + steps):
            if t % 500 == 0:
                state = self.network.release(state, "dopamine", (1.0 if t == 0 else 2.0) if t % 1000 == 0 else -2.0)
            state = self.network.step(state)
            np.asarray(state.spikes["excitatory"])
        return state, None

    def check(self) -> dict[str, Any]:
        state, values, t = self.new(2), {}, 0
        for steps in CHECKED:
            state, _ = self.advance(state, t, steps - t)
            values[f"mean_weight_{steps}"] = float(state.pathways[0].weights.mean())
            t = steps
        return values


class CClosed(CReference):
    """The C program called through ctypes for every step; what is read back is the number of spikes so far."""

    def run(self, steps: int) -> float:
        start = time.process_time()
        for _ in range(steps):
            self.library.network_run(self.network, 1)
            self.library.network_spikes(self.network)
        return time.process_time() - start


def neurorl_cases() -> list[NeurorlClosed]:
    return [NeurorlClosed()]


def c_cases() -> list[CClosed]:
    return [CClosed(N, M, 1, 500_000)]
