"""Copies of a network in groups: no bit depends on how many devices there are."""

import subprocess
import sys

import jax
import numpy as np
import pytest

from neurorl import Network, groups
from neurorl.backend import compute_inline
from neurorl.errors import NeurorlError
from neurorl.neurons import LIF, Poisson


def learned(group):
    """Return, as bytes, all of five copies of a small network that learns, each with an input and a rate of its own."""
    network = Network()
    sensory = network.add_population(12, "sensory", Poisson(100.0))
    target = network.add_population(9, "excitatory", LIF(v_rest=0.0, v_reset=0.0, v_threshold=4.0))
    network.connect(sensory, target, weight=0.6)
    state = network.release(network.init(seed=3), "dopamine", 1.0)
    current = {target: np.random.default_rng(0).normal(1.0, 1.0, (5, 60, 9)).astype(np.float32)}
    rates, release = {"sensory.rate": np.linspace(50.0, 150.0, 5)}, {"dopamine": np.full(60, 0.1)}
    state, record = network.run(state, 60, current, copies=5, parameters=rates, release=release, group=group)
    assert 0.01 < record.spikes["excitatory"].mean() < 0.4
    assert np.ptp(np.asarray(state.pathways[0].weights)) > 0.01, "they learn"
    leaves = [*jax.tree.leaves(state._replace(key=())), *record.spikes.values()]
    assert all(len(leaf) == 5 for leaf in leaves)
    return b"".join(np.asarray(leaf).tobytes() for leaf in leaves)


def test_two_devices_give_the_bits_of_one():
    # In groups of two: on two devices one has two groups, and the last group is filled up.
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE) as on_two:
        here = learned(group=2)
        assert on_two.communicate(timeout=300)[0] == here


def test_a_group_of_nobody_is_refused():
    with pytest.raises(NeurorlError, match="'group' is 0; it must be a whole number of at least 1"):
        learned(group=0)


if __name__ == "__main__":
    compute_inline(2)
    assert len(groups.devices(3)) == 2
    sys.stdout.buffer.write(learned(group=2))
