"""Networks as NIR graphs and back."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

from neurorl import ExponentialCurrent, Network, NetworkConfig, NeurorlError, NoiseCurrent, ShortTermPlasticity
from neurorl.neurons import LIF, EscapeNoise, IntegrateAndFire, LeakyIntegrator
from neurorl.synapses import Conductance, connectivity

nir = pytest.importorskip("nir")

from neurorl.nir import LOSSES, from_nir, read, to_nir, write  # noqa: E402

PLAIN = LIF(refractory=0.0)
STEPS = 300


def mixture():
    """Return a network of everything that NIR can say, and input for it."""
    rng = np.random.default_rng(0)
    network = Network(NetworkConfig(dt=0.5))
    sensory = network.add_population(20, "sensory", neuron="relay")
    varied = LIF(refractory=0.0, tau_m=rng.uniform(5.0, 20.0, 30), v_reset=-70.0, resistance=2.0)
    hidden = network.add_population(30, neuron=varied, name="hidden cells")
    inhibitory = network.add_population(5, "inhibitory", neuron=PLAIN)
    slow = network.add_population(6, neuron=PLAIN, name="slow")
    counting = network.add_population(4, "motor", neuron=IntegrateAndFire(v_threshold=-40.0, v_reset=-60.0, resistance=2.0))
    read_out = network.add_population(3, "motor", neuron=LeakyIntegrator(), name="read out")
    wires = connectivity.random(20, 30, 0.5, seed=3)
    network.connect(sensory, hidden, connectivity=wires, weight=rng.uniform(2.0, 8.0, len(wires)), plastic=False)
    network.connect(hidden, inhibitory, weight=2.0, delay=3.0, plastic=False)
    network.connect(inhibitory, hidden, weight=1.0, delay=rng.choice([1.0, 2.5], 5).repeat(30))
    network.connect(hidden, slow, weight=3.0, synapse=ExponentialCurrent(4.0), plastic=False)
    network.connect(hidden, counting, weight=1.0, plastic=False)
    network.connect(hidden, read_out, weight=rng.normal(0.0, 2.0, 90), sign="mixed", plastic=False)
    return network, (rng.random((STEPS, 20)) < 0.2).astype(float)


def test_a_network_goes_into_a_file_and_comes_back_spike_for_spike(tmp_path):
    network, spikes = mixture()
    write(to_nir(network), tmp_path / "network.nir")
    again = from_nir(read(tmp_path / "network.nir"))
    assert {(p.name, p.size, p.kind) for p in again.populations.values()} == {
        (p.name, p.size, p.kind) for p in network.populations.values()
    }
    _, ours = network.run(network.init(), STEPS, spikes={"sensory": spikes}, voltages=["read out", "slow"])
    _, theirs = again.run(again.init(), STEPS, spikes={"sensory": spikes}, voltages=["read out", "slow"])
    for name in network.populations:
        np.testing.assert_array_equal(ours.spikes[name], theirs.spikes[name], err_msg=name)
        assert ours.spikes[name].sum() > 50 or name == "read out"
    for name in ("read out", "slow"):
        np.testing.assert_allclose(ours.v[name], theirs.v[name], atol=2e-3)
    once, twice = (to_nir(each).nodes for each in (network, again))
    assert set(once) == set(twice)
    for name in (name for name in once if hasattr(once[name], "weight")):
        np.testing.assert_allclose(once[name].weight, twice[name].weight, rtol=1e-5, err_msg=name)


def test_weights_that_were_learned_are_those_that_are_written():
    network = Network(NetworkConfig())
    sensory = network.add_population(8, "sensory", neuron="relay")
    network.connect(sensory, network.add_population(4, "motor", neuron=PLAIN), weight=0.5)
    state, learned = network.init(), jnp.asarray(np.random.default_rng(0).random(32), jnp.float32)
    state = state._replace(pathways=[state.pathways[0]._replace(weights=learned)])
    written = to_nir(network, state).nodes["input_to_motor"].weight * -np.expm1(-1.0 / 20.0)
    np.testing.assert_allclose(written, np.asarray(network.weights(state, sensory, "motor")), rtol=1e-5)


def test_a_finer_step_of_the_reader_moves_the_membrane_as_far():
    network = Network(NetworkConfig(dt=1.0))
    sensory = network.add_population(1, "sensory", neuron="relay")
    network.connect(sensory, network.add_population(1, "motor", neuron=LeakyIntegrator(tau_m=10.0)), weight=3.0, plastic=False)
    for dt in (1.0, 0.1):
        node = to_nir(network, dt=dt).nodes["motor"]
        weight = float(to_nir(network, dt=dt).nodes["input_to_motor"].weight[0, 0])
        v = weight * -np.expm1(-dt / 1000.0 / float(node.tau[0]))  # a current of so much, held for a step
        assert v == pytest.approx(3.0, rel=1e-6)


def test_input_currents_stay_input_currents():
    network = Network(NetworkConfig(dt=0.5))
    network.add_population(3, "sensory", neuron=LIF(refractory=0.0, resistance=2.0))
    again = from_nir(to_nir(network))
    currents = np.array([5.0, 8.0, 20.0])
    _, ours = network.run(network.init(), 200, current={"sensory": currents})
    _, theirs = again.run(again.init(), 200, current={"sensory": currents})
    np.testing.assert_array_equal(ours.spikes["sensory"], theirs.spikes["sensory"])
    assert ours.spikes["sensory"].sum() > 5


def wired(neuron=PLAIN, config=NetworkConfig(), noise=None, **pathway):
    network = Network(config)
    sensory = network.add_population(3, "sensory", neuron="relay")
    network.connect(sensory, network.add_population(2, "motor", neuron=neuron, noise=noise), plastic=False, **pathway)
    return network


CASES = {
    "refractory": wired(LIF(refractory=2.0)),
    "escape-noise": wired(PLAIN.replace(escape=EscapeNoise())),
    "noise-current": wired(noise=NoiseCurrent()),
    "threshold-adaptation": wired(config=NetworkConfig(threshold_rate=0.1)),
    "short-term-plasticity": wired(stp=ShortTermPlasticity()),
}


@pytest.mark.parametrize("loss", CASES)
def test_what_nir_cannot_say_is_refused_by_name_and_left_out_when_asked(loss):
    with pytest.raises(NeurorlError, match=f"which NIR cannot say; leave_out=\\['{loss}'\\] goes without"):
        to_nir(CASES[loss])
    others = [name for name in LOSSES if name != loss]
    with pytest.raises(NeurorlError, match="NIR cannot say"):
        to_nir(CASES[loss], leave_out=others)
    about = json.loads(to_nir(CASES[loss], leave_out=[loss]).metadata["neurorl"])
    assert list(about["lost"]) == [loss]


def test_modulators_that_act_are_refused():
    network = wired()
    state = network.release(network.init(), "norepinephrine", 0.5)
    with pytest.raises(NeurorlError, match="the network's gain"):
        to_nir(network, state)
    assert "modulators" in json.loads(to_nir(network, state, leave_out=["modulators"]).metadata["neurorl"])["lost"]
    to_nir(network)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: to_nir(wired("regular_spiking")), "'motor' is of Izhikevich, which NIR has no primitive for"),
        (lambda: to_nir(wired("adaptive_lif")), "'motor' is of AdaptiveLIF"),
        (lambda: to_nir(wired(synapse=Conductance())), "synapses of sensory to motor are Conductance, unknown to NIR"),
        (lambda: to_nir(wired(delay=np.arange(1.0, 7.0))), "delays of sensory to motor differ between synapses of one neuron"),
        (lambda: to_nir(wired(IntegrateAndFire(drive=1.0))), "'motor' is IntegrateAndFire; in NIR it takes jumps"),
        (lambda: to_nir(wired(), leave_out=["refractori"]), "'leave_out' is 'refractori'.* did you mean 'refractory'"),
        (lambda: to_nir(wired(), dt=0.0), "'dt' is 0.0; it must be a finite number of ms above 0"),
        (lambda: read("nowhere.nir"), "there is no file 'nowhere.nir'"),
    ],
)
def test_bad_input_is_a_sentence(make, says):
    with pytest.raises(NeurorlError, match=says):
        make()


def graph_of(**nodes):
    """Return a chain of nodes from an input of 2 to an output."""
    whole = {"input": nir.Input({"input": np.array([2])}), **nodes, "output": nir.Output({"output": np.array([2])})}
    return nir.NIRGraph(whole, list(zip(whole, list(whole)[1:], strict=False)), type_check=False)


def neurons(kind="LIF", **more):
    fields = {"tau": np.full(2, 0.01), "r": np.full(2, 3.0), "v_leak": np.full(2, 1.0)}
    fields |= {"v_threshold": np.full(2, 5.0), "v_reset": np.full(2, 0.5)} if kind == "LIF" else {}
    return getattr(nir, kind)(**fields | more)


def test_maps_in_a_row_are_one_map_and_their_biases_a_rest():
    first = nir.Affine(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([1.0, 0.0]))
    second = nir.Affine(np.array([[2.0, 0.0], [1.0, -1.0]]), np.array([0.0, 0.5]))
    network = from_nir(graph_of(a=first, b=second, c=neurons()), dt=0.1)
    model = network.populations["c"].neuron
    np.testing.assert_allclose(np.broadcast_to(model.v_rest, 2), 1.0 + 3.0 * np.array([2.0, 1.5]))
    assert (model.v_threshold, model.v_reset, model.refractory) == (5.0, 0.5, 0.0)
    expected = second.weight @ first.weight * 3.0 * -np.expm1(-0.1 / 10.0)
    np.testing.assert_allclose(np.nan_to_num(np.asarray(network.weights(network.init(), "input", "c"))), expected, rtol=1e-5)


def test_a_bias_drives_a_neuron_without_a_leak():
    node = nir.IF(r=np.full(2, 1000.0), v_threshold=np.array([10.0, 5.0]))
    network = from_nir(graph_of(a=nir.Affine(np.eye(2), np.array([1.0, 0.5])), b=node), dt=1.0)
    _, record = network.run(network.init(), 100)
    np.testing.assert_array_equal(record.spikes["b"].sum(0), [10, 10])


@pytest.mark.parametrize(
    ("graph", "says"),
    [
        (graph_of(a=nir.Threshold(np.ones(2)), b=neurons()), "node 'a' is Threshold; read are Input"),
        (
            graph_of(a=nir.Linear(np.eye(2)), b=nir.Delay(np.full(2, 0.01)), c=nir.Linear(np.eye(2)), d=neurons()),
            "'c' follows weights",
        ),
        (graph_of(a=nir.Linear(np.ones((3, 2))), b=neurons()), r"have the shape \(3, 2\); it must be \(2, 2\)"),
        (graph_of(a=nir.Linear(np.eye(2)), b=nir.Delay(np.full(2, 0.00013)), c=neurons()), "delay"),
    ],
)
def test_a_graph_that_a_network_has_nothing_for_is_refused(graph, says):
    with pytest.raises(NeurorlError, match=says):
        from_nir(graph)


def test_a_file_that_is_no_graph_is_a_sentence(tmp_path):
    (tmp_path / "text.nir").write_text("no graph")
    with pytest.raises(NeurorlError, match="cannot be read as NIR"):
        read(tmp_path / "text.nir")
