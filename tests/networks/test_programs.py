"""Every program against the stepwise reference: spikes, weights, and all else that a network remembers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.errors import NeurorlError
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network, NetworkState
from neurorl.networks.plan import in_order
from neurorl.networks.recording import Monitor
from neurorl.neurons import LIF, NoiseCurrent, Poisson, Relay
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP
from neurorl.synapses import Delta, ExponentialCurrent
from neurorl.synapses.short_term_plasticity import DEPRESSING, FACILITATING

NEURON = LIF(v_rest=0.0, v_reset=0.0, v_threshold=15.0, tau_m=15.0)
TIGHT = WeightBounds(0.0, 1.0)
WIDE = WeightBounds(0.0, 50.0)
SOFT = WeightBounds(0.0, 1.0, kind="soft", mu_plus=0.5, mu_minus=0.5)
TD = DopamineSTDP(learning_rate=0.2, rule="td-ltp", bounds=TIGHT)


def learns(bounds: WeightBounds = TIGHT, rate: float = 0.3) -> DopamineSTDP:
    return DopamineSTDP(learning_rate=rate, bounds=bounds)


def feedforward(
    n: int = 80, m: int = 60, dt: float = 1.0, source: object = Poisson(80.0), low: float = 0.1, **options: object
) -> Network:
    """Return n sources onto m neurons, every pair with a synapse of its own weight."""
    network = Network(NetworkConfig(dt=dt, neuron=NEURON))
    sensory, target = network.add_population(n, "sensory", source), network.add_population(m, "excitatory")
    weights = np.random.default_rng(1).uniform(low, 0.9, n * m)
    network.connect(sensory, target, weight=weights, **options)
    return network


def recurrent(plastic: DopamineSTDP | bool, delay: object = None, dt: float = 1.0, stp: bool = False) -> Network:
    """Return sparse excitatory and inhibitory neurons that drive each other, with noise."""
    network = Network(NetworkConfig(dt=dt, neuron=NEURON))
    noise = NoiseCurrent(sigma=12.0, mean=13.0, tau=0.0)
    excitatory = network.add_population(300, "excitatory", noise=noise)
    inhibitory = network.add_population(80, "inhibitory", noise=noise)
    network.connect(excitatory, excitatory, 0.2, weight=0.4, plastic=plastic, stp=FACILITATING if stp else False)
    network.connect(excitatory, inhibitory, 0.2, weight=0.5, plastic=False, delay=delay)
    network.connect(inhibitory, excitatory, 0.2, weight=1.0, delay=delay, synapse=ExponentialCurrent(4.0) if stp else Delta())
    return network


EXACT = {
    "rows": (lambda: feedforward(plastic=learns()), "rows"),
    "rows, a delay of 3 steps": (lambda: feedforward(plastic=learns(), delay=3.0), "rows"),
    "rows, dt 0.5": (lambda: feedforward(plastic=learns(), dt=0.5), "rows"),
    "rows, soft bounds": (lambda: feedforward(plastic=learns(SOFT)), "rows"),
    "rows, td-ltp": (lambda: feedforward(plastic=TD), "rows"),
    "rows, tiring synapses": (lambda: feedforward(plastic=learns(), stp=DEPRESSING, source=Poisson(300.0)), "rows"),
    "rows, a decaying current": (lambda: feedforward(plastic=learns(), synapse=ExponentialCurrent(5.0)), "rows"),
    "rows that hold still": (lambda: feedforward(plastic=False), "rows"),
    "matrix": (lambda: feedforward(20, 30, plastic=learns()), "matrix"),
    "matrix, a delay of 2 steps": (lambda: feedforward(20, 30, plastic=learns(), delay=2.0), "matrix"),
    "matrix, td-ltp": (lambda: feedforward(20, 30, plastic=TD), "matrix"),
    "events": (lambda: recurrent(False), "events"),
    "events, a delay of each synapse": (lambda: recurrent(False, delay=(1.0, 9.0)), "events"),
    "events, tiring synapses": (lambda: recurrent(False, delay=(1.0, 9.0), stp=True), "events"),
    "events that learn": (lambda: recurrent(learns()), "events"),
    "events that learn, soft bounds": (lambda: recurrent(learns(SOFT)), "events"),
    "events that learn, dt 0.5": (lambda: recurrent(learns(), dt=0.5, delay=(0.5, 4.0)), "events"),
}
IN_CHUNKS = {
    "chunked": (lambda: feedforward(plastic=learns(WIDE, 0.05), low=0.5), "chunked", 50),
    "chunked, injected spikes": (lambda: feedforward(plastic=learns(WIDE, 0.05), low=0.5, source=Relay()), "chunked", 20),
    "chunked, a prime number of steps, dt 0.5": (lambda: feedforward(plastic=learns(WIDE, 0.05), low=0.5, dt=0.5), "chunked", 17),
    "cumulative sums": (lambda: recurrent(learns(WIDE)), "events", 50),
    "cumulative sums, dt 0.5": (lambda: recurrent(learns(WIDE), dt=0.5, delay=(0.5, 4.0)), "events", 100),
}


def run(network: Network, steps: int = 200, **options: object) -> tuple[NetworkState, dict[str, np.ndarray]]:
    state = network.release(network.init(seed=3), "dopamine", 0.8)
    source = next(iter(network.populations.values()))
    trains = (np.random.default_rng(2).random((steps, source.size)) < 0.05).astype(float)
    spikes = {source: trains} if isinstance(source.neuron, Relay) else None
    state, record = network.run(state, steps, spikes=spikes, **options)
    return state, record.spikes


def stepwise(network: Network, steps: int = 200) -> tuple[NetworkState, dict[str, np.ndarray]]:
    """Do what :func:`run` does by nothing but the definition of a step."""
    state = network.release(network.init(seed=3), "dopamine", 0.8)
    source = next(iter(network.populations.values()))
    trains = jnp.asarray(np.random.default_rng(2).random((steps, source.size)) < 0.05, float)

    def one(state: NetworkState, spikes: jax.Array) -> tuple[NetworkState, dict[str, jax.Array]]:
        state = network.advance(state, {}, {source.name: spikes} if isinstance(source.neuron, Relay) else {})
        return state, state.spikes

    return jax.jit(lambda state: jax.lax.scan(one, state, trains))(state)


def assert_alike(ours: NetworkState, reference: NetworkState, atol: float = 2e-5) -> None:
    for a, b in zip(jax.tree.leaves(ours._replace(key=0)), jax.tree.leaves(reference._replace(key=0)), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=atol)


@pytest.mark.parametrize(("build", "program"), EXACT.values(), ids=EXACT)
def test_exact_programs_equal_the_reference(build, program):
    network = build()
    assert program in [choice.program for choice in network.plan(program=program).choices]
    ours, fired = run(network, program=program)
    reference, expected = stepwise(network)
    for name, spikes in expected.items():
        assert 0.002 < spikes.mean() < 0.4
        np.testing.assert_array_equal(fired[name], spikes)
    assert_alike(ours, reference)


@pytest.mark.parametrize(("build", "program", "chunk"), IN_CHUNKS.values(), ids=IN_CHUNKS)
def test_chunks_equal_the_reference_while_no_weight_meets_a_bound(build, program, chunk):
    network = build()
    assert program in [choice.program for choice in network.plan(chunk).choices]
    ours, fired = run(network, chunk=chunk)
    reference, expected = stepwise(network)
    learned = network.pathways[0].weights - np.asarray(reference.pathways[0].weights)
    assert np.abs(learned).max() > 0.01
    assert np.asarray(reference.pathways[0].weights).min() > 0.0
    for name, spikes in expected.items():
        np.testing.assert_array_equal(fired[name], spikes)
    assert_alike(ours, reference, atol=1e-4)


@pytest.mark.parametrize(
    ("build", "chunk"), [(lambda: feedforward(plastic=learns()), 20), (lambda: recurrent(learns(rate=3.0)), 20)]
)
def test_chunks_keep_weights_within_their_bounds_and_near_the_exact_ones(build, chunk):
    network = build()
    weights = [np.asarray(run(network, 400, **how)[0].pathways[0].weights) for how in ({"chunk": chunk}, {"program": "stepwise"})]
    assert all(w.min() >= 0.0 and w.max() <= 1.0 for w in weights)
    assert np.mean((weights[1] == 0.0) | (weights[1] == 1.0)) > 0.001
    assert abs(weights[0].mean() - weights[1].mean()) < 0.01


def test_the_reference_can_be_asked_for():
    network = recurrent(learns(), delay=(1.0, 9.0))
    assert {choice.program for choice in network.plan(program="stepwise").choices} == {"stepwise"}
    (ours, fired), (reference, expected) = run(network, program="stepwise"), stepwise(network)
    for name, spikes in expected.items():
        np.testing.assert_array_equal(fired[name], spikes)
    assert_alike(ours, reference, atol=0.0)


@pytest.mark.parametrize("build", [lambda: feedforward(plastic=learns()), lambda: recurrent(learns(), delay=(1.0, 9.0))])
@pytest.mark.parametrize("chunk", [1, 25])
def test_without_dopamine_no_program_changes_a_weight(build, chunk):
    network = build()
    state, record = network.run(network.init(), 100, chunk=chunk)
    assert all(spikes.any() for spikes in record.spikes.values())
    for pathway, each in zip(network.pathways, state.pathways, strict=True):
        np.testing.assert_array_equal(each.weights, pathway.weights)


@pytest.mark.parametrize(
    ("build", "program"),
    [
        (lambda: feedforward(plastic=learns()), "rows"),
        (lambda: feedforward(20, 30, plastic=learns()), "matrix"),
        (lambda: recurrent(learns(), delay=(1.0, 9.0)), "stepwise"),
    ],
)
def test_a_run_in_two_parts_is_the_run_in_one_to_the_bit(build, program):
    network = build()
    whole, _ = network.run(network.release(network.init(), "dopamine", 0.8), 150, program=program)
    half, _ = network.run(network.release(network.init(), "dopamine", 0.8), 70, program=program)
    both, _ = network.run(half, 80, program=program)
    for a, b in zip(jax.tree.leaves(both._replace(key=0)), jax.tree.leaves(whole._replace(key=0)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_a_program_cannot_run_falls_back_alone_and_says_why():
    network = feedforward(plastic=DopamineSTDP(learning_rate=0.2, rule="td-ltp"))
    network.connect("sensory", "excitatory", 0.2, plastic=False, delay=4.0)
    choices = network.plan(chunk=50).choices
    assert [choice.program for choice in choices] == ["rows", "events"]
    why = network.plan(chunk=50, program="chunked").choices[0].why
    assert "its rule is td-ltp" in why
    assert "sensory -> excitatory" in str(network.plan())


def test_a_chunk_too_long_for_the_time_constants_is_run_exactly():
    network = recurrent(DopamineSTDP(learning_rate=0.1, stdp=STDP(tau_plus=5.0), bounds=WIDE))
    assert "exact" in network.plan(chunk=50).choices[0].why
    assert "clipped" in network.plan(chunk=20).choices[0].why


@pytest.mark.parametrize(("options", "message"), [({"chunk": 0}, "'chunk' is 0"), ({"program": "row"}, "did you mean")])
def test_plans_that_cannot_be(options, message):
    with pytest.raises(NeurorlError, match=message):
        feedforward(5, 5).plan(**options)


@pytest.mark.parametrize("build", [lambda: feedforward(20, 30, plastic=learns()), lambda: recurrent(learns())])
def test_copies_are_what_each_would_be_alone(build):
    network = build()
    states = network.init(copies=4)
    levels = network.release(network.init(), "dopamine", 0.8).modulators
    states = states._replace(modulators=jax.tree.map(lambda level: jnp.repeat(level, 4), levels))
    together, record = network.run(states, 60, copies=4)
    for k in (0, 3):
        alone, own = network.run(jax.tree.map(lambda array, k=k: array[k], states), 60)
        for name, spikes in own.spikes.items():
            np.testing.assert_array_equal(record.spikes[name][k], spikes)
        assert_alike(jax.tree.map(lambda array, k=k: array[k], together), alone)
    assert not np.array_equal(record.spikes["excitatory"][0], record.spikes["excitatory"][1])


def test_states_of_another_number_of_copies_are_refused():
    network = feedforward(5, 5)
    with pytest.raises(NeurorlError, match="of 3 copies, and 'copies' is 4"):
        network.run(network.init(copies=3), 10, copies=4)
    with pytest.raises(NeurorlError, match="of 3 copies, and 'copies' is None"):
        network.step(network.init(copies=3))
    with pytest.raises(NeurorlError, match="'parameters' have a value for each copy"):
        network.run(network.init(), 10, parameters={"sensory.rate": [1.0]})


def test_parameters_differ_between_copies():
    network = feedforward(20, 30, plastic=learns())
    state = network.release(network.init(), "dopamine", 0.8)
    values = {"sensory.rate": np.array([0.0, 20.0, 200.0]), "sensory -> excitatory.learning_rate": np.array([0.1, 0.0, 0.1])}
    after, record = network.run(state, 200, copies=3, parameters=values, record=Monitor(form="counts"))
    rates = record.counts["sensory"].mean(1) / 0.2
    np.testing.assert_allclose(rates, [0.0, 20.0, 200.0], rtol=0.25)
    moved = np.abs(np.asarray(after.pathways[0].weights) - network.pathways[0].weights).max(1)
    assert moved[0] == moved[1] == 0.0
    assert moved[2] > 0.0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sensory", "population.field"),
        ("sensory.rat", "did you mean 'rate'"),
        ("motor.tau_m", "no population 'motor'"),
        ("excitatory -> sensory.learning_rate", "no pathway"),
        ("config.modulators.dopamin.tau", "did you mean 'dopamine'"),
    ],
)
def test_names_of_parameters_that_are_not_there(name, message):
    with pytest.raises(NeurorlError, match=message):
        feedforward(5, 5).with_parameters({name: 1.0})


def test_records_in_every_form_say_the_same():
    network = recurrent(learns(), delay=(1.0, 9.0))
    start = network.release(network.init(), "dopamine", 0.8)
    asked = {"voltages": {"inhibitory": [3, 5]}, "weights": {("excitatory", "excitatory"): [0, 7]}, "every": 20}
    _, raster = network.run(start, 120, voltages=("inhibitory",))
    _, events = network.run(start, 120, record=Monitor(("inhibitory",), form="events", **asked))
    _, counts = network.run(start, 120, record=Monitor(form="counts"))
    steps, neurons = np.nonzero(raster.spikes["inhibitory"])
    np.testing.assert_array_equal(events.events["inhibitory"].step, steps)
    np.testing.assert_array_equal(events.events["inhibitory"].neuron, neurons)
    np.testing.assert_array_equal(counts.counts["excitatory"], raster.spikes["excitatory"].sum(0))
    np.testing.assert_allclose(events.v["inhibitory"], raster.v["inhibitory"][19::20, [3, 5]], rtol=1e-4, atol=1e-4)
    halfway, _ = network.run(start, 60)
    np.testing.assert_allclose(
        events.weights["excitatory", "excitatory"][2], np.asarray(halfway.pathways[0].weights)[[0, 7]], rtol=1e-4
    )
    assert not events.spikes
    assert network.run(start, 5, record=())[1].spikes == {}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (lambda: Monitor(form="list"), "'form'"),
        (lambda: Monitor(every=0), "'every' is 0"),
        (lambda: Monitor(voltages={"excitatory": [60]}), "from 0 to 59"),
        (lambda: Monitor(weights=[("excitatory", "sensory")]), "0 pathways"),
        (lambda: ("motor",), "no population 'motor'"),
    ],
)
def test_records_of_what_is_not_there(record, message):
    network = feedforward()
    with pytest.raises(NeurorlError, match=message):
        network.run(network.init(), 10, record=record())


def test_populations_come_in_the_order_in_which_they_drive_each_other():
    edges = [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]
    assert in_order("dcba", edges) == (("a",), ("c", "b"), ("d",))


@pytest.mark.parametrize("options", [{}, {"chunk": 25}])
def test_a_schedule_of_releases_is_what_releasing_by_hand_does(options):
    network = feedforward(plastic=learns(WIDE, 0.05), low=0.5)
    amounts = np.zeros(100)
    amounts[[0, 50]] = 0.8, -0.9
    scheduled, _ = network.run(network.init(), 100, release={"dopamine": amounts}, **options)
    halfway, _ = network.run(network.release(network.init(), "dopamine", 0.8), 50, **options)
    by_hand, _ = network.run(network.release(halfway, "dopamine", -0.9), 50, **options)
    assert_alike(scheduled, by_hand)
    assert np.any(scheduled.pathways[0].weights != network.pathways[0].weights)


def test_releases_that_do_not_fit():
    network = feedforward()
    for release, message in (({"dopamin": [0.0]}, "did you mean"), ({"dopamine": [0.0, 1.0]}, "for each step")):
        with pytest.raises(NeurorlError, match=message):
            network.run(network.init(), 1, release=release)
