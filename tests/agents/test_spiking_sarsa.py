import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl import codes
from neurorl.agents.actions import Actions
from neurorl.agents.contract import Timestep, restart
from neurorl.agents.spiking_sarsa import HEADROOM, SpikingSarsa
from neurorl.plasticity.coherence import Coherence, Pushes

GAMMA = 0.9
AGENT = SpikingSarsa(code=codes.OneHot(n=4), actions=Actions(choices=(3,)), gamma=GAMMA, substeps=4096, threshold_rate=0.0)
learn = jax.jit(lambda agent, state, timestep, key: agent.learn(state, timestep, key))


def at(place, reward=0.0, terminated=False, truncated=False):
    return Timestep(jnp.int32(place), jnp.float32(reward), jnp.array(terminated), jnp.array(truncated), jnp.int32(place))


def walk(agent, timesteps, seed=0):
    """Return the states after each timestep and the actions taken."""
    state, states, taken = agent.init(jax.random.key(seed)), [], []
    for i, timestep in enumerate(timesteps):
        state, action = learn(agent, state, timestep, jax.random.key(i))
        states.append(state)
        taken.append(int(action))
    return states, taken


def values(agent, state):
    """Return the value of every action in every place, in units of the scale, read from the weights."""
    pairs = 0.5 * (1.0 + np.array([1.0, -1.0])[:, None] * agent.optimism / HEADROOM) + np.asarray(state.synapses.weights)
    pairs = np.clip(pairs, 0.0, 1.0)
    return pairs[:, 0] - pairs[:, 1]


LIFE = [restart(jnp.int32(0)), at(1, -1.0), at(0, -1.0, terminated=True), at(1, -1.0), at(2, -2.0), at(0, -1.0, terminated=True)]


def test_it_computes_what_sarsa_with_replacing_traces_computes():
    """A table of the same rule, given the spiking learner's actions; spikes count S I to within one, 1 / S of a value."""
    agent = AGENT.replace(coherence=Coherence(enabled=False), hope=0.0, learning_rate=0.3)
    states, taken = walk(agent, LIFE)
    q, e = np.full((3, 4), agent.optimism / HEADROOM), np.zeros((3, 4))
    pre = np.zeros((3, 4))  # tags of the pull neurons, whose rates are below a half
    value, running, largest, begun = 0.0, 0.0, 0.0, False
    for timestep, action in zip(LIFE, taken, strict=True):
        place, reward = int(timestep.observation), float(timestep.reward)
        ended = bool(timestep.terminated | timestep.truncated)
        running = GAMMA * running + reward
        largest = max(largest, abs(running))
        new = q[action, place]
        delta = reward / max(largest, 1e-9) / HEADROOM + GAMMA * (0.0 if timestep.terminated else new) - value
        if begun and not timestep.truncated:
            q += agent.learning_rate * delta * (e + pre) / 2
        rates = (1 + new) / 2, (1 - new) / 2
        for tags, rate in ((e, rates[0]), (pre, rates[1])):
            tags *= 0.0 if ended else GAMMA * agent.lambda_
            tags[np.arange(3) != action, place] = 0.0
            tags[action, place] = min(1.0, tags[action, place] + 2 * rate)
        value, running, begun = new, 0.0 if ended else running, begun or (ended and largest > 0)
    np.testing.assert_allclose(values(agent, states[-1]), q, atol=3e-3)
    assert np.abs(q - agent.optimism / HEADROOM).max() > 0.05


def test_without_dopamine_no_weight_changes():
    states, _ = walk(AGENT.replace(gain=0.0), LIFE)
    assert not np.any(states[-1].synapses.weights)
    changed, _ = walk(AGENT, LIFE)
    assert np.any(changed[-1].synapses.weights)


def test_a_truncation_teaches_nothing_and_a_termination_does():
    begin = [restart(jnp.int32(0)), at(0, -1.0, terminated=True), at(1, -1.0)]
    cut, _ = walk(AGENT, [*begin, at(2, -1.0, truncated=True)])
    ended, _ = walk(AGENT, [*begin, at(2, -1.0, terminated=True)])
    np.testing.assert_array_equal(cut[-1].synapses.weights, cut[-2].synapses.weights)
    assert np.any(ended[-1].synapses.weights != ended[-2].synapses.weights)


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_the_unit_of_the_reward_does_not_matter(unit):
    scaled = [t._replace(reward=t.reward * unit) for t in LIFE]
    (one, actions), (other, same) = walk(AGENT, LIFE), walk(AGENT, scaled)
    assert actions == same
    np.testing.assert_allclose(one[-1].synapses.weights, other[-1].synapses.weights, atol=1e-5)


def test_acting_chooses_the_action_of_most_spikes_by_the_slow_weights():
    state = AGENT.init(jax.random.key(0))
    state = state._replace(synapses=state.synapses._replace(slow=state.synapses.slow.at[2, 0, 3].set(0.1)))
    activity, action = AGENT.act(state, AGENT.initial_activity(state), jnp.int32(3), jax.random.key(1))
    assert action == 2
    assert activity.shape == (3, 2)


def test_a_finer_box_of_two_dimensions_has_one_map_of_sharp_tilings():
    from gymnasium import spaces

    agent = SpikingSarsa.for_spaces(spaces.Box(-1.0, 1.0, (2,)), spaces.Discrete(3))
    assert isinstance(agent.code, codes.Tilings)
    assert agent.code.groups == 16


def test_curiosity_tries_what_was_less_often_asked_about_and_only_while_learning():
    state = AGENT.init(jax.random.key(0))
    ahead = 0.02  # of action 0, whose synapses were pushed to and fro, before the others, of which nothing was asked
    weights = state.synapses.weights.at[0, 0, 3].set(ahead)
    pushes = Pushes(state.pushes.net, state.pushes.gross.at[0, :, 3].set(1.0))
    state = state._replace(synapses=state.synapses._replace(weights=weights, slow=weights), pushes=pushes)
    for curiosity, stays in ((0.0, True), (1.0, False)):
        agent = AGENT.replace(curiosity=curiosity)
        assert float(state.uncertainty) > ahead
        _, action = learn(agent, state, restart(jnp.int32(3)), jax.random.key(1))
        assert (int(action) == 0) == stays
        assert int(agent.act(state, agent.initial_activity(state), jnp.int32(3), jax.random.key(1))[1]) == 0


def test_observations_that_are_told_apart_have_shorter_traces_than_those_that_share_synapses():
    from gymnasium import spaces

    apart = SpikingSarsa.for_spaces(spaces.Tuple([spaces.Discrete(32), spaces.Discrete(11)]), spaces.Discrete(2))
    near = SpikingSarsa.for_spaces(spaces.Box(-1.0, 1.0, (2,)), spaces.Discrete(2))
    assert apart.lambda_ < near.lambda_
    assert apart.optimism > 1.0 > near.optimism


@pytest.mark.slow
@pytest.mark.parametrize("seed", [100, 200])
def test_a_treasure_behind_costs_is_found(seed):
    """DeepSea 10 pays for going right only at the end of ten steps that each cost: one policy in 1,024 finds it by chance."""
    from neurorl.runs import config

    built = config.build("DeepSea-bsuite", "spiking-sarsa", {"seeds": 4, "seed": seed, "steps": 20_000}, {"env.size": 10})
    loop = built.make_loop()
    learners = loop.advance(loop.init(), 20_000)
    np.testing.assert_allclose(loop.evaluate(learners).mean(1), 0.99, atol=1e-3)


@pytest.mark.slow
def test_mountain_car_is_solved():
    from neurorl.runs import config

    built = config.build("MountainCar-v0", "spiking-sarsa", {"seeds": 4, "seed": 100, "steps": 60_000}, {})
    loop = built.make_loop()
    learners = loop.advance(loop.init(), 60_000)
    assert loop.evaluate(learners).mean() > -125.0
