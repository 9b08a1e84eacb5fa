import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl import codes
from neurorl.agents.actions import Actions
from neurorl.agents.contract import Timestep, restart
from neurorl.agents.spiking_deep import LARGEST, SpikingDeep
from neurorl.homeostasis import presynaptic_gain
from neurorl.neuromodulation import return_spread
from neurorl.plasticity import listed_synapses
from neurorl.synapses import divisive_inhibition

GAMMA = 0.9
SPACES = spaces.Box(0.0, 1.0, (4, 4, 2)), spaces.Discrete(3)
AGENT = SpikingDeep.for_spaces(*SPACES).replace(hidden=20, gamma=GAMMA, epsilon_start=0.0, epsilon_end=0.0)
learn = jax.jit(lambda agent, state, timestep, key: agent.learn(state, timestep, key))


def image(seed):
    return (jax.random.uniform(jax.random.key(seed), SPACES[0].shape) < 0.3).astype(jnp.float32)


def at(seed, reward=0.0, terminated=False, truncated=False, last=None):
    final = image(seed if last is None else last)
    return Timestep(image(seed), jnp.float32(reward), jnp.array(terminated), jnp.array(truncated), final)


LIFE = [
    restart(image(0)),
    at(1, 1.0),
    at(2),
    at(3, -1.0, terminated=True),
    at(4, 2.0),
    at(5, 1.0),
    at(6, 0.0, truncated=True),
    at(7),
]


def walk(agent, timesteps, start=None):
    """Return the states, the first one before any timestep, and the actions taken."""
    states, taken = [agent.init(jax.random.key(0)) if start is None else start], []
    for i, timestep in enumerate(timesteps):
        state, action = learn(agent, states[-1], timestep, jax.random.key(i))
        states.append(state)
        taken.append(int(action))
    return states, taken


def weights(state):
    own = {"code": listed_synapses.materialised(state.synapses)[0], "outputs": state.outputs.weights, "feedback": state.feedback}
    return own | ({"direct": listed_synapses.materialised(state.direct)[0]} if len(state.direct.weights) else {})


def test_images_are_lit_pixels_and_boxes_have_sharp_tilings():
    assert isinstance(AGENT.code, codes.Lit)
    box = SpikingDeep.for_spaces(spaces.Box(-1.0, 1.0, (2,)), spaces.Discrete(3))
    assert isinstance(box.code, codes.Tilings)
    assert box.code.groups == 16


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("feedback", ["kolen-pollack", "random", "transpose", "sign"])
def test_without_dopamine_no_weight_moves_not_by_a_bit(feedback, direct):
    states, _ = walk(AGENT.replace(gain=0.0, feedback=feedback, direct=direct), LIFE)
    moved, _ = walk(AGENT.replace(feedback=feedback, direct=direct), LIFE)
    for name, before in weights(states[0]).items():
        assert np.asarray(weights(states[-1])[name]).tobytes() == np.asarray(before).tobytes(), name
        still = name == "feedback" and feedback != "kolen-pollack"
        assert np.any(weights(moved[-1])[name] != before) != still, name


def network(parameters, y, gain, action):
    """Return the value of an action of the same network with units that are numbers, not spikes."""
    code, outputs, direct = parameters
    current = gain * (y @ code)
    # As steep where a neuron is silent or saturated as the local rule says, and of the height that it really has.
    shallow = 0.01 * current + jax.lax.stop_gradient(jnp.clip(current, 0.0, 1.0) - 0.01 * current)
    rate = jnp.where((current > 0.0) & (current < 1.0), current, shallow)
    return (outputs @ jnp.append(rate / gain, 1.0) + y @ direct)[action]


def test_with_exact_feedback_the_tags_are_the_gradient_of_the_network():
    agent = AGENT.replace(feedback="transpose", teaching=1.0, direct=True, hidden_substeps=65_536, substeps=65_536, lambda_=0.7)
    start = agent.init(jax.random.key(0))
    spoken = jax.random.normal(jax.random.key(7), start.outputs.weights.shape) / 20
    states, taken = walk(agent, LIFE[:3], start._replace(outputs=start.outputs._replace(weights=spoken)))
    trace = None
    for before, state, timestep, action in zip(states, states[1:], LIFE, taken, strict=False):
        x = jnp.append(presynaptic_gain.scaled(state.inputs, agent.code.rates(timestep.observation, state.code)), 1.0)
        y = divisive_inhibition.divide(x, agent.code.size + 1, 0.1)
        # An action is chosen, and tagged, by the weights before the step.
        parameters = (
            listed_synapses.materialised(before.synapses)[0],
            before.outputs.weights,
            listed_synapses.materialised(before.direct)[0],
        )
        value, gradient = jax.value_and_grad(network)(parameters, y, agent.excitability, action)
        np.testing.assert_allclose(value, state.value, atol=2e-3)
        keep = 0.0 if bool(timestep.truncated) else GAMMA * 0.7
        trace = gradient if trace is None else jax.tree.map(lambda z, g, keep=keep: keep * z + g, trace, gradient)
        # What the direct synapses' tags say of the value that they made.
        np.testing.assert_allclose(state.reach, (trace[2] * gradient[2]).sum(), rtol=1e-4)
    end = states[3]
    tags = listed_synapses.materialised(end.synapses)[1], end.outputs.eligibility, listed_synapses.materialised(end.direct)[1]
    for tag, z in zip(tags, trace, strict=True):
        np.testing.assert_allclose(tag, z, atol=2e-3 * float(jnp.abs(z).max()))
    assert sum(float(jnp.abs(tag).sum()) for tag in tags[:2]) <= float(end.mass) * 1.001


def test_a_truncation_bootstraps_from_where_the_action_led_and_a_termination_does_not():
    agent = AGENT.replace(hidden_substeps=65_536, substeps=65_536)
    start, _ = walk(agent, LIFE[:3])
    before = start[-1]
    for truncated in (True, False):
        last = at(6, 0.0, terminated=not truncated, truncated=truncated, last=9)
        state, _ = learn(agent, before, last, jax.random.key(0))
        unit = return_spread.magnitude(state.returns)
        led_to = agent.value(state._replace(synapses=before.synapses, outputs=before.outputs), image(9)) / unit
        expected = (GAMMA * led_to if truncated else 0.0) - before.value
        np.testing.assert_allclose(state.dopamine, expected, atol=5e-3)
        # The tags are of the first action of the next episode alone.
        fresh = jax.jit(agent.learn)(before._replace(mass=jnp.float32(0.0)), last, jax.random.key(0))[0]
        np.testing.assert_allclose(state.mass, fresh.mass)


def test_an_action_that_is_not_the_best_ends_the_tags():
    def tags(explored):
        states, _ = walk(AGENT, LIFE[:2])
        state = states[-1]._replace(explored=jnp.array(explored))
        return float(jnp.abs(learn(AGENT, state, at(2), jax.random.key(5))[0].outputs.eligibility).sum())

    assert tags(True) < tags(False)


def test_learners_side_by_side_are_learners_alone():
    keys = jax.random.split(jax.random.key(3), 3)
    together = jax.vmap(AGENT.init)(keys)
    step = jax.jit(jax.vmap(AGENT.learn, in_axes=(0, None, 0)))
    for i, timestep in enumerate(LIFE):
        together, actions = step(together, timestep, jax.random.split(jax.random.key(i), 3))
    alone = AGENT.init(keys[1])
    for i, timestep in enumerate(LIFE):
        alone, action = learn(AGENT, alone, timestep, jax.random.split(jax.random.key(i), 3)[1])
    assert int(actions[1]) == int(action)
    np.testing.assert_allclose(weights(jax.tree.map(lambda a: a[1], together))["code"], weights(alone)["code"], atol=1e-5)


def test_components_of_an_action_have_heads_of_their_own():
    agent = AGENT.replace(actions=Actions(choices=(2, 3), low=(0.0, 0.0), high=(1.0, 2.0), shape=(2,)))
    state, action = jax.jit(agent.learn)(agent.init(jax.random.key(0)), LIFE[0], jax.random.key(0))
    assert action.shape == (2,)
    assert abs(float(state.value)) < LARGEST


@pytest.mark.slow
def test_breakout_is_learned_from_its_pixels():
    """Learners of fresh seeds had training returns of 7.3 to 8.8 here, where a random agent has 0.3 (docs/learners.md)."""
    from neurorl.runs import config

    settings = {"explore_steps": 100_000, "winners": 40}
    built = config.build("Breakout-MinAtar", "spiking-deep", {"seeds": 4, "seed": 1000, "steps": 150_000}, settings)
    loop = built.make_loop()
    learners = loop.advance(loop.init(), 150_000)
    assert loop.evaluate(learners).mean() > 4.0


def test_learners_of_different_hyperparameters_share_a_program():
    """As rows of a sweep do: each learns as it does alone, through a truncation too."""
    kappas = jnp.array([2.0, 4.0])

    def last(kappa):
        agent, timesteps = AGENT.replace(kappa=kappa), jax.tree.map(lambda *x: jnp.stack(x), *LIFE)
        keys = jax.random.split(jax.random.key(0), len(LIFE))
        state, _ = jax.lax.scan(lambda s, at: agent.learn(s, *at), agent.init(jax.random.key(1)), (timesteps, keys))
        return state.outputs.weights

    together = jax.jit(jax.vmap(last))(kappas)
    for kappa, weights in zip(kappas, together, strict=True):
        np.testing.assert_allclose(weights, jax.jit(last)(kappa), rtol=1e-4, atol=1e-5)
    assert np.any(together[0] != together[1])


def test_what_a_code_lists_is_heard_as_if_all_of_its_neurons_were_looked_at(monkeypatch):
    box = spaces.Box(-1.0, 1.0, (2,)), spaces.Discrete(3)
    agent, key = SpikingDeep.for_spaces(*box), jax.random.key(0)
    seen = restart(jnp.array([0.2, -0.7]))
    state = agent.init(key)
    listed, _ = agent.learn(state, seen, key)
    monkeypatch.setattr(codes.Tilings, "distinct", False)
    looked, _ = agent.learn(state, seen, key)
    rows = [
        {"synapses": listed_synapses.materialised(s.synapses), "direct": listed_synapses.materialised(s.direct)}
        for s in (listed, looked)
    ]
    same = [state._replace(**own) for state, own in zip((listed, looked), rows, strict=True)]
    for one, other in zip(*map(jax.tree.leaves, same), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert float(jnp.abs(listed.inputs.total).sum()) == agent.code.groups
