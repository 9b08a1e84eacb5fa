import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl import codes
from neurorl.agents.hidden_layer import DENSITY, HiddenLayer
from neurorl.codes.receptors import Receptors
from neurorl.homeostasis import presynaptic_gain
from neurorl.plasticity import listed_synapses
from neurorl.plasticity.consolidation import Consolidation
from neurorl.synapses import divisive_inhibition

SIZE, ACTIONS, GAMMA, DECAY = 32, 3, 0.9, 0.7
CODE = codes.Lit(receptors=Receptors(low=(0.0,) * SIZE, high=(1.0,) * SIZE))
LAYER = HiddenLayer(size=20, decay=DECAY)
SLOW = Consolidation()
KEEP = jnp.float32(GAMMA * DECAY)


def image(seed):
    return (jax.random.uniform(jax.random.key(seed), (SIZE,)) < 0.3).astype(jnp.float32)


def spoken(layer):
    """Return a population that says something."""
    state = layer.init(jax.random.key(0), CODE, ACTIONS)
    weights = jax.random.normal(jax.random.key(7), state.outputs.weights.shape) / 20
    return state._replace(outputs=state.outputs._replace(weights=weights))


def live(layer, state, steps=6, delta=0.5, code=CODE):
    """Return the populations before, between and after the steps, what they fired, and the actions."""
    states, fired, taken = [state], [], []
    for i in range(steps):
        heard = layer.adapt(states[-1], code, (), image(i))
        fired.append(layer.fire(heard, code, (), image(i)))
        taken.append(i % ACTIONS)
        states.append(layer.learn(heard, fired[-1], jax.nn.one_hot(i % ACTIONS, ACTIONS), jnp.float32(delta), KEEP, SLOW))
    return states, fired, taken


def weights(state):
    return {"code": listed_synapses.materialised(state.synapses)[0], "out": state.outputs.weights, "feedback": state.feedback}


@pytest.mark.parametrize("feedback", ["kolen-pollack", "random", "transpose", "sign"])
def test_without_dopamine_no_weight_moves_not_by_a_bit(feedback):
    layer = LAYER.replace(feedback=feedback)
    still, moved = (live(layer, spoken(layer), delta=delta)[0] for delta in (0.0, 0.5))
    for name, before in weights(still[0]).items():
        assert np.asarray(weights(still[-1])[name]).tobytes() == np.asarray(before).tobytes(), name
        fixed = name == "feedback" and feedback != "kolen-pollack"
        assert np.any(weights(moved[-1])[name] != before) != fixed, name


def value(parameters, y, gain, action):
    """Return the value of an action by the same network with units that are numbers, not spikes."""
    code, outputs = parameters
    current = gain * (y @ code)
    # As steep where a neuron is silent or saturated as the local rule says, and of the height that it really has.
    shallow = 0.01 * current + jax.lax.stop_gradient(jnp.clip(current, 0.0, 1.0) - 0.01 * current)
    rate = jnp.where((current > 0.0) & (current < 1.0), current, shallow)
    return (outputs[action] * jnp.append(rate / gain, 1.0)).sum()


def test_with_exact_feedback_the_tags_are_the_gradient_of_the_network():
    layer = LAYER.replace(feedback="transpose", teaching=1.0, most=65_536, damping=0.0)
    states, fired, taken = live(layer, spoken(layer), steps=4)
    trace = None
    for i, (before, did, action) in enumerate(zip(states, fired, taken, strict=False)):
        heard = layer.adapt(before, CODE, (), image(i))
        x = jnp.append(presynaptic_gain.scaled(heard.inputs, image(i)), 1.0)
        y = divisive_inhibition.divide(x, SIZE + 1, DENSITY)
        parameters = listed_synapses.materialised(before.synapses)[0], before.outputs.weights
        said, gradient = jax.value_and_grad(value)(parameters, y, layer.excitability, action)
        np.testing.assert_allclose(said, layer.said(before.outputs.weights, did)[action], atol=2e-3)
        trace = gradient if trace is None else jax.tree.map(lambda z, g: GAMMA * DECAY * z + g, trace, gradient)
    end = states[-1]
    tags = listed_synapses.materialised(end.synapses)[1], end.outputs.eligibility
    for tag, z in zip(tags, trace, strict=True):
        np.testing.assert_allclose(tag, z, atol=2e-3 * float(jnp.abs(z).max()))
    assert sum(float(jnp.abs(tag).sum()) for tag in tags) <= float(end.mass) * 1.001


def test_a_step_corrects_less_than_a_kappa_th_of_the_error_and_in_its_direction():
    layer = LAYER.replace(feedback="transpose", teaching=1.0)
    states, fired, taken = live(layer, spoken(layer), steps=2)
    before, error = states[-1], 0.8
    after = layer.learn(before, fired[-1], jax.nn.one_hot(taken[-1], ACTIONS), jnp.float32(error), KEEP, SLOW)
    seen = [layer.said(s.outputs.weights, layer.fire(s, CODE, (), image(1)))[taken[-1]] for s in (before, after)]
    assert 0.0 < float(seen[1] - seen[0]) < error / layer.kappa


def test_a_population_says_nothing_at_first():
    state = LAYER.init(jax.random.key(0), CODE, ACTIONS)
    fired = LAYER.fire(LAYER.adapt(state, CODE, (), image(0)), CODE, (), image(0))
    assert not np.any(LAYER.said(state.outputs.weights, fired))
    assert np.any(fired.counts > 0)


def test_in_units_of_the_spread_of_returns_neurons_speak_of_the_same_values_whatever_a_reward_is_counted_in():
    def lived(unit):
        layer = LAYER.replace(unit="spread")
        state = spoken(layer)
        for reward, ended in ((0.0, False), (3.0, False), (1.0, True), (-2.0, True), (0.5, False)):
            state = layer.pay(state, jnp.float32(reward * unit), jnp.array(ended), GAMMA)
        return layer, state

    returns, running = [], 0.0
    for reward, ended in ((0.0, False), (3.0, False), (1.0, True), (-2.0, True), (0.5, False)):
        returns.append(GAMMA * running + reward)
        running = 0.0 if ended else returns[-1]
    layer, state = lived(1.0)
    np.testing.assert_allclose(layer.span(state, jnp.float32(8.0)), 8.0 / np.std(returns, ddof=1), rtol=1e-5)
    layer, cents = lived(100.0)
    np.testing.assert_allclose(layer.span(cents, jnp.float32(800.0)), layer.span(state, jnp.float32(8.0)), rtol=1e-5)
    assert float(layer.span(state, jnp.float32(0.0))) == 1.0, "nothing was paid yet"
    untouched = LAYER.pay(spoken(LAYER), jnp.float32(3.0), jnp.array(True), GAMMA)
    assert untouched.returns == ()
    assert float(LAYER.span(untouched, jnp.float32(8.0))) == 1.0


def test_a_population_that_goes_on_from_another_keeps_the_spread_but_not_the_episode():
    layer = LAYER.replace(unit="spread")
    other = layer.pay(
        layer.pay(spoken(layer), jnp.float32(3.0), jnp.array(False), GAMMA), jnp.float32(1.0), jnp.array(False), GAMMA
    )
    started = layer.started_from(layer.init(jax.random.key(1), CODE, ACTIONS), other)
    assert float(started.returns.steps) == 2.0
    assert float(started.returns.running) == 0.0 != float(other.returns.running)


@pytest.mark.parametrize("inhibition", ["feedforward", "lateral", "constant"])
def test_what_inhibits_divides_the_drive(inhibition):
    layer = LAYER.replace(inhibition=inhibition, rarest=1.0)
    state = spoken(layer)
    heard = layer.adapt(state, CODE, (), image(3))
    x = jnp.append(image(3), 1.0)
    drive = x @ listed_synapses.materialised(heard.synapses)[0]
    sigma = {
        "feedforward": jnp.sqrt(DENSITY / (3.0 * (SIZE + 1)) * (1.0 + (x**2).sum())),
        "lateral": jnp.sqrt(drive.var() + 1e-5),
        "constant": jnp.sqrt(DENSITY / (3.0 * (SIZE + 1)) * (1.0 + layer.heard)),
    }[inhibition]
    drive = (drive - (drive.mean() if inhibition == "lateral" else 0.0)) / sigma
    fired = layer.fire(heard, CODE, (), image(3))
    np.testing.assert_allclose(np.sort(fired.sent), np.sort(x / sigma), rtol=1e-5, atol=1e-6)
    expected = np.clip(layer.excitability * drive, 0.0, 1.0)
    assert np.abs(fired.counts / layer.most - expected).max() < 1.0 / layer.most + 1e-5


@pytest.mark.parametrize("held", [0, 16])
def test_what_a_code_lists_is_heard_as_if_all_of_its_neurons_were_looked_at(monkeypatch, held):
    code = codes.sharp_for_space(spaces.Box(-1.0, 1.0, (2,)))
    layer = LAYER.replace(held=held)
    state, seen = layer.init(jax.random.key(0), code, ACTIONS), jnp.array([0.2, -0.7])

    def heard():
        adapted = layer.adapt(state, code, code.init(), seen)
        fired = layer.fire(adapted, code, code.init(), seen)
        learned = layer.learn(adapted, fired, jax.nn.one_hot(0, ACTIONS), jnp.float32(0.5), KEEP, SLOW)
        if held:  # in whatever order
            order = jnp.argsort(learned.activity.held.neurons)
            kept = learned.activity.held._replace(
                neurons=learned.activity.held.neurons[order], rates=learned.activity.held.rates[order]
            )
            learned = learned._replace(activity=learned.activity._replace(held=kept))
        return learned._replace(synapses=listed_synapses.materialised(learned.synapses))

    listed = heard()
    monkeypatch.setattr(codes.Tilings, "distinct", False)
    for one, other in zip(*map(jax.tree.leaves, (listed, heard())), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert float(jnp.abs(listed.inputs.total).sum()) == code.groups


def held_in(state):
    held = state.activity.held
    return dict(zip(held.neurons.tolist(), held.rates.tolist(), strict=True))


def test_partners_of_the_inputs_that_transmit_most_hold_what_an_episode_began_with():
    layer = LAYER.replace(held=4)
    state = layer.init(jax.random.key(0), CODE, ACTIONS)
    common, rare = (jnp.zeros(SIZE).at[jnp.array(lit)].set(1.0) for lit in ([0, 1, 2, 3, 4, 5], [4, 5, 6, 7, 8, 9]))
    for _ in range(5):
        state = layer.adapt(state, CODE, (), common)
        assert held_in(state) == dict.fromkeys(range(4), 1.0), "all transmit alike: the first ones"
    state = layer.adapt(state, CODE, (), rare)
    assert held_in(state) == dict.fromkeys(range(4), 1.0), "the episode goes on"
    state = layer.adapt(state, CODE, (), rare, begins=jnp.array(True))
    assert held_in(state) == dict.fromkeys(range(6, 10), 1.0), "those which fire rarely transmit most"
    assert held_in(state._replace(activity=layer.initial_activity(state, CODE))) == dict.fromkeys(range(4), 0.0)


def test_what_is_held_drives_hidden_neurons_by_synapses_of_its_own_and_learns():
    layer = LAYER.replace(held=4)
    state, dark = layer.init(jax.random.key(0), CODE, ACTIONS), jnp.zeros(SIZE)
    first = dark.at[jnp.array([3, 8, 9, 20])].set(1.0)
    rows = SIZE + jnp.array([3, 8, 9, 20])
    begun = layer.adapt(state, CODE, (), first)
    fired = layer.fire(begun, CODE, (), dark)
    recalled = jnp.zeros(2 * SIZE + 1).at[-1].set(1.0)
    recalled = recalled.at[rows].set(presynaptic_gain.scaled(begun.partners, jnp.ones(4), rows - SIZE))
    y = divisive_inhibition.divide(recalled, 2 * SIZE + 1, DENSITY)
    drive = y @ listed_synapses.materialised(begun.synapses)[0]
    assert np.abs(fired.counts / layer.most - np.clip(layer.excitability * drive, 0, 1)).max() < 1.0 / layer.most + 1e-5
    chosen = jax.nn.one_hot(1, ACTIONS)
    before = layer.learn(begun, fired, chosen, jnp.float32(0.0), KEEP, SLOW)
    after = layer.learn(before, layer.fire(before, CODE, (), dark), chosen, jnp.float32(0.5), KEEP, SLOW)
    moved = jnp.any(listed_synapses.materialised(after.synapses)[0] != listed_synapses.materialised(state.synapses)[0], axis=1)
    assert set(np.flatnonzero(moved)) == {*map(int, rows), 2 * SIZE}


def test_a_population_that_goes_on_from_another_knows_how_often_partners_fire_and_holds_nothing():
    layer = LAYER.replace(held=4)
    other = layer.adapt(spoken(layer), CODE, (), image(2))
    started = layer.started_from(layer.init(jax.random.key(1), CODE, ACTIONS), other)
    np.testing.assert_array_equal(started.partners.total, other.partners.total)
    assert not np.any(started.activity.held.rates)
    assert bool(started.activity.held.begins)
