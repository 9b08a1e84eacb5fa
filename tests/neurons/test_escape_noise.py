import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurorl.neurons import escape_noise

SAMPLES = 20_000
DRAWS = st.floats(-20.0, 20.0, width=32)


def decide(hazards, inhibition=True):
    """Return SAMPLES independent decisions as NumPy arrays."""
    one = jax.jit(jax.vmap(lambda key: escape_noise.first_spike(key, hazards, inhibition)))
    return escape_noise.Decision(*map(np.asarray, one(jax.random.split(jax.random.key(1), SAMPLES))))


def close(observed, expected, sigmas=5.0):
    """Return whether observed frequencies are what probabilities predict, within sampling error."""
    expected = np.asarray(expected)
    return np.all(np.abs(observed - expected) <= sigmas * np.sqrt(expected * (1 - expected) / SAMPLES) + 1e-9)


def first_in_a_substep(p):
    """Return the probability that each neuron decides a substep: it fires, and wins among those that fire with it."""
    wins = np.zeros(len(p))
    for pattern in itertools.product((0, 1), repeat=len(p)):
        fired = np.array(pattern)
        if fired.any():
            wins += np.prod(np.where(fired, p, 1 - p)) * fired / fired.sum()
    return wins


@given(drive=arrays(np.float32, (3, 5), elements=DRAWS), rate=st.floats(0.0, 1.0))
def test_hazards_sum_to_the_rate_and_are_ordered_as_the_drives(drive, rate):
    hazard = np.asarray(escape_noise.hazard(jnp.asarray(drive), rate))
    np.testing.assert_allclose(hazard.sum(-1), rate, rtol=1e-5, atol=1e-9)
    assert (hazard >= 0).all()
    assert (np.diff(np.take_along_axis(hazard, drive.argsort(-1), -1)) >= 0).all()


@given(drive=arrays(np.float32, (3, 5), elements=DRAWS), shift=st.floats(-5.0, 5.0))
def test_hazards_depend_on_differences_of_drive_only(drive, shift):
    moved = escape_noise.hazard(jnp.asarray(drive) + shift, 0.5)
    np.testing.assert_allclose(moved, escape_noise.hazard(jnp.asarray(drive), 0.5), rtol=1e-4, atol=1e-7)


def test_winner_has_the_analytic_probability_of_the_first_spike():
    p, substeps = np.array([0.05, 0.15, 0.3]), 4
    decision = decide(jnp.tile(jnp.float32(p), (substeps, 1)))
    silent = np.prod(1 - p)
    wins = first_in_a_substep(p) * (1 - silent**substeps) / (1 - silent) + silent**substeps / 3
    assert wins.sum() == pytest.approx(1.0)
    assert close(np.bincount(decision.winner, minlength=3) / SAMPLES, wins)


def test_decision_falls_in_each_substep_with_its_analytic_probability():
    hazards = np.array([[0.0, 0.1], [0.4, 0.2], [0.0, 0.0], [0.3, 0.3]])
    decision = decide(jnp.float32(hazards))
    silent = np.prod(1 - hazards, axis=1)
    before = np.concatenate([[1.0], np.cumprod(silent)[:-1]])
    assert close(decision.active.mean(0), before)  # active as long as nobody fired before
    assert close(decision.spikes.sum(-1).mean(0), before * (1 - silent))


def test_first_spike_is_the_only_one_and_ends_the_activity():
    decision = decide(jnp.full((6, 3), 0.1))
    count = decision.spikes.sum((1, 2))
    assert set(count) == {0.0, 1.0}
    one = count == 1
    substep = decision.active.sum(-1).astype(int) - 1  # the last active one
    sample = np.flatnonzero(one)
    assert (decision.spikes[sample, substep[one], decision.winner[one]] == 1).all()
    assert (np.diff(decision.active, axis=-1) <= 0).all()  # a run of ones from the start
    assert (decision.active[~one] == 1).all()


def test_ties_are_broken_evenly_in_their_own_substep():
    hazards = jnp.zeros((3, 4)).at[1].set(jnp.array([1.0, 1.0, 0.0, 1.0]))
    decision = decide(hazards)
    assert close(np.bincount(decision.winner, minlength=4) / SAMPLES, np.array([1, 1, 0, 1]) / 3)
    assert (decision.spikes.sum((1, 2)) == 1).all()
    assert (decision.active == [1, 1, 0]).all()


@pytest.mark.parametrize("inhibition", [True, False])
def test_without_spikes_the_winner_is_random(inhibition):
    decision = decide(jnp.zeros((3, 4)), inhibition)
    assert close(np.bincount(decision.winner, minlength=4) / SAMPLES, np.full(4, 0.25))
    assert decision.spikes.sum() == 0
    assert (decision.active == 1).all()


def test_without_inhibition_spikes_are_independent_and_the_most_spikes_win():
    hazards = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3]])
    decision = decide(jnp.float32(hazards), inhibition=False)
    assert close(decision.spikes.mean(0), hazards)
    joint = np.einsum("bi,bj->ij", decision.spikes.reshape(SAMPLES, -1), decision.spikes.reshape(SAMPLES, -1)) / SAMPLES
    off_diagonal = ~np.eye(hazards.size, dtype=bool)
    assert close(joint[off_diagonal], np.outer(hazards, hazards)[off_diagonal])
    counts = decision.spikes.sum(1)
    assert (counts[np.arange(SAMPLES), decision.winner] == counts.max(-1)).all()
    assert (decision.active == 1).all()
    tied = (counts == 1).all(-1)
    share = np.bincount(decision.winner[tied], minlength=3) / tied.sum()
    np.testing.assert_allclose(share, 1 / 3, atol=5 * np.sqrt(2 / 9 / tied.sum()))


def test_a_race_is_won_by_share_and_ends_in_a_substep_by_the_rate():
    hazards = 0.6 * jax.nn.softmax(jnp.array([1.0, 0.0, -1.0]))[None].repeat(4, 0)
    made = jax.vmap(lambda k: escape_noise.race(k, hazards, 0.6))(jax.random.split(jax.random.key(0), 20_000))
    fired = np.asarray(made.spikes.sum((1, 2)))
    assert fired.mean() == pytest.approx(1.0 - 0.4**4, abs=0.01)
    assert np.asarray(made.spikes[:, 0].sum(-1)).mean() == pytest.approx(0.6, abs=0.015)
    won = np.bincount(np.asarray(made.winner)[fired > 0], minlength=3) / fired.sum()
    np.testing.assert_allclose(won, hazards[0] / 0.6, atol=0.015)
    np.testing.assert_array_equal(np.asarray(made.winner)[fired == 0], 0)  # the likeliest
    first = np.asarray(made.spikes[:, 0]).sum(-1) > 0  # when does not depend on who
    np.testing.assert_allclose(np.bincount(np.asarray(made.winner)[first], minlength=3) / first.sum(), won, atol=0.02)


def test_a_neuron_that_cannot_fire_never_wins_a_race_and_a_sure_race_ends_at_once():
    hazards = jnp.array([[0.0, 0.3, 0.7]])
    made = jax.vmap(lambda k: escape_noise.race(k, hazards, 1.0))(jax.random.split(jax.random.key(1), 2000))
    assert set(np.asarray(made.winner).tolist()) == {1, 2}
    assert float(made.spikes.sum()) == 2000.0
