"""One LIF neuron of the NIR project's paper, read and run here, against what other simulators made of it.

The data are not part of the repository: the folder is NEURORL_NIR_TRACES, or else ``shared/data/nir`` beside the repository.
"""

import functools
import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nir")

from neurorl.nir import from_nir, read

FOLDER = Path(os.environ.get("NEURORL_NIR_TRACES") or Path(__file__).parents[3] / "shared" / "data" / "nir")
pytestmark = pytest.mark.skipif(not (FOLDER / "lif_norse.nir").is_file(), reason="no traces of NIR, see NEURORL_NIR_TRACES")


def trace(simulator):
    return np.loadtxt(FOLDER / f"lif_{simulator}.csv", delimiter=",").T  # input, potential, spikes; a row a step of 0.1 ms


@functools.cache
def ours(file):
    """Return the potential and the spikes of a graph's neuron, a step earlier than they are: an edge takes none in NIR."""
    network = from_nir(read(FOLDER / file), dt=0.1)
    (name,) = (name for name in network.populations if name != "input")
    spikes = np.append(trace("exact")[0], 0.0)[:, None]
    _, record = network.run(network.init(), len(spikes), spikes={"input": spikes}, voltages=[name])
    return record.v[name][1:, 0], record.spikes[name][1:, 0]


@pytest.mark.parametrize("simulator", ["exact", "norse", "snntorch", "nengo"])
def test_spikes_are_those_of_other_simulators(simulator):
    _, spikes = ours("lif_norse.nir")
    np.testing.assert_array_equal(np.flatnonzero(spikes), np.flatnonzero(trace(simulator)[2]))
    assert spikes.sum() == 4


def test_the_potential_is_that_of_norse_to_the_order_of_its_step():
    v, _ = ours("lif_norse.nir")
    theirs = trace("norse")[1]
    assert np.abs(v - theirs).max() < 0.1 * 0.1 / 2.5  # of a threshold of 0.1: Euler's method against the exact one, dt / tau
    assert np.abs(v).max() > 0.09


def test_a_graph_of_rockpool_is_read_though_its_output_has_another_shape():
    v, spikes = ours("lif_rockpool.nir")
    assert np.isfinite(v).all()
    assert 3 <= spikes.sum() <= 4


def test_a_chain_of_two_keeps_its_leak_and_its_thresholds():
    network = from_nir(read(FOLDER / "two_lif_neurons.nir"))
    first, second = network.populations["lif1"].neuron, network.populations["lif2"].neuron
    assert (first.v_rest, first.v_threshold, second.v_threshold, first.tau_m) == (1.2, 1.0, 20.0, 10.0)
    _, record = network.run(network.init(), 1000)
    assert record.spikes["lif1"].sum() > 2  # its rest lies above its threshold
