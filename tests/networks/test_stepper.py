"""A state that is packed between two calls of ``Network.step`` is the same state, whatever is done with it."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.errors import NeurorlError
from neurorl.kernels import one_function
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network
from neurorl.networks.stepper import Stepper
from neurorl.neurons import LIF, EscapeNoise, NoiseCurrent, Poisson
from neurorl.plasticity.dopamine_stdp import DopamineSTDP

STEPS = 12
AMOUNTS = {0: 0.8, 7: -0.5}  # of dopamine, by step


def build(recurrent: float = 0.3, neuromod_enabled: bool = True) -> Network:
    """Return a network with random numbers, delays, fatigue, adapting thresholds, and more synapses than are packed.

    One whose neurons are all connected is small matrices, and its step one function (``kernels/one_function.py``).
    """
    neuron = LIF(v_rest=0.0, v_reset=0.0, v_threshold=15.0, escape=EscapeNoise())
    network = Network(NetworkConfig(neuron=neuron, threshold_rate=0.1, neuromod_enabled=neuromod_enabled))
    sensory = network.add_population(40, "sensory", Poisson(200.0))
    hidden = network.add_population(30, name="hidden", noise=NoiseCurrent(sigma=3.0, tau=5.0))
    network.connect(sensory, hidden, weight=0.9, delay=2.0, stp=True)
    learns = DopamineSTDP(learning_rate=0.1, rule="escape-noise")
    if recurrent == 1.0:
        network.connect(hidden, network.add_population(30, name="output"), weight=0.5, plastic=learns)
    else:
        network.connect(hidden, hidden, recurrent, weight=0.5, plastic=learns)
    return network


@pytest.fixture(scope="module", params=[0.3, 1.0])
def network(request):
    return build(request.param)


def driven(network, state, steps=STEPS, start=0):
    for t in range(start, start + steps):
        state = network.step(state, current={"hidden": 20.0}, release={"dopamine": AMOUNTS.get(t, 0.0)})
    return state


def by_definition(network, steps=STEPS):
    """Return the state that the definition of a step gives, one compiled step after another."""
    step = jax.jit(lambda state, current: network.advance(state, {"hidden": current}, {}))
    state = network.init(seed=5)
    for t in range(steps):
        state = step(network.release(state, "dopamine", AMOUNTS.get(t, 0.0)), 20.0)
    return state


def leaves(state):
    """Return the arrays of a state, a key as its numbers."""
    whole = state._replace(key=jax.random.key_data(state.key))
    return jax.tree.map(np.asarray, jax.tree.leaves(whole))


def assert_same(ours, theirs):
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for a, b in zip(leaves(ours), leaves(theirs), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def reference(network):
    return by_definition(network)


def test_calls_of_step_are_the_definition_of_a_step_to_the_bit(network, reference):
    state = driven(network, network.init(seed=5))
    assert state.spikes["hidden"].any()
    assert np.any(reference.pathways[1].weights != network.pathways[1].weights)
    assert_same(state, reference)


def test_the_step_of_small_matrices_is_one_function():
    network = build(1.0)
    stepper = Stepper(network)
    traced = jax.make_jaxpr(stepper.advance_packed)(stepper.pack(network.init()), {}, {}, {"dopamine": 0.5})
    assert one_function.can_be_one(traced)


def test_what_passes_from_call_to_call_is_few_arrays(network):
    state = driven(network, network.init(seed=5))
    assert len(jax.tree.leaves(state)) > 30
    assert len(jax.tree.leaves(driven(network, network.init(seed=5)).packed.arrays)) <= 6


@pytest.mark.parametrize(
    "also",
    [
        lambda state: jax.tree.map(lambda leaf: leaf, state),
        lambda state: state._replace(step=state.step),
        lambda state: pickle.loads(pickle.dumps(state._replace(key=0)))._replace(key=state.key),
        copy.copy,
        jax.jit(lambda state: state),
    ],
    ids=["mapped", "replaced", "pickled", "copied", "through a compiled function"],
)
def test_the_state_goes_on_whatever_is_done_with_it(network, reference, also):
    half = driven(network, network.init(seed=5), 5)
    assert_same(driven(network, also(half), STEPS - 5, 5), reference)


def test_a_state_of_another_program_goes_on_to_the_bit(network, reference, tmp_path):
    half = driven(network, network.init(seed=5), 5)
    network.save_parameters(half, tmp_path / "network.json")
    again, state = Network.load(tmp_path / "network.json")
    assert_same(driven(again, state, STEPS - 5, 5), reference)
    assert_same(driven(Network.from_description(network.description), half, STEPS - 5, 5), reference)


def test_fields_are_read_within_a_trace_and_after_it(network, reference):
    half = driven(network, network.init(seed=5))
    doubled = jax.jit(lambda: 2.0 * half.neurons["hidden"].v)()
    np.testing.assert_array_equal(doubled, 2.0 * reference.neurons["hidden"].v)
    np.testing.assert_array_equal(half.neurons["hidden"].v, reference.neurons["hidden"].v)
    with pytest.raises(AttributeError, match="potentials"):
        _ = half.potentials


def test_steps_are_scanned_mapped_and_traced(network, reference):
    amounts = jnp.array([AMOUNTS.get(t, 0.0) for t in range(STEPS)])

    def one(state, amount):
        state = network.step(state, current={"hidden": 20.0}, release={"dopamine": amount})
        return state, state.spikes["hidden"]

    def whole(state):
        return jax.lax.scan(one, state, amounts)[0]

    copies = jax.tree.map(lambda leaf: leaf[None], network.init(seed=5))
    mapped = jax.tree.map(lambda leaf: leaf[0], jax.jit(jax.vmap(whole))(copies))
    for state in (whole(network.init(seed=5)), mapped):
        for a, b in zip(leaves(state), leaves(reference), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
    half = driven(network, network.init(seed=5), STEPS - 1)
    last = jax.jit(lambda: network.step(half, current={"hidden": 20.0}))()
    np.testing.assert_array_equal(last.spikes["hidden"], reference.spikes["hidden"])
    assert_same(driven(network, half, 1, STEPS - 1), reference)


def test_a_state_of_other_types_is_run_as_it_is(network):
    state = network.init()
    given = state._replace(pathways=[each._replace(weights=np.asarray(each.weights, float)) for each in state.pathways])
    np.testing.assert_array_equal(driven(network, given).spikes["hidden"], driven(network, state).spikes["hidden"])


def test_an_input_may_be_filled_again_for_the_next_step(network):
    spikes, state = np.zeros(30, np.float32), network.init()
    for t in range(3):
        spikes[:] = t == 1
        state = network.step(state, spikes={"hidden": spikes})
        assert state.spikes["hidden"].all() == (t == 1)


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ({"dopamin": 1.0}, "did you mean"),
        ({"dopamine": np.nan}, "a finite number"),
        ({"dopamine": [1.0, 2.0]}, "a step takes one number"),
    ],
)
def test_releases_that_no_step_takes(network, release, message):
    with pytest.raises(NeurorlError, match=message):
        network.step(network.init(), release=release)


def test_without_modulators_nothing_is_released():
    network = build(neuromod_enabled=False)
    with pytest.raises(NeurorlError, match="modulators are off"):
        network.step(network.init(), release={"dopamine": 1.0})


def test_a_state_from_before_the_network_was_whole_is_refused():
    network = build()
    state = network.step(network.init())
    network.add_population(3)
    with pytest.raises(NeurorlError, match="call init"):
        network.step(state)
