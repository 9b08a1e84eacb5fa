"""A network that users build acts and learns: any model, with its own critics or without, from Python and by name."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl import agents
from neurorl.agents.contract import Timestep, restart
from neurorl.agents.spiking_network import SpikingNetwork
from neurorl.agents.wiring import Wiring
from neurorl.errors import NeurorlError
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network
from neurorl.neurons import LIF, EscapeNoise, NoiseCurrent
from neurorl.parameters import from_dict, to_dict
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.consolidation import Consolidation
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP
from neurorl.runs import config

CUES, CHOICES = spaces.Discrete(2), spaces.Discrete(2)
NO, YES = jnp.array(False), jnp.array(True)
LEARNS = DopamineSTDP(STDP(a_plus=1.0, tau_plus=5.0), WeightBounds(-20.0, 20.0), learning_rate=0.05, rule="escape-noise")


def small(observation_space=CUES, action_space=CHOICES):
    """Return a network of one's own: recurrent, delayed, inhibited, tiring; no critics of its own."""
    network = Network(NetworkConfig(dt=1.0))
    sensory, hidden = network.add_population(2, "sensory", neuron="relay"), network.add_population(12, name="hidden")
    interneurons = network.add_population(3, "inhibitory")
    motor = network.add_population(6, "motor", neuron=LIF(tau_m=5.0, v_rest=-60.0, escape=EscapeNoise()))
    network.connect(sensory, hidden, 0.6, 25.0, plastic=False, seed=1)
    network.connect(hidden, hidden, 0.2, 1.0, delay=(2.0, 5.0), plastic=False, stp=True)
    network.connect(hidden, interneurons, weight=6.0, plastic=False)
    network.connect(interneurons, hidden, weight=1.0, delay=2.0)
    network.connect(hidden, motor, weight=0.0, plastic=LEARNS, sign="mixed")
    return network


def bandit(agent, steps=400, seed=0):
    """Let an agent live with two cues, each of which pays one of the actions; return the last state, rewards and dopamine."""
    state, rewards, dopamine = jax.jit(lambda seed: life(agent, seed, steps))(seed)
    return state, np.asarray(rewards), np.asarray(dopamine)


def life(agent, seed, steps):

    def one(carry, index):
        state, timestep, cue = carry
        state, action, recording = agent.record(state, timestep, jax.random.fold_in(jax.random.key(seed), index))
        reward = (action == cue).astype(jnp.float32)
        after = jax.random.randint(jax.random.fold_in(jax.random.key(seed + 1), index), (), 0, 2)
        timestep = Timestep(after, reward, YES, NO, after)  # an episode is one choice
        return (state, timestep, after), (reward, recording.signals["dopamine"])

    start = agent.init(jax.random.key(seed)), restart(jnp.int32(0)), jnp.int32(0)
    (state, _, _), (rewards, dopamine) = jax.lax.scan(one, start, jnp.arange(steps))
    return state, rewards, dopamine


def weights(state):
    return [np.asarray(each.weights) for each in state.network.pathways]


def changed(agent, state):
    return [not np.array_equal(a, b) for a, b in zip(weights(agent.init(jax.random.key(0))), weights(state), strict=True)]


def test_a_network_of_ones_own_learns_which_cue_wants_which_action():
    agent = SpikingNetwork(small(), gamma=0.0).fit(CUES, CHOICES)
    lives = jax.jit(jax.vmap(lambda seed: life(agent, seed, 1000)))
    states, rewards, dopamine = lives(jnp.arange(16))
    returns = np.asarray(rewards)[:, -100:].mean(1)
    assert returns.mean() > 0.7, "sixteen that choose by chance have 0.5, within 0.02"
    assert returns.max() > 0.9
    assert jnp.abs(dopamine[:, -100:]).mean() < jnp.abs(dopamine[:, :20]).mean()
    first = jax.tree.map(lambda leaf: leaf[0], states)
    assert changed(agent, first) == [False, False, False, False, True], "only what is plastic changes"


def branched():
    """Return a network with a pathway for each program: sparse, delayed, tiring, recurrent, inhibited."""
    network = Network(NetworkConfig(dt=1.0))
    sensory, hidden = network.add_population(40, "sensory", neuron="relay"), network.add_population(60, name="hidden")
    interneurons = network.add_population(15, "inhibitory")
    motor = network.add_population(6, "motor", neuron=LIF(tau_m=5.0, v_rest=-60.0, escape=EscapeNoise()))
    network.connect(sensory, hidden, 0.5, 2.0, plastic=LEARNS.replace(rule="pair-stdp", learning_rate=1e-3), seed=1)
    network.connect(hidden, hidden, 0.4, 0.3, delay=(2.0, 5.0), plastic=False, stp=True)
    network.connect(hidden, interneurons, 0.3, weight=1.0, plastic=False)
    network.connect(interneurons, hidden, weight=0.5, delay=2.0)
    slow = LEARNS.replace(learning_rate=1e-3)
    network.connect(hidden, motor, weight=0.3, plastic=slow, sign="mixed", delay=2.0, stp=True)
    return network


def test_programs_within_an_environment_step_equal_the_reference():
    agent = SpikingNetwork(branched(), duration=14.0, gamma=0.0).fit(CUES, CHOICES)
    assert {choice.program for choice in agent.plan().choices} == {"stepwise"}
    events = agent.replace(program="events").fit(CUES, CHOICES)
    assert [choice.program for choice in events.plan().choices] == ["events", "events", "stepwise", "events", "product"]
    assert "its target leads back to its source" in str(agent.replace(program="fastest").plan())
    trains = jnp.asarray(np.random.default_rng(0).random((3, 14, 40)) < 0.1, float)
    states = [agent.init(jax.random.key(1)).network] * 2
    lives = [jax.jit(each._live) for each in (agent, events)]
    for incoming in trains:  # learning apart, which is the same code
        (reference, expected), (ours, life) = (live(state, incoming, 1.0) for live, state in zip(lives, states, strict=True))
        states = [reference, ours]
        assert all(0.005 < expected.spikes[name].mean() < 0.5 for name in ("hidden", "inhibitory", "motor"))
        jax.tree.map(np.testing.assert_array_equal, life.spikes, expected.spikes)
        whole = [(state._replace(key=()), seen) for state, seen in ((reference, expected), (ours, life))]
        for a, b in zip(*map(jax.tree.leaves, whole), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-4)
    with pytest.raises(NeurorlError, match=r"'program' is 'event'; .*did you mean 'events'"):
        agent.replace(program="event").fit(CUES, CHOICES)


def test_zero_dopamine_changes_no_weight_by_a_bit():
    for wired in (small(), None):
        agent = SpikingNetwork(wired, wiring=Wiring(critics=2, inhibitory=2)).fit(CUES, CHOICES)
        silent = agent.replace(modulation=agent.modulation.replace(dopamine=agent.modulation.dopamine.replace(gain=0.0)))
        state, rewards, dopamine = bandit(silent, 60)
        assert rewards.mean() < 0.75
        assert not any(changed(silent, state))
        assert not np.any(dopamine)
        assert any(np.any(each.memory.stdp.eligibility) for each in state.network.pathways if each.memory is not None)


def test_the_default_wiring_records_every_population_and_its_critics_tell_the_value():
    agent = SpikingNetwork.for_spaces(CUES, CHOICES)
    state, rewards, _ = bandit(agent.replace(gamma=0.0), 300)
    assert rewards[-100:].mean() > 0.8
    _, _, recording = agent.record(state, restart(jnp.int32(1)), jax.random.key(5))
    assert set(recording.spikes) == {"sensory", "hidden", "inhibitory", "motor", "motor inhibition", "value", "cost"}
    assert all(each.shape[0] == 10 for each in recording.spikes.values())
    assert recording.spikes["motor"].shape[1] == 2 * agent.wiring.motor_neurons
    assert 0.2 < float(recording.signals["value"]) < 1.5, "about every choice is paid"


def test_acting_reads_the_weights_only_and_is_the_same_again():
    agent = SpikingNetwork(small(), consolidation=Consolidation(window=100.0)).fit(CUES, CHOICES)
    state, _, _ = bandit(agent.replace(gamma=0.0), 600, seed=1)
    act = jax.jit(agent.act)
    for cue in (0, 1):
        first = act(state, agent.initial_activity(state), jnp.int32(cue), jax.random.key(0))
        again = act(state, agent.initial_activity(state), jnp.int32(cue), jax.random.key(0))
        assert int(first[1]) == int(again[1]) == cue
        jax.tree.map(np.testing.assert_array_equal, jax.random.key_data(first[0][0].key), jax.random.key_data(again[0][0].key))


@pytest.mark.parametrize("motor", ["regular_spiking", "adaptive_lif"])
def test_any_model_may_choose(motor):
    network = Network()
    sensory = network.add_population(2, "sensory", neuron="relay")
    cells = network.add_population(8, "motor", neuron=motor, noise=NoiseCurrent(sigma=6.0, mean=14.0, tau=2.0))
    learns = LEARNS.replace(rule="pair-stdp", learning_rate=0.2)
    network.connect(sensory, cells, weight=0.0, plastic=learns, sign="mixed")
    agent = SpikingNetwork(network, duration=20.0, gamma=0.0).fit(CUES, CHOICES)
    state, _, _ = bandit(agent, 50)
    assert changed(agent, state) == [True]


def test_actions_of_several_components_have_a_group_each_and_a_continuous_one_is_a_population_vector():
    heads = spaces.Tuple((spaces.Discrete(3), spaces.Box(-2.0, 2.0, ())))
    agent = SpikingNetwork.for_spaces(CUES, heads)
    state = agent.init(jax.random.key(0))
    _, action, _ = agent.record(state, restart(jnp.int32(0)), jax.random.key(1))
    assert action.shape == (2,)
    assert -2.0 <= float(action[1]) <= 2.0
    assert int(action[0]) in (0, 1, 2)


def test_with_reset_an_episode_begins_at_rest_and_keeps_what_was_learned():
    agent = SpikingNetwork(small(), reset=True).fit(CUES, CHOICES)
    state, _, _ = bandit(agent, 30)
    begun = agent._begin(state.network, YES)
    assert float(np.abs(begun.neurons["excitatory" if "excitatory" in begun.neurons else "hidden"].v + 70.0).max()) == 0.0
    np.testing.assert_array_equal(begun.pathways[4].weights, state.network.pathways[4].weights)
    going = agent._begin(state.network, NO)
    np.testing.assert_array_equal(going.neurons["hidden"].v, state.network.neurons["hidden"].v)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sensory": "eyes"}, "'sensory' is 'eyes', which is none of"),
        ({"motor": "moto"}, "did you mean 'motor'"),
        ({"critics": ("hidden",)}, "name two"),
        ({"reads": "nowhere"}, "'reads' is 'nowhere'"),
    ],
)
def test_populations_that_are_not_there_are_named(options, message):
    with pytest.raises(NeurorlError, match=message):
        SpikingNetwork(small(), **options).fit(CUES, CHOICES)


def test_too_few_motor_neurons_are_refused():
    with pytest.raises(NeurorlError, match="has 6 neurons for 7 choices"):
        SpikingNetwork(small()).fit(CUES, spaces.Discrete(7))


def test_a_network_is_part_of_the_configuration_and_comes_back_from_json():
    agent = SpikingNetwork(small(), gamma=0.5).fit(CUES, CHOICES)
    values = json.loads(json.dumps(to_dict(agent)))
    again = from_dict(SpikingNetwork.for_spaces(CUES, CHOICES), values, "agent")
    assert again == agent
    assert hash(again.network) == hash(small())
    other = small()
    other.connect("hidden", "motor", weight=0.1, plastic=False)
    assert other != small()


def test_a_function_of_the_spaces_makes_an_agent_by_its_name():
    name = f"{__name__}:small"
    built = config.build("CartPole-v1", name, {"seeds": 1}, {"gamma": 0.9})
    assert built.agent_id == name
    assert built.agent.network == small()
    assert (built.agent.gamma, built.agent.actions.size) == (0.9, 2)
    assert config.build("CartPole-v1", small, {"seeds": 1}, {}).agent == built.agent.replace(gamma=0.99)
    with pytest.raises(NeurorlError, match="must return a Network or an agent"):
        agents.find(lambda observations, actions: 3).for_spaces(CUES, CHOICES)


def test_sensory_neurons_fewer_than_the_code_share_its_cells_and_more_repeat_them():
    box = spaces.Box(-1.0, 1.0, (2,))
    for size in (20, 64, 100):
        network = Network()
        network.add_population(size, "sensory", neuron="relay")
        network.add_population(4, "motor")
        network.connect("sensory", "motor", weight=0.5)
        agent = SpikingNetwork(network).fit(box, CHOICES)
        rates = agent._pool(agent.code.rates(jnp.array([0.3, -0.2])))
        assert rates.shape == (size,)
        assert float(rates.sum()) == pytest.approx(1.0 if size <= 64 else 100 / 64, rel=0.3)
        assert np.count_nonzero(np.asarray(rates) > 1e-3) > 5
