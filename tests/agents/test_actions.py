import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

import neurorl
from neurorl import packing
from neurorl.agents import actions
from neurorl.errors import NeurorlError
from neurorl.parameters import from_dict, to_dict
from neurorl.runs import config

SPACES = [
    spaces.Discrete(3, start=5),
    spaces.MultiDiscrete([3, 4], start=[1, -2]),
    spaces.MultiBinary((2, 2)),
    spaces.Box(np.array([-1.0, 0.0]), np.array([1.0, 5.0]), dtype=np.float64),
    spaces.Box(-2, 2, (3,), np.int8),
    spaces.Box(0, 1000, (), np.int32),
    spaces.Tuple((spaces.Discrete(2), spaces.Dict(a=spaces.Box(-1, 1, (2,)), b=spaces.MultiBinary(1)))),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_whatever_wins_and_whatever_is_drawn_is_an_action_of_the_space(space):
    code = actions.for_space(space)
    assert from_dict(code, to_dict(code)) == code
    for extreme in (0, -1):
        winners = [jnp.int32(range(n)[extreme]) for n in code.heads]
        assert space.contains(packing.unpack(space, np.asarray(code.of_winners(winners))))
    drawn = jax.vmap(code.sample)(jax.random.split(jax.random.key(0), 20))
    for action in np.asarray(drawn):
        assert space.contains(packing.unpack(space, np.asarray(action)))


def test_heads_have_a_neuron_for_each_choice_and_some_for_a_continuous_component():
    assert actions.for_space(SPACES[0]).heads == (3,)
    assert actions.for_space(SPACES[1]).heads == (3, 4)
    assert actions.for_space(SPACES[2]).heads == (2,) * 4
    assert actions.for_space(SPACES[3]).replace(neurons=7).heads == (7, 7)
    assert actions.for_space(SPACES[4]).heads == (5,) * 3


def test_continuous_components_span_their_range():
    code = actions.for_space(spaces.Box(np.array([-1.0, 0.0]), np.array([1.0, 4.0]))).replace(neurons=5)
    said = [code.of_winners([jnp.int32(i), jnp.int32(j)]) for i, j in ((0, 0), (4, 4), (2, 1))]
    np.testing.assert_allclose(said, [[-1, 0], [1, 4], [0, 1]], atol=1e-6)


def test_the_population_vector_lies_between_the_preferred_values():
    code = actions.for_space(spaces.Tuple((spaces.Box(-1.0, 1.0, (1,)), spaces.Discrete(3)))).replace(neurons=3)
    said = code.of_activity([jnp.array([0.0, 1.0, 3.0]), jnp.array([0.0, 2.0, 5.0])])
    np.testing.assert_allclose(said, [0.75, 2])


def test_random_actions_are_uniform_over_the_range():
    code = actions.for_space(spaces.Box(-3.0, 5.0, (2,)))
    drawn = np.asarray(jax.vmap(code.sample)(jax.random.split(jax.random.key(1), 4000)))
    np.testing.assert_allclose(drawn.mean(0), 1.0, atol=5 * 8 / np.sqrt(12 * 4000))
    np.testing.assert_allclose(drawn.std(0), 8 / np.sqrt(12), rtol=0.05)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.1


def test_a_component_without_ends_is_refused():
    with pytest.raises(NeurorlError, match=r"action component 1 has the range \[0, inf\]"):
        actions.for_space(spaces.Box(np.array([0.0, 0.0]), np.array([1.0, np.inf])))


class Lock(gymnasium.Env):
    """One step that pays for each component of the action that is right; what is right, the observation says."""

    observation_space = spaces.MultiBinary(2)
    action_space = spaces.Tuple((spaces.Discrete(3, start=4), spaces.Box(-1.0, 1.0, ())))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.key = self.np_random.integers(0, 2, 2).astype(np.int8)
        return self.key, {}

    def step(self, action):
        digit, turn = action
        right = 4 + 2 * self.key[0], 2.0 * self.key[1] - 1.0
        return self.key, (1.0 if digit == right[0] else -1.0) + 1.0 - float(abs(turn - right[1])), True, False, {}


@pytest.mark.slow
def test_two_heads_learn_two_things_at_once(tmp_path):
    settings = {"gamma": 0.0, "actor.learning_rate": 2.0, "actions.neurons": 3}
    run = neurorl.train(
        Lock,
        "spiking-actor-critic",
        seeds=4,
        steps=4000,
        eval_every=4000,
        settings=settings,
        out=tmp_path / "run",
        max_episode_steps=5,
    )
    assert np.mean(run.summary["eval_return"]) > 1.8  # of 2


def test_one_head_acts_as_a_single_population_does():
    """The winner of one head is that of the population alone, from the same key."""
    agent = config.build("CartPole-v1", "spiking-actor-critic", {}, {}).agent
    from neurorl.neurons import escape_noise

    drive = jax.random.normal(jax.random.key(3), (8, 2))
    for i in range(10):
        key = jax.random.key(i)
        alone = escape_noise.first_spike(key, escape_noise.hazard(drive, agent.actor.hazard))
        choice = agent.readout.choose(key, drive)
        assert int(choice.action) == int(alone.winner)
        np.testing.assert_array_equal(choice.spikes, alone.spikes)
