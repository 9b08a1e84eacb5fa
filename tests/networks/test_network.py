import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.errors import NeurorlError
from neurorl.networks import dynamics
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network
from neurorl.neurons import lif
from neurorl.neurons.escape_noise import EscapeNoise
from neurorl.neurons.lif import LIF
from neurorl.neurons.neuron import Neuron
from neurorl.neurons.noise import NoiseCurrent
from neurorl.plasticity import stdp
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.synapses import connectivity
from neurorl.synapses.conductance import Conductance
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.short_term_plasticity import ShortTermPlasticity

SILENT = LIF(v_threshold=1000.0)
WIDE = DopamineSTDP(bounds=WeightBounds(w_max=10.0))
QUIET = NetworkConfig(neuron=SILENT, stdp=WIDE)  # nothing fires of itself
REST = -70.0


def pulse(steps, *at, n=1):
    spikes = np.zeros((steps, n))
    spikes[list(at)] = 1.0
    return spikes


def pair(config, **options):
    network = Network(config)
    source, target = network.add_population(1, options.pop("kind", "excitatory")), network.add_population(1, name="target")
    network.connect(source, target, **options)
    return network, source, target


def assert_same(a, b):
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            x, y = jax.random.key_data(x), jax.random.key_data(y)
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_a_spike_moves_the_membrane_by_its_weight_after_its_delay(delay):
    network, source, target = pair(QUIET, weight=2.0, delay=float(delay))
    _, record = network.run(network.init(), 12, spikes={source: pulse(12, 3)}, voltages=(target,))
    since = np.arange(12) - 3 - delay
    expected = REST + np.where(since >= 0, 2.0 * np.exp(-since / 20.0), 0.0)
    np.testing.assert_allclose(record.v["target"][:, 0], expected, atol=1e-4)


def test_inhibitory_neurons_inhibit_by_the_size_of_the_weight():
    network, source, target = pair(QUIET, weight=2.0, kind="inhibitory")
    _, record = network.run(network.init(), 5, spikes={source: pulse(5, 0)}, voltages=(target,))
    assert record.v["target"][1, 0] == pytest.approx(REST - 2.0, abs=1e-4)


@pytest.mark.parametrize("tau", [5.0, 20.0])
def test_an_exponential_synapse_moves_a_lif_neuron_as_the_closed_form_says(tau):
    network, source, target = pair(QUIET, weight=3.0, synapse=ExponentialCurrent(tau))
    _, record = network.run(network.init(), 60, spikes={source: pulse(60, 0)}, voltages=(target,))
    t = np.maximum(np.arange(60.0), 0.0)  # ms since the current began, at the start of step 1
    response = t / tau * np.exp(-t / tau) if tau == 20.0 else tau / (tau - 20.0) * (np.exp(-t / tau) - np.exp(-t / 20.0))
    np.testing.assert_allclose(record.v["target"][:, 0], REST + 3.0 * response, atol=1e-3)


def test_short_term_plasticity_scales_what_arrives():
    stp = ShortTermPlasticity(u=0.5, tau_rec=100.0, tau_facil=0.0)
    network, source, target = pair(QUIET, weight=2.0, stp=stp)
    _, record = network.run(network.init(), 20, spikes={source: pulse(20, 0, 10)}, voltages=(target,))
    v = record.v["target"][:, 0] - REST
    second = 0.5 * (1.0 - 0.5 * np.exp(-10 / 100.0))
    assert v[1] == pytest.approx(1.0, abs=1e-4)
    assert v[11] - v[10] * np.exp(-1 / 20) == pytest.approx(2.0 * second, abs=1e-4)
    off = Network(QUIET.replace(stp_enabled=False))
    source, target = off.add_population(1), off.add_population(1)
    assert off.connect(source, target, stp=stp).stp is None


def random_network(**config):
    network = Network(NetworkConfig(stdp=WIDE, **config))
    sensory, hidden = network.add_population(20, "sensory"), network.add_population(30)
    inhibitory, motor = network.add_population(8, "inhibitory"), network.add_population(5, "motor", neuron="regular_spiking")
    network.connect(sensory, hidden, 0.5, 3.0, delay=2.0)
    network.connect(hidden, inhibitory, 0.4, 4.0)
    delays = np.random.default_rng(0).integers(1, 6, 30 * 8).astype(float)
    network.connect(inhibitory, hidden, connectivity=connectivity.all_to_all(8, 30), weight=0.5, delay=delays)
    network.connect(
        hidden, motor, 0.6, 5.0, delay=np.arange(connectivity.random(30, 5, 0.6, 3).pre.size) % 4 + 1.0, seed=3, stp=True
    )
    return network


@pytest.fixture(scope="module")
def trains():
    return (np.random.default_rng(1).random((80, 20)) < 0.2).astype(float)


def test_a_run_is_its_steps(trains):
    network = random_network()
    start = network.release(network.init(), "dopamine", 0.5)
    end, record = network.run(start, 80, spikes={"sensory": trains})
    state = start
    for now, fired in zip(trains[:20], record.spikes["motor"], strict=False):
        state = network.step(state, spikes={"sensory": now})
        np.testing.assert_array_equal(state.spikes["motor"], fired)
    assert all(record.spikes[name].sum() > 0 for name in ("sensory", "excitatory", "inhibitory", "motor"))
    assert not np.array_equal(end.pathways[0].weights, start.pathways[0].weights)


def test_a_network_in_the_middle_of_a_run_is_saved_and_goes_on_bit_for_bit(trains, tmp_path):
    network = random_network(scaling="l1", threshold_rate=0.1)
    middle, _ = network.run(network.release(network.init(), "dopamine", 0.5), 40, spikes={"sensory": trains[:40]})
    network.save_parameters(middle, tmp_path / "network.json")
    whole, _ = network.run(middle, 40, spikes={"sensory": trains[40:]})
    for again, state in (Network.load(tmp_path / "network.json"), (network, network.load_parameters(tmp_path / "network.json"))):
        assert_same(whole, again.run(state, 40, spikes={"sensory": trains[40:]})[0])
    with pytest.raises(NeurorlError, match="another network"):
        random_network(neuron=LIF(tau_m=21.0)).load_parameters(tmp_path / "network.json")


def test_without_dopamine_no_weight_changes_and_with_it_all_that_are_eligible_do(trains):
    network = random_network()
    start = network.init()
    end, _ = network.run(start, 80, spikes={"sensory": trains})
    for before, after in zip(start.pathways, end.pathways, strict=True):
        np.testing.assert_array_equal(before.weights, after.weights)
    rewarded, _ = network.run(network.release(end, "dopamine", 0.5), 10)
    assert np.mean(np.asarray(rewarded.pathways[0].weights) != np.asarray(start.pathways[0].weights)) > 0.9
    np.testing.assert_array_equal(rewarded.pathways[2].weights, start.pathways[2].weights)  # inhibition is not plastic


@pytest.mark.parametrize("delay", [1.0, 4.0])
@pytest.mark.parametrize("lag", [-7, -2, 3, 12])
def test_ungated_stdp_is_the_window_of_the_arrival(delay, lag):
    bounds = WeightBounds(w_min=0.0, w_max=10.0)
    network, source, target = pair(
        QUIET.replace(neuromod_enabled=False), weight=1.0, delay=delay, plastic=DopamineSTDP(bounds=bounds)
    )
    arrival = 20
    spikes = {source: pulse(50, arrival - int(delay)), target: pulse(50, arrival + lag)}
    state, _ = network.run(network.init(), 50, spikes=spikes)
    expected = 1.0 + stdp.window(stdp.STDP(), jnp.float32(lag))
    np.testing.assert_allclose(state.pathways[0].weights, expected, rtol=1e-5)


def test_synapses_with_delays_of_their_own_learn_like_those_that_share_one(trains):
    def learned(delay):
        network = Network(QUIET.replace(neuromod_enabled=False))
        source, target = network.add_population(20), network.add_population(3)
        network.connect(source, target, weight=0.5, delay=delay)
        spikes = {source: trains, target: trains[:, 5:8]}
        return np.asarray(network.run(network.init(), 80, spikes=spikes)[0].pathways[0].weights).reshape(20, 3)

    mixed = learned(np.where(np.arange(60) % 3 == 0, 2.0, 5.0))
    np.testing.assert_allclose(mixed[:, 0], learned(2.0)[:, 0], rtol=1e-5)
    np.testing.assert_allclose(mixed[:, 1:], learned(5.0)[:, 1:], rtol=1e-5)


@pytest.mark.parametrize(
    ("modulator", "factor"), [("norepinephrine", 1.3), ("acetylcholine", 1.6), ("serotonin", 1.0), ("cortisol", 0.1)]
)
def test_modulators_scale_the_input_from_outside(modulator, factor):
    network = Network(QUIET)
    population = network.add_population(1)
    state = network.init()
    tonic = state.modulators.tonic._replace(**{modulator: jnp.float32(1.0)})
    state = network.step(state._replace(modulators=state.modulators._replace(tonic=tonic)), current={population: 10.0})
    expected = lif.step(SILENT, lif.init(1), jnp.array([10.0 * factor]))[0].v
    np.testing.assert_allclose(state.neurons[population.name].v, expected, rtol=1e-6)


def test_serotonin_scales_inhibition_and_tonic_dopamine_the_learning_rate():
    network, source, target = pair(QUIET, weight=2.0, kind="inhibitory")
    state = network.init()
    state = state._replace(
        modulators=state.modulators._replace(tonic=state.modulators.tonic._replace(serotonin=jnp.float32(0.5)))
    )
    _, record = network.run(state, 3, spikes={source: pulse(3, 0)}, voltages=(target,))
    assert record.v["target"][1, 0] == pytest.approx(REST - 2.0 * 1.2, abs=1e-4)

    def change(tonic):
        network, source, target = pair(QUIET.replace(stdp=DopamineSTDP()), weight=0.5)
        state = network.release(network.init(), "dopamine", 1.0)
        state = state._replace(
            modulators=state.modulators._replace(tonic=state.modulators.tonic._replace(dopamine=jnp.float32(tonic)))
        )
        state, _ = network.run(state, 10, spikes={source: pulse(10, 0), target: pulse(10, 3)})
        return float(state.pathways[0].weights[0]) - 0.5

    assert change(0.0) > 0
    assert change(1.0) == pytest.approx(1.5 * change(0.0), rel=1e-3)


def test_scaling_keeps_the_norm_of_what_learns_and_thresholds_follow_the_rate(trains):
    network = Network(NetworkConfig(scaling="l1", scaling_target=12.0, threshold_rate=0.2, target_rate=50.0))
    source, target = network.add_population(20, "sensory"), network.add_population(3)
    network.connect(source, target, weight=0.6)
    state, record = network.run(network.release(network.init(), "dopamine", 1.0), 80, spikes={source: trains})
    np.testing.assert_allclose(network.weights(state, source, target).sum(1), 12.0, rtol=1e-5)
    expected = 0.2 * (record.spikes[target.name].sum(0) - 80 * 0.05)
    np.testing.assert_allclose(state.thresholds[target.name], expected, atol=1e-4)


def test_copies_are_mapped_over_seeds_of_escape_noise():
    network = Network(NetworkConfig(neuron=LIF(escape=EscapeNoise())))
    population = network.add_population(50)

    def spikes(key):
        state = network.init()._replace(key=key)
        return jax.lax.scan(
            lambda s, _: (s := network.advance(s, {population.name: 12.0}, {}), s.spikes[population.name]), state, None, 50
        )[1]

    first, second, again = jax.jit(jax.vmap(spikes))(jax.vmap(jax.random.key)(jnp.array([1, 2, 1])))
    assert first.sum() > 20
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


def test_activity_and_state_are_read_and_set():
    network = Network()
    a = network.add_population(10)
    state = network.set_neurons(network.init(), a, v=-60.0)
    assert np.all(state.neurons[a.name].v == -60.0)
    state, record = network.run(state, 100, current={a: np.r_[np.full(4, 30.0), np.zeros(6)]})
    activity = network.activity(record, a)
    assert (activity.active_count, activity.sparsity) == (4, 0.6)
    assert activity.rate == pytest.approx(0.4 * float(record.spikes[a.name][:, 0].sum()) * 10)
    assert network.activity(state, "excitatory").n == 10


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda n: n.add_population(0), "'size' of population 'excitatory' is 0"),
        (lambda n: n.add_population(5, "sensori"), "did you mean 'sensory'"),
        (lambda n: n.add_population(5, neuron="chatering"), "did you mean 'chattering'"),
        (lambda n: (n.add_population(5), n.add_population(5, name="excitatory")), "another population has"),
        (lambda n: n.connect("a", "b", probability=1.2), "'probability' is 1.2"),
        (lambda n: n.connect("a", "b", delay=21.0), "at most max_delay, 20.0 ms"),
        (lambda n: n.connect("a", "b", delay=0.0), "a synapse takes at least one step"),
        (lambda n: n.connect("a", "c"), "no population 'c'"),
        (lambda n: n.connect("a", "b", weight=np.nan), "must be a finite number"),
        (lambda n: n.connect("a", "b", connectivity=connectivity.one_to_one(4)), "'connectivity' is of 4 onto 4"),
        (lambda n: n.step(n.init(), current={"a": np.full(3, np.nan)}), "the input of 'a' is not finite"),
        (lambda n: n.step(n.init(), spikes={"a": np.zeros(4)}), "its last axis must be 3"),
        (lambda n: n.run(n.init(), 5, spikes={"a": np.zeros((4, 3))}), r"give [5, 3]"),
        (lambda n: n.set_neurons(n.init(), "a", volt=1.0), "have no 'volt'"),
        (lambda n: n.weights(n.init(), "a", "b"), "no pathway from 'a' to 'b'"),
        (lambda n: NetworkConfig(neuron=LIF(tau_m=-1.0)), "'LIF.tau_m' is -1.0; it must be above 0.0"),
        (lambda n: NetworkConfig(neuron="liff"), "'neuron' is 'liff'"),
    ],
)
def test_bad_input_is_refused_by_a_message_that_names_it(attempt, message):
    network = Network()
    network.add_population(3, name="a")
    network.add_population(4, "motor", name="b")
    with pytest.raises(NeurorlError, match=re.escape(message)):
        attempt(network)


class Metronome(Neuron):
    """A model of a user's own: it fires every third step, whatever it receives."""

    def init(self, n):
        return jnp.zeros(n)

    def step(self, state, current, dt=1.0, key=None):
        return state + 1, ((state % 3) == 2).astype(float)


@pytest.mark.parametrize("model", [Metronome(), f"{__name__}:Metronome"])
def test_anybodys_model_fires_in_a_network_and_drives_others(model):
    network = Network(QUIET)
    source, target = network.add_population(2, neuron=model), network.add_population(1)
    network.connect(source, target, weight=1.0)
    _, record = network.run(network.init(), 12, voltages=(target,))
    np.testing.assert_array_equal(record.spikes[source.name][:, 0], np.tile([0, 0, 1], 4))
    assert record.v[target.name][3, 0] == pytest.approx(REST + 2.0, abs=1e-4)


def test_a_model_without_a_step_is_refused():
    with pytest.raises(NeurorlError, match="has no init and no step"):
        Network().add_population(3, neuron=object())
    with pytest.raises(NeurorlError, match="cannot be imported"):
        Network().add_population(3, neuron="no_such_module:Model")


@pytest.mark.parametrize("tau", [5.0, 80.0])
def test_a_conductance_draws_the_membrane_to_a_mean_of_potentials(tau):
    """While g holds still v approaches (v_rest + g E) / (1 + g) with the time constant tau_m / (1 + g)."""
    network, source, target = pair(QUIET, weight=2.0, synapse=Conductance(tau=1e9, reversal=-10.0))
    _, record = network.run(network.init(), 40, spikes={source: pulse(40, 0)}, voltages=(target,))
    end = (REST + 2.0 * -10.0) / 3.0
    expected = end + (REST - end) * np.exp(-np.arange(40.0) * 3.0 / 20.0)
    np.testing.assert_allclose(record.v["target"][:, 0], expected, atol=1e-3)
    network, source, target = pair(QUIET, weight=0.01, synapse=Conductance(tau=tau, reversal=0.0))
    _, record = network.run(network.init(), 60, spikes={source: pulse(60, 0)}, voltages=(target,))
    current, source, target = pair(QUIET, weight=0.01 * 70.0, synapse=ExponentialCurrent(tau))
    _, small = current.run(current.init(), 60, spikes={source: pulse(60, 0)}, voltages=(target,))
    np.testing.assert_allclose(record.v["target"] - REST, small.v["target"] - REST, rtol=0.12, atol=1e-3)


def test_inhibitory_conductances_of_several_pathways_add_up_and_izhikevich_neurons_take_them_too():
    network = Network(QUIET)
    a, b = network.add_population(1, "inhibitory"), network.add_population(1, "inhibitory")
    target = network.add_population(1)
    cell = network.add_population(1, neuron="regular_spiking", name="cell")
    for source in (a, b):
        network.connect(source, target, weight=1.0, synapse=Conductance(tau=1e9, reversal=-80.0))
        network.connect(source, cell, weight=0.05, synapse=Conductance(tau=1e9, reversal=-80.0))
    _, record = network.run(network.init(), 200, spikes={a: pulse(200, 0), b: pulse(200, 0)}, voltages=(target, cell))
    assert record.v[target.name][-1, 0] == pytest.approx((REST - 160.0) / 3.0, abs=1e-3)
    assert record.v["cell"][-1, 0] < record.v["cell"][0, 0] - 0.5


@pytest.mark.parametrize("dt", [0.5, 1.0])
@pytest.mark.parametrize("tau", [0.0, 5.0])
def test_a_noise_current_moves_the_membrane_by_its_theory(dt, tau):
    """The variance of v is (R sigma)^2 tau / (tau + tau_m) under an OU current, and (R sigma)^2 / (2 tau_m) under a white one."""
    network = Network(QUIET.replace(dt=dt))
    population = network.add_population(2000, noise=NoiseCurrent(sigma=2.0, mean=1.0, tau=tau))
    _, record = network.run(network.init(), int(150 / dt), voltages=(population,))
    v = record.v[population.name][-1] - REST
    expected = 4.0 / (2 * 20.0) if tau == 0.0 else 4.0 * tau / (tau + 20.0)
    assert v.mean() == pytest.approx(1.0, abs=5 * np.sqrt(expected / 2000))
    assert v.var() == pytest.approx(expected, rel=0.15)


def test_all_pairs_are_one_product_and_the_same_as_their_list():
    trains = (np.random.default_rng(2).random((60, 6)) < 0.3).astype(float)

    def run(delay):
        network = Network(QUIET)
        source, target = network.add_population(6), network.add_population(4)
        pathway = network.connect(source, target, weight=np.linspace(0.1, 2.0, 24), delay=delay)
        state, record = network.run(
            network.release(network.init(), "dopamine", 0.8), 60, spikes={source: trains}, voltages=(target,)
        )
        return pathway.projection.complete, record.v[target.name], network.weights(state, source, target)

    mixed = np.full(24, 3.0)
    mixed[0] = 4.0  # one delay that differs makes it a list
    (one, v, weights), (none, v_listed, weights_listed) = run(3.0), run(mixed)
    assert (one, none) == (True, False)
    np.testing.assert_allclose(v[:, 1:], v_listed[:, 1:], rtol=1e-5)
    np.testing.assert_allclose(weights[1:], weights_listed[1:], rtol=1e-5)


def test_absent_synapses_have_no_weight():
    network = Network()
    source, target = network.add_population(4), network.add_population(3)
    network.connect(source, target, connectivity=connectivity.from_pairs([0, 3], [1, 2], 4, 3), weight=0.0, plastic=False)
    network.connect(source, target, connectivity=connectivity.from_pairs([0], [1], 4, 3), weight=0.5)
    weights = np.asarray(network.weights(network.init(), source, target))
    assert weights[1, 0] == 0.5
    assert weights[2, 3] == 0.0
    assert np.isnan(weights).sum() == 10


def test_inhibitory_synapses_learn_within_bounds_of_their_size(trains):
    network = Network(QUIET.replace(stdp=DopamineSTDP(learning_rate=5.0)))
    source, target = network.add_population(20, "inhibitory"), network.add_population(3)
    network.connect(source, target, weight=0.5, plastic=True)
    state = network.release(network.init(), "dopamine", 1.0)
    state, _ = network.run(state, 80, spikes={source: trains, target: trains[:, 5:8]})
    weights = np.asarray(network.weights(state, source, target))
    assert weights.min() >= -1.0
    assert weights.max() <= 0.0
    assert np.mean(weights != -0.5) > 0.9


@pytest.mark.parametrize("rule", ["pair-stdp", "td-ltp", "escape-noise"])
@pytest.mark.parametrize("delay", [1.0, 3.0])
def test_tags_of_many_steps_at_once_are_those_of_one_after_another(rule, delay, trains):
    """The filtered path of an agent's environment step equals the reference, for every rule and delay."""
    plastic = DopamineSTDP(rule=rule, bounds=WeightBounds(w_max=10.0))
    network = Network(NetworkConfig(dt=0.5, neuron=LIF(escape=EscapeNoise())))
    source, target = network.add_population(20, "sensory", neuron="relay"), network.add_population(6)
    pathway = network.connect(source, target, weight=2.0, delay=delay, plastic=plastic)
    start = network.run(network.init(), 20, spikes={source: trains[:20]})[0]  # some memory to begin with
    stepwise, record = network.run(start, 60, spikes={source: trains[20:]})
    assert record.spikes[target.name].sum() > 20

    def one(state, now):
        after = dynamics.fire(network, state, {}, {source.name: now}, None)
        return after, (state.spikes[source.name], after.spikes[target.name], after.hazard.get(target.name))

    end, (pre, post, hazard) = jax.lax.scan(one, start, jnp.asarray(trains[20:]))
    np.testing.assert_array_equal(np.asarray(post), record.spikes[target.name])
    for tagged in (pathway.tag(end.pathways[0], pre, post, hazard, 0.5),):
        for ours, theirs in zip(jax.tree.leaves(tagged.memory), jax.tree.leaves(stepwise.pathways[0].memory), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(tagged.weights, start.pathways[0].weights)


def test_populations_whose_neurons_differ_are_keys_too():
    network = Network()
    p, q = network.add_population(3, neuron=LIF(tau_m=np.array([10.0, 20.0, 30.0]))), network.add_population(3, "sensory")
    _, record = network.run(network.init(), 50, current={p: 30.0}, voltages=(p,))
    assert len(set(record.spikes[p.name].sum(0))) > 1
    assert p == network.populations[p.name]
    assert p != q


@pytest.mark.parametrize("wrong", [2.0, 0.5, -1.0])
def test_injected_spikes_are_whole(wrong):
    network = Network()
    network.add_population(3, name="a")
    with pytest.raises(NeurorlError, match=re.escape(f"'spikes' of 'a' has {wrong:g}")):
        network.run(network.init(), 5, spikes={"a": np.full((5, 3), wrong)})
    with pytest.raises(NeurorlError, match=re.escape(f"'spikes' of 'a' has {wrong:g}")):
        network.step(network.init(), spikes={"a": np.full(3, wrong)})


def test_what_cannot_run_is_refused_in_a_sentence():
    network, source, target = pair(QUIET, weight=2.0)
    state = network.init()
    for steps in (-1, 2.5, True):
        with pytest.raises(NeurorlError, match="'steps' is"):
            network.run(state, steps)
    for amount in (np.nan, np.inf):
        with pytest.raises(NeurorlError, match="'amount' of dopamine"):
            network.release(state, "dopamine", amount)
    network.connect(target, source, weight=0.1)
    with pytest.raises(NeurorlError, match="made before the network was whole"):
        network.run(state, 3)
    with pytest.raises(NeurorlError, match=re.escape("outside of its bounds [0.0, 10.0]")):
        network.connect(source, target, weight=11.0)
    network.connect(source, target, weight=11.0, plastic=False)
