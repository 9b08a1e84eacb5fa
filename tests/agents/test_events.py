"""Events reach the agent beside the reward that already contains them: nothing is counted twice, and a switch opens the gate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl import envs
from neurorl.agents.contract import restart
from neurorl.agents.spiking_actor_critic import SpikingActorCritic
from neurorl.loops.jax_loop import JaxLoop
from neurorl.neuromodulation.reward import EventCode, RewardEvents
from neurorl.runs import config


@pytest.fixture(scope="module")
def agent():
    task = envs.resolve("CartPole-v1")
    return SpikingActorCritic.for_spaces(task.observation_space, task.action_space, **task.ranges._asdict())


def events(*codes):
    """Return three slots, with a value in each that would be a large reward if anybody added it."""
    padded = [*codes, *[EventCode.NONE] * (3 - len(codes))]
    return RewardEvents(jnp.array(padded, jnp.int32), jnp.full(3, 100.0))


def learned(agent, events_of_a_step):
    """Return the learner after 40 steps in which the events of one step happen at every fifth."""
    state, learn = agent.init(jax.random.key(0)), jax.jit(agent.learn)
    timestep = restart(jnp.zeros(4), jax.tree.map(jnp.zeros_like, events_of_a_step))
    for i in range(40):
        state, _ = learn(state, timestep, jax.random.key(i))
        observation = 0.05 * jnp.sin(i + jnp.arange(4.0))
        now = jax.tree.map(lambda x, i=i: x * (i % 5 == 0), events_of_a_step)
        timestep = timestep._replace(
            observation=observation,
            final_observation=observation,
            reward=jnp.float32(i % 3),
            truncated=jnp.array(False),
            events=now,
        )
    return state


def modulated(agent, **modulators):
    return agent.replace(modulation=agent.modulation.replace(**modulators))


def test_events_add_nothing_to_the_reward(agent):
    without = learned(agent, ())
    told = learned(agent, events(EventCode.WORK, EventCode.FAULT, EventCode.REWARD))
    assert np.any(without.actor.weights)
    jax.tree.map(np.testing.assert_array_equal, without, told)


def test_a_switch_of_source_opens_the_gate_and_is_no_reward(agent):
    # A gate that would be all but closed, and no other learning between switches that would open it.
    shut = modulated(agent, acetylcholine=agent.modulation.acetylcholine.replace(start=0.0, rate=0.0))
    calm, switched = learned(shut, events()), learned(shut, events(EventCode.SWITCH))
    assert float(calm.modulators["acetylcholine"]) == 0.0
    assert float(switched.modulators["acetylcholine"]) == pytest.approx(shut.modulation.acetylcholine.switch)
    np.testing.assert_array_equal(
        calm.critic.weights, switched.critic.weights
    )  # the critic has no gate: its dopamine is the same
    assert np.abs(switched.actor.weights).sum() > 5 * np.abs(calm.actor.weights).sum() > 0


def test_a_task_without_events_carries_none():
    built = config.build("CartPole-v1", "spiking-actor-critic", {"seeds": 1}, {})
    loop = JaxLoop(built.task, built.agent, 0, 1, 0, 1)
    learners = loop.advance(loop.init(), 3)
    assert learners.world.timestep.events == ()


def test_the_boards_events_reach_the_agent():
    built = config.build("neurorl/FpgaTelemetry-v0", "random", {"seeds": 2}, {})
    loop = JaxLoop(built.task, built.agent, 0, 2, 0, 1)
    learners = loop.init()
    assert not np.any(learners.world.timestep.events.codes)
    switch = np.asarray(learners.world.state.part.switch_time)[:, 0]
    seen = {}
    for step in range(1, int(switch.max()) + 3):
        learners = loop.advance(learners, 1)
        for learner in np.flatnonzero((np.asarray(learners.world.timestep.events.codes) == EventCode.SWITCH).any(1)):
            seen.setdefault(int(learner), step)
    assert seen == {learner: int(when) + 1 for learner, when in enumerate(switch)}
