"""What action neurons are besides their synapses, how they are read, and what their tags hold."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.agents.action_neurons import Intrinsic, Memory
from neurorl.agents.actions import Actions
from neurorl.agents.contract import restart
from neurorl.agents.readout import Actor, Readout
from neurorl.agents.spiking_actor_critic import SpikingActorCritic
from neurorl.codes import OneHot
from neurorl.errors import NeurorlError

FOUR = Actions(choices=(4,), high=(3.0,))
TWO_HEADS = Actions(choices=(21, 3), low=(0.0, 0.0), high=(20.0, 2.0), shape=(2,), population=(5, 3))
SUBSTEPS = 8


def choices(readout, drive, steps, memory=None):
    """Return the actions of many steps with the same drive [A], and who fired."""

    def step(memory, key):
        choice = readout.choose(key, jnp.broadcast_to(jnp.asarray(drive, jnp.float32), (SUBSTEPS, len(drive))), memory)
        return choice.neurons, choice

    keys = jax.random.split(jax.random.key(0), steps)
    return jax.lax.scan(step, readout.begin() if memory is None else memory, keys)[1]


def test_a_bias_makes_a_choice_rare():
    readout = Readout(FOUR, Actor(hazard=0.1, intrinsic=Intrinsic(bias=(3.0, 0.0, 0.0, 0.0))))
    shares = np.bincount(choices(readout, [0.0] * 4, 4000).action, minlength=4) / 4000
    fired = 1.0 - 0.9**SUBSTEPS  # else the choice is by chance
    expected = fired * np.exp(3.0) / (np.exp(3.0) + 3.0) + (1.0 - fired) / 4
    assert shares[0] == pytest.approx(expected, abs=0.03)


def test_a_refractory_neuron_waits_in_training_and_in_evaluations():
    readout = Readout(FOUR, Actor(race=True, intrinsic=Intrinsic(refractory=(0, 3, 0, 0))))
    actions = np.asarray(choices(readout, [0.0, 6.0, 0.0, 0.0], 400).action)
    acted = np.flatnonzero(actions == 1)
    assert np.diff(acted).min() == 4
    memory, greedy = readout.begin(), []
    for _ in range(9):
        memory, action = readout.act(jnp.array([0.0, 6.0, 2.0, 0.0]), memory)
        greedy.append(int(action))
    assert greedy == [1, 2, 2, 2, 1, 2, 2, 2, 1]


@pytest.mark.parametrize(("persistence", "repeats"), [((), 0.25), ((0.8,), 0.8 + 0.2 * 0.25)])
def test_noise_that_lasts_repeats_choices_and_prefers_none(persistence, repeats):
    actions = np.asarray(choices(Readout(FOUR, Actor(intrinsic=Intrinsic(persistence=persistence))), [0.0] * 4, 8000).action)
    assert np.mean(actions[1:] == actions[:-1]) == pytest.approx(repeats, abs=0.03)
    np.testing.assert_allclose(np.bincount(actions, minlength=4) / 8000, 0.25, atol=0.05)


@pytest.mark.parametrize("what", ["bias", "refractory", "persistence"])
def test_a_list_that_does_not_fit_the_heads_is_explained(what):
    with pytest.raises(NeurorlError, match=rf"'actor\.intrinsic\.{what}' has 2 numbers"):
        Readout(FOUR, Actor(intrinsic=Intrinsic(**{what: (1, 1)}))).begin()
    with pytest.raises(NeurorlError, match=r"'actor\.openness' has 2 numbers"):
        Readout(FOUR, Actor(openness=(0.1, 0.1))).begin()


def test_what_is_off_leaves_nothing_in_the_state():
    state = SpikingActorCritic(code=OneHot(n=3)).init(jax.random.key(0))
    assert state.neurons == Memory()
    assert jax.tree.leaves((state.neurons, state.age)) == []


def credit(race, drive, hazard, steps=4000):
    """Return the tags' postsynaptic part summed over the substeps, [steps, A]."""
    made = choices(Readout(FOUR, Actor(hazard=hazard, race=race)), drive, steps)
    return np.asarray((made.response.spikes - made.response.hazard).sum(1))


def test_the_deciding_spike_compared_with_its_share_is_the_score_function():
    drive = np.array([0.5, -0.5, 1.0, 0.0])
    tags = credit(True, drive, 0.3)
    made = np.asarray(choices(Readout(FOUR, Actor(hazard=0.3, race=True)), drive, 4000).spikes).sum(1)
    fired = made.sum(1) > 0
    assert 0.01 < np.mean(~fired) < 0.1  # 0.7^8
    np.testing.assert_allclose(tags[fired], made[fired] - np.exp(drive) / np.exp(drive).sum(), atol=1e-5)
    np.testing.assert_array_equal(tags[~fired], 0.0)
    np.testing.assert_allclose(tags[fired].mean(0), 0.0, atol=0.02)


def test_in_a_race_neurons_win_by_their_share_and_without_it_the_likely_win_ties():
    drive = np.array([2.0, 0.0, 0.0, 0.0])
    share = np.exp(2.0) / (np.exp(2.0) + 3.0)

    def won(race):
        return float((np.asarray(choices(Readout(FOUR, Actor(hazard=0.9, race=race)), drive, 20_000).action) == 0).mean())

    assert won(True) == pytest.approx(share, abs=0.01)
    assert won(False) > share + 0.03


def test_a_neuron_without_doubt_is_tagged_only_by_the_substeps_before():
    """Its tag is 0 by the deciding spike; with the hazards of the substeps before it is noise, by which its weights wander."""
    certain = [30.0, 0.0, 0.0, 0.0]
    assert np.abs(credit(True, certain, 0.5)).max() < 1e-6
    assert credit(False, certain, 0.5)[:, 0].std() > 0.3


def test_fewer_neurons_than_choices_stand_for_values_between():
    assert TWO_HEADS.heads == (5, 3)
    np.testing.assert_array_equal(TWO_HEADS.of_winners([jnp.int32(1), jnp.int32(2)]), [5, 2])
    half = jnp.array([0.0, 0.5, 0.5, 0.0, 0.0])
    np.testing.assert_array_equal(TWO_HEADS.of_activity([half, jnp.array([0.0, 1.0, 0.0])]), [8, 1])  # 7.5 is rounded to even
    assert TWO_HEADS.of_activity([half, half[:3]]).dtype == jnp.int32


@pytest.mark.parametrize("population", [(5,), (1, 3), (22, 3)])
def test_a_population_that_does_not_fit_is_explained(population):
    with pytest.raises(NeurorlError, match=r"'agent\.actions\.population'"):
        _ = TWO_HEADS.replace(population=population).heads


def test_a_sharpness_reads_the_population_and_the_largest_drive_of_choices():
    drive = jnp.array([0.0, 3.0, 3.0, 0.0, -1.0, 0.0, 1.0, 0.9])
    _, largest = Readout(TWO_HEADS, Actor()).act(drive)
    _, read = Readout(TWO_HEADS, Actor(sharpness=2.0)).act(drive)
    np.testing.assert_array_equal(largest, [5, 1])
    np.testing.assert_array_equal(read, [8, 1])


def test_a_head_that_would_collapse_stays_open_by_openness_alone():
    """Without any dopamine the drives of a choice that was certain come nearer to each other, and of one that is off stay."""

    def spread(openness):
        agent = SpikingActorCritic(code=OneHot(n=1), actions=FOUR, actor=Actor(openness=openness))
        state = agent.init(jax.random.key(0))
        state = state._replace(actor=state.actor._replace(weights=jnp.array([[3.0], [0.0], [0.0], [0.0]])))
        learn = jax.jit(agent.learn)
        for k in range(50):
            state, _ = learn(state, restart(jnp.int32(0)), jax.random.key(k))
        return float(state.actor.weights.max() - state.actor.weights.min())

    assert spread(()) == 3.0
    assert spread((0.05,)) < 1.0
