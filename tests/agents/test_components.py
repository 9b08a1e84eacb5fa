import itertools

import jax
import numpy as np
import pytest

from neurorl.agents import components
from neurorl.agents.actions import Actions
from neurorl.agents.readout import Actor
from neurorl.agents.spiking_actor_critic import Activity, SpikingActorCritic
from neurorl.codes import PlaceCells
from neurorl.errors import NeurorlError


def test_every_combination_belongs_to_one_population_of_each_component():
    belongs = components.membership((3, 2), 8)
    assert belongs.shape == (8, 3 + 2 + 2)
    for action, (a, b) in enumerate(itertools.product(range(3), range(2))):
        assert np.flatnonzero(belongs[action]).tolist() == [a, 3 + b]
    assert np.flatnonzero(belongs[6]).tolist() == [5]
    assert np.flatnonzero(belongs[7]).tolist() == [6]


def test_the_softmax_of_joint_actions_is_the_product_of_those_of_the_components():
    drive = np.array([0.3, -1.0, 2.0, 0.5, -0.2])
    joint = jax.nn.softmax(components.membership((3, 2), 6) @ drive).reshape(3, 2)
    np.testing.assert_allclose(joint, np.outer(jax.nn.softmax(drive[:3]), jax.nn.softmax(drive[3:])), rtol=1e-5)


def test_without_components_nothing_is_shared():
    np.testing.assert_array_equal(components.membership((), 4), np.eye(4))


@pytest.mark.parametrize("sizes", [(3, 3), (2, 0)])
def test_components_that_do_not_fit_are_refused(sizes):
    with pytest.raises(NeurorlError, match=r"'agent\.actor\.components'"):
        components.membership(sizes, 8)


def test_an_agent_with_components_learns_in_fewer_synapses_and_acts_jointly():
    ten = Actions(choices=(10,), low=(0.0,), high=(9.0,))
    agent = SpikingActorCritic(code=PlaceCells(low=(0.0, 0.0), high=(1.0, 1.0)), actor=Actor(components=(3, 3)), actions=ten)
    state = agent.init(jax.random.key(0))
    assert state.actor.weights.shape == (7, 64)
    weights = np.zeros((7, 64), np.float32)
    weights[[2, 3]] = 5.0  # the third of the first component, the first of the second
    state = state._replace(actor=state.actor._replace(slow=weights))
    _, action = agent.act(state, Activity(state.sensory), np.ones(2), jax.random.key(0))
    assert int(action) == 3 * 2 + 0
