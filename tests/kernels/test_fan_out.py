import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.errors import NeurorlError
from neurorl.kernels import fan_out
from neurorl.synapses import connectivity
from neurorl.synapses import projection as projections
from neurorl.synapses.connectivity import Connectivity

WIRED = connectivity.random(30, 20, 0.3, seed=1)
NOTHING = Connectivity(np.zeros(0, np.int32), np.zeros(0, np.int32), 30, 20)


@pytest.mark.parametrize("synapses", [WIRED, NOTHING], ids=["random", "none"])
def test_values_come_back_from_the_rows(synapses):
    values = jnp.arange(1.0, len(synapses) + 1)
    rows = fan_out.to_rows(synapses, values)
    targets = fan_out.targets(synapses)
    assert rows.shape == targets.shape
    assert rows.shape[0] == synapses.n_pre + 1
    np.testing.assert_array_equal(fan_out.from_rows(synapses, rows), values)
    assert (np.asarray(targets) < synapses.n_post).sum() == len(synapses)
    np.testing.assert_array_equal((np.asarray(targets) < synapses.n_post), np.asarray(rows) > 0)


def test_what_is_delivered_is_the_sum_over_the_synapses():
    rng = np.random.default_rng(2)
    weights = rng.random(len(WIRED)).astype(np.float32)
    neurons = np.array([3, 17, 4, 30], np.int32)  # 30 is nobody
    rows, targets = fan_out.to_rows(WIRED, jnp.asarray(weights)), jnp.asarray(fan_out.targets(WIRED))
    sent = np.isin(WIRED.pre, neurons)
    arriving = fan_out.add_at(jnp.ones(20 + targets.shape[1]), fan_out.read(targets, neurons), fan_out.read(rows, neurons))
    np.testing.assert_allclose(arriving[:20], 1 + np.bincount(WIRED.post[sent], weights[sent], minlength=20), rtol=1e-6)


def test_incoming_synapses_are_those_onto_a_neuron():
    projection = projections.project(WIRED)
    rows = np.asarray(fan_out.to_rows(WIRED, jnp.arange(1.0, len(WIRED) + 1))).ravel()
    incoming = rows[fan_out.incoming(projection)]
    for neuron in range(20):
        np.testing.assert_array_equal(incoming[neuron][incoming[neuron] > 0], np.flatnonzero(WIRED.post == neuron) + 1)
    assert not incoming[20].any()


def test_places_in_a_ring_hold_the_delay_and_the_neuron():
    delay = np.arange(len(WIRED)) % 4 + 1
    projection = projections.project(WIRED, delay.astype(float))
    places = fan_out.places(projection)
    present = places < 4 * 20
    assert present.sum() == len(WIRED)
    np.testing.assert_array_equal(places[present], (delay - 1) * 20 + WIRED.post)


@pytest.mark.parametrize(("n_post", "dtype"), [(2**16 - 17, np.uint16), (2**16 - 16, np.int32)])
def test_the_last_of_very_many_neurons_is_reached(n_post, dtype):
    synapses = Connectivity(np.zeros(2, np.int32), np.array([0, n_post - 1], np.int32), 1, n_post)
    targets = fan_out.targets(synapses)
    assert targets.dtype == dtype
    arriving = fan_out.add_at(jnp.zeros(n_post + targets.shape[1]), jnp.asarray(targets[:1]), jnp.float32(0.5))
    np.testing.assert_array_equal(np.flatnonzero(arriving[:n_post]), [0, n_post - 1])


def test_values_for_another_number_of_synapses_are_refused():
    with pytest.raises(NeurorlError, match="one for each of the"):
        fan_out.to_rows(WIRED, jnp.zeros(3))
