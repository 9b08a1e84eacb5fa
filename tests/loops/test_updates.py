"""Agents that learn from batches: the loops call ``update`` on the right steps, with keys of their own."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import struct

from neurorl.agents.contract import Agent
from neurorl.loops.host_loop import HostLoop
from neurorl.loops.jax_loop import JaxLoop
from neurorl.parameters import parameter
from neurorl.runs import config

STEPS, LEARNERS = 45, 3


@struct.dataclass
class Diary(Agent):
    """Notes after which steps it was updated, and a random number of each update."""

    period: int | None = parameter(7, "environment steps between updates", static=True, optional=True)
    offset: float = parameter(1.0, "added to the random number")
    actions: int = parameter(2, "number of actions", static=True)

    @property
    def update_every(self):
        return self.period

    def init(self, key):
        return jnp.int32(0), jnp.zeros(STEPS + 1), jax.random.key_data(key)

    def learn(self, state, timestep, key):
        step, notes, _ = state
        return (step + 1, notes, jax.random.key_data(key)), jax.random.randint(key, (), 0, 2)

    def update(self, state, key):
        step, notes, last = state
        fresh = (jax.random.key_data(key) != last).any()  # not the key of the step before
        return step, notes.at[step].set(jnp.where(fresh, self.offset + jax.random.uniform(key), -1.0)), last

    def act(self, state, activity, observation, key):
        return activity, jnp.int32(0)


def notes(loop, period, chunks):
    built = config.build("CartPole-v1", Diary(period=period), {"loop": loop}, {})
    kind = JaxLoop if loop == "jax" else HostLoop
    running = kind(built.task, built.agent, 5, LEARNERS, 1, 2)
    learners = running.warm_up(running.init())
    for steps in chunks:
        learners = running.advance(learners, steps)
    assert int(learners.step) == STEPS
    return np.asarray(learners.agent[1])


@pytest.mark.parametrize("loop", ["jax", "host"])
def test_updates_come_every_so_many_steps_however_the_steps_are_cut(loop):
    whole = notes(loop, 7, [STEPS])
    for index in whole:
        assert np.flatnonzero(index).tolist() == [7, 14, 21, 28, 35, 42]
    assert (whole >= 0).all()
    assert len(np.unique(whole[:, 7::7])) == LEARNERS * 6  # every update of every learner has its own key
    np.testing.assert_array_equal(whole, notes(loop, 7, [5, 2, 8, 1, 29]))


def test_both_loops_update_alike_and_without_a_period_not_at_all():
    np.testing.assert_array_equal(notes("jax", 5, [STEPS]), notes("host", 5, [STEPS]))
    assert not notes("jax", None, [STEPS]).any()


def test_a_sweep_updates_every_learner_with_its_own_hyperparameters():
    class Rows(JaxLoop):
        axis = 0

    built = config.build("CartPole-v1", Diary(), {}, {})
    offsets = jnp.array([1.0, 2.0, 3.0])
    params = jax.tree.map(lambda x: jnp.broadcast_to(x, (LEARNERS, *jnp.shape(x))), built.task.env_params)
    rows = Rows(dataclasses.replace(built.task, env_params=params), Diary(offset=offsets), 5, LEARNERS, 1, 2)
    varied = np.asarray(rows.advance(rows.init(), STEPS).agent[1])[:, 7::7]
    np.testing.assert_allclose(varied - offsets[:, None], notes("jax", 7, [STEPS])[:, 7::7] - 1.0, atol=1e-6)
