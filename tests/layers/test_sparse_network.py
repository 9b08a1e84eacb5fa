import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.errors import NeurorlError
from neurorl.layers import sparse_network
from neurorl.layers.sparse_network import SparseNetworkParameters, Wiring
from neurorl.neurons.lif import LIF
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.synapses.connectivity import Connectivity

NEURON = LIF(v_rest=0.0, v_threshold=1.0, v_reset=0.0, resistance=float(1 / -np.expm1(-1 / 20)))
P = SparseNetworkParameters(neuron=NEURON, plasticity=DopamineSTDP(bounds=WeightBounds(0.0, 0.5)))


def joined(pairs, n_pre):
    pre, post = np.array(pairs, np.int32).reshape(-1, 2).T
    return Connectivity(pre, post, n_pre, 3)


# Neurons 0 and 1 are excitatory and 2 is inhibitory: 0 -> 1 plastic, 1 -> 2 fixed, 2 -> 0 inhibitory.
CHAIN = Wiring(joined([(0, 1)], 2), joined([(1, 2)], 2), joined([(0, 0)], 1))


def run(forced, dopamine):
    """Run the chain with neuron i made to fire at the steps ``forced[i]``."""
    current = np.zeros((len(dopamine), 3), np.float32)
    for neuron, steps in forced.items():
        current[steps, neuron] = 2.0
    return sparse_network.run(P, CHAIN, sparse_network.init(P, CHAIN, 0.1), jnp.asarray(current), jnp.asarray(dopamine))


@pytest.mark.parametrize(("neuron", "target", "weight"), [(0, 1, 0.1), (1, 2, 0.02), (2, 0, -0.1)])
def test_a_spike_arrives_one_step_later_with_the_weight_and_the_sign_of_its_neuron(neuron, target, weight):
    state, spikes = run({neuron: [0]}, np.zeros(1))
    np.testing.assert_array_equal(spikes[0], np.eye(3)[neuron])
    assert state.neurons.v[target] == 0
    np.testing.assert_allclose(state.arriving, weight * np.eye(3)[target], rtol=1e-6)
    state, _ = run({neuron: [0]}, np.zeros(3))
    np.testing.assert_allclose(state.neurons.v[target], weight * np.exp(-1 / 20), rtol=1e-5)


@pytest.mark.parametrize(("pre", "post"), [(1, 6), (6, 1), (3, 3)])
def test_dopamine_turns_a_pair_of_spikes_into_its_change(pre, post):
    dopamine = np.zeros(20, np.float32)
    dopamine[[10, 15]] = 1.0, -0.4
    state, spikes = run({0: [pre], 1: [post]}, dopamine)
    assert spikes[:, 0].sum() == spikes[:, 1].sum() == 1
    lag = post - pre
    pair = np.sign(lag) * {1: 0.01, -1: 0.012, 0: 0.0}[np.sign(lag)] * np.exp(-abs(lag) / 20)
    kept = np.exp(-(np.array([10, 15]) - max(pre, post)) / 200)
    np.testing.assert_allclose(state.weights[0] - 0.1, 0.01 * pair * (kept @ [1.0, -0.4]), rtol=2e-3, atol=1e-9)


def test_random_wiring_keeps_types_apart_and_leaves_out_no_synapse():
    wiring = sparse_network.random_wiring(80, 20, 0.2, seed=3)
    assert wiring == sparse_network.random_wiring(80, 20, 0.2, seed=3)
    assert wiring != sparse_network.random_wiring(80, 20, 0.2, seed=4)
    assert (wiring.plastic.post < 80).all()
    assert (wiring.excitatory.post >= 80).all()
    expected = 100 * 99 * 0.2
    assert abs(sum(map(len, wiring)) - expected) < 4 * (expected * 0.8) ** 0.5
    assert (wiring.plastic.pre != wiring.plastic.post).all()
    assert (wiring.inhibitory.pre + 80 != wiring.inhibitory.post).all()


def test_what_breaks_dales_law_or_does_not_fit_is_refused():
    with pytest.raises(NeurorlError, match="w_inhibitory"):
        SparseNetworkParameters(w_inhibitory=0.1)
    with pytest.raises(NeurorlError, match="w_excitatory"):
        SparseNetworkParameters(w_excitatory=-0.1)
    with pytest.raises(NeurorlError, match=r"wiring\.inhibitory"):
        sparse_network.init(P, CHAIN._replace(inhibitory=joined([(0, 0)], 2)), 0.1)
    with pytest.raises(NeurorlError, match="n_inhibitory"):
        sparse_network.random_wiring(10, 0, 0.5, seed=0)
