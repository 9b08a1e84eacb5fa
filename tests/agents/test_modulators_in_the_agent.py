"""The neuromodulators in the agent: norepinephrine without strength changes no bit, and with it each does what it is for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.agents.contract import Timestep, restart
from neurorl.agents.spiking_actor_critic import SpikingActorCritic
from neurorl.codes import OneHot
from neurorl.neuromodulation.acetylcholine import Acetylcholine
from neurorl.neuromodulation.cortisol import Cortisol
from neurorl.neuromodulation.neuromodulator import Neuromodulator
from neurorl.neuromodulation.norepinephrine import Norepinephrine
from neurorl.neuromodulation.serotonin import Serotonin

AGENT = SpikingActorCritic(code=OneHot(n=3))
STEPS = 400


def modulated(agent, **modulators):
    return agent.replace(modulation=agent.modulation.replace(**modulators))


class Histamine(Neuromodulator):
    """A modulator of a user's own: wakefulness that every reward raises, and that closes the gate while it is low."""

    def init(self, levels):
        return jnp.float32(0.0)

    def after(self, level, felt, outcome):
        return 0.9 * level + outcome.timestep.reward

    def gate(self, level, felt, gate):
        return gate * (level > 0.5)


def test_a_modulator_from_outside_takes_part_by_its_name():
    sleepy = modulated(AGENT, others=(f"{__name__}:Histamine",))
    for reward, asleep in ((0.01, True), (5.0, False)):
        state, _ = live(sleepy, np.full(40, reward))
        assert (np.abs(state.actor.weights[-1]).max() == 0.0) == asleep
        assert np.abs(state.critic.weights[-1]).max() > 0.0
        assert float(state.modulators[f"{__name__}:Histamine"][-1]) == pytest.approx(reward * 10, rel=0.05)


def live(agent, rewards):
    """Return the state and the dopamine of every step of a walk through three observations."""

    def step(carry, inputs):
        state, timestep = carry
        index, reward = inputs
        state, _, activity = agent.record(state, timestep, jax.random.fold_in(jax.random.key(1), index))
        observation = index % 3
        after = Timestep(observation, reward, jnp.array(False), jnp.array(False), observation)
        return (state, after), (state, activity.signals["dopamine"])

    start = agent.init(jax.random.key(0)), restart(jnp.int32(0))
    inputs = jnp.arange(len(rewards)), jnp.asarray(rewards, jnp.float32)
    return jax.jit(lambda start, inputs: jax.lax.scan(step, start, inputs)[1])(start, inputs)


REWARDS = np.random.default_rng(0).uniform(0.0, 20.0, STEPS)


def test_without_strength_norepinephrine_changes_no_bit():
    idle = modulated(AGENT, norepinephrine=Norepinephrine(enabled=True, learning=0.0, exploration=0.0))
    plain, released = live(AGENT, REWARDS)
    same, again = live(idle, REWARDS)
    np.testing.assert_array_equal(released, again)
    for field in ("actor", "critic", "threshold", "potential"):
        jax.tree.map(np.testing.assert_array_equal, getattr(plain, field), getattr(same, field))
    assert np.abs(plain.actor.weights[-1]).max() > 0


def test_norepinephrine_opens_the_gate_that_acetylcholine_has_closed():
    calm = modulated(AGENT, acetylcholine=Acetylcholine(start=1e-3))
    aroused = modulated(calm, norepinephrine=Norepinephrine(enabled=True, exploration=0.0))
    rewards = np.zeros(120)
    rewards[100:] = 20.0  # nothing was to be expected
    without, with_it = (np.abs(live(agent, rewards)[0].actor.weights).sum((1, 2)) for agent in (calm, aroused))
    np.testing.assert_array_equal(without[:101], with_it[:101])
    assert with_it[110] > 3.0 * without[110] > 0.0


def test_the_level_of_serotonin_follows_the_value():
    state, _ = live(modulated(AGENT, serotonin=Serotonin(enabled=True, rate=0.05)), np.full(STEPS, 0.5))
    level, value = np.asarray(state.modulators["serotonin"]), np.asarray(state.value)
    assert 0.0 < level[-1] < 1.0
    assert abs(level[-1] - value[-100:].mean()) < 0.1


STRESSED = Cortisol(enabled=True, readings=(0,), onset=(0.0,), limit=(2.0,), caution=0.0)  # the last of three observations


def test_without_strength_cortisol_changes_no_bit():
    plain, released = live(AGENT, REWARDS)
    same, again = live(modulated(AGENT, cortisol=STRESSED), REWARDS)
    np.testing.assert_array_equal(released, again)
    for field in ("actor", "critic", "threshold", "potential"):
        jax.tree.map(np.testing.assert_array_equal, getattr(plain, field), getattr(same, field))
    np.testing.assert_allclose(same.modulators["cortisol"][1:4], [0.0, 0.5, 1.0])
    np.testing.assert_allclose(same.modulators["cortisol"][4], 0.9, err_msg="it recedes")


def test_cortisol_makes_a_loss_count_more_and_a_gain_as_much():
    cautious = modulated(AGENT, cortisol=STRESSED.replace(caution=1.0))
    for reward, factor in ((-1.0, 2.0), (1.0, 1.0)):
        rewards = np.zeros(4)
        rewards[2] = reward  # at full stress, and before anything was learned
        plain, felt = (live(agent, rewards)[1][-1] for agent in (AGENT, cautious))
        assert felt == factor * plain != 0.0


def test_habit_sharpens_the_choice_under_stress():
    """The hazard of a neuron that the drive favours grows with stress, and with nothing learned there is nothing to sharpen."""
    habitual = modulated(AGENT, cortisol=STRESSED.replace(habit=3.0))
    timestep = Timestep(jnp.int32(2), jnp.float32(0.0), jnp.array(False), jnp.array(False), jnp.int32(2))

    def share(agent):
        keys = jax.random.split(jax.random.key(1), 2000)
        state = agent.init(jax.random.key(0))._replace(threshold=jnp.array([-0.5, 0.5]))  # the first action is favoured
        return float((jax.vmap(lambda key: agent.learn(state, timestep, key)[1])(keys) == 0).mean())

    assert 0.6 < share(AGENT) < share(habitual) - 0.1


def test_cortisol_ends_with_the_episode_and_its_last_loss_is_felt_at_its_stress():
    agent, calm = modulated(AGENT, cortisol=STRESSED.replace(caution=1.0)), AGENT
    for ended in ({"terminated": True, "truncated": False}, {"terminated": False, "truncated": True}):
        flags = {name: jnp.array(flag) for name, flag in ended.items()}
        last = Timestep(observation=jnp.int32(0), reward=jnp.float32(-1.0), final_observation=jnp.int32(2), **flags)
        (state, _, felt), (_, _, plain) = (
            each.record(each.init(jax.random.key(0)), last, jax.random.key(1)) for each in (agent, calm)
        )
        assert state.modulators["cortisol"] == 0.0, "the next episode begins without it"
        assert felt.signals["dopamine"] == 2.0 * plain.signals["dopamine"]
        assert (plain.signals["dopamine"] != 0.0) == ended["terminated"], "a truncated transition teaches nothing"
    going = last._replace(truncated=jnp.array(False), observation=jnp.int32(2))
    assert agent.learn(agent.init(jax.random.key(0)), going, jax.random.key(1))[0].modulators["cortisol"] == 1.0
