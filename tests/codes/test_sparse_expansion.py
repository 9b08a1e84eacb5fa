import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.codes import Receptors, SparseExpansion, sparse_expansion
from neurorl.codes.sparse import similarity

D = 20
CODE = SparseExpansion(receptors=Receptors((-1.0,) * D, (1.0,) * D, (0,) * D))
rates = jax.jit(lambda observation: CODE.rates(observation))


@given(seed=st.integers(0, 999))
def test_a_few_neurons_of_every_population_win_and_share_its_rate(seed):
    values = np.asarray(rates(jax.random.uniform(jax.random.key(seed), (D,), minval=-2, maxval=2)))
    populations = values.reshape(CODE.maps, CODE.cells)
    assert ((populations > 0).sum(1) <= CODE.winners).all()
    np.testing.assert_allclose(populations.sum(1), 1.0, rtol=1e-5)
    index, active = CODE.active(jax.random.uniform(jax.random.key(seed), (D,)))
    assert len(np.unique(index)) == CODE.maps * CODE.winners
    assert active.shape == index.shape


def test_neighbours_overlap_and_strangers_do_not():
    """The further apart two observations, the less alike their codes, down to what chance has it."""
    key = jax.random.key(0)
    here = jax.random.uniform(key, (200, D), minval=-1, maxval=1)
    step = jax.random.normal(jax.random.key(1), (200, D))
    step /= jnp.linalg.norm(step, axis=1, keepdims=True)
    many = jax.vmap(rates)
    alike = [float(similarity(many(here), many(jnp.clip(here + r * step, -1, 1))).mean()) for r in (0.0, 0.05, 0.2, 0.8, 3.0)]
    strangers = float(similarity(many(here), many(jnp.roll(here, 1, axis=0))).mean())
    assert alike[0] == pytest.approx(1.0)
    assert (np.diff(alike) < -0.005).all()
    assert alike[1] > 0.9
    assert strangers < 0.15


def test_the_nearest_neuron_of_a_population_fires_most():
    sees, prefers, _ = sparse_expansion.wiring(CODE.receptors.states, CODE.maps, CODE.cells, CODE.fan_in, CODE.seed)
    for population in (0, 17, 63):
        for neuron in (0, 5, 40):
            observation = np.zeros(D, np.float32)
            observation[sees[population]] = 2.0 * prefers[population, neuron] - 1.0
            values = np.asarray(rates(jnp.asarray(observation))).reshape(CODE.maps, CODE.cells)
            assert values[population].argmax() == neuron


def test_every_entry_is_seen_as_often_and_none_twice():
    sees, prefers, is_state = sparse_expansion.wiring((0, 0, 3, 0, 0), maps=50, cells=16, fan_in=3, seed=1)
    counts = np.bincount(sees.ravel(), minlength=5)
    assert counts.max() - counts.min() <= 1
    assert (np.diff(np.sort(sees, axis=1), axis=1) > 0).all()
    np.testing.assert_array_equal(is_state, sees == 2)
    assert set(np.unique(prefers[np.broadcast_to(is_state[:, None], prefers.shape)])) == {0.0, 0.5, 1.0}
    again = sparse_expansion.wiring.__wrapped__((0, 0, 3, 0, 0), maps=50, cells=16, fan_in=3, seed=1)
    np.testing.assert_array_equal(prefers, again[1])
    assert (prefers != sparse_expansion.wiring((0, 0, 3, 0, 0), maps=50, cells=16, fan_in=3, seed=2)[1]).any()


def test_another_state_of_a_discrete_entry_moves_the_winners_however_near_its_number():
    receptors = Receptors((0.0, 0.0), (1.0, 99.0), (0, 100))
    code = SparseExpansion(receptors=receptors, maps=8, cells=400, winners=4)
    a, b, c = (np.asarray(code.rates(jnp.array([0.5, s]))) for s in (7.0, 8.0, 90.0))
    overlap_near, overlap_far = float(similarity(a, b)), float(similarity(a, c))
    assert abs(overlap_near - overlap_far) < 0.35
    assert max(overlap_near, overlap_far) < 0.6
