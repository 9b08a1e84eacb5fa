import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.codes import Pixels, Receptors
from neurorl.codes.sparse import similarity

N = 60
CODE = Pixels(receptors=Receptors((0.0,) * N, (1.0,) * N, (0,) * N))
rates = jax.jit(lambda image, state: CODE.rates(image, state))
adapt = jax.jit(lambda state, image: CODE.adapt(state, image))


def image(*lit):
    return jnp.zeros(N).at[jnp.array(lit, int)].set(1.0)


def firing(pixels, state=None):
    """Return the pixels whose ON cell fires and those whose OFF cell does."""
    values = np.asarray(rates(pixels, CODE.init() if state is None else state))
    return set(np.flatnonzero(values[:N])), set(np.flatnonzero(values[N : 2 * N]))


@given(lit=st.sets(st.integers(0, N - 1), max_size=20))
def test_at_most_k_pixels_fire_and_the_rates_sum_to_the_groups(lit):
    values = np.asarray(rates(image(*lit), CODE.init()))
    np.testing.assert_allclose(values.sum(), CODE.groups, rtol=1e-5)
    assert (values[: 2 * N] > 0).sum() == min(len(lit), CODE.winners)


def test_an_image_without_anything_unexpected_has_a_neuron_of_its_own():
    values = np.asarray(rates(image(), CODE.init()))
    assert values.argmax() == CODE.size - 1
    assert (values[:-1] == 0).all()


def test_what_is_always_lit_falls_silent_and_fires_an_off_cell_when_it_is_gone():
    state = CODE.init()
    assert firing(image(3, 4)) == ({3, 4}, set())
    for _ in range(10):
        state = adapt(state, image(3))
    assert firing(image(3, 4), state) == ({4}, set())
    assert firing(image(4), state) == ({4}, {3})


def test_what_is_rare_wins_over_what_is_common():
    state = CODE.init()
    wall = list(range(30))
    for t in range(60):  # the wall is lit two times of five: each of its pixels is unexpected, but less so than the ball
        state = adapt(state, image(*(wall if t % 5 < 2 else [])))
    on, off = firing(image(*wall, 50), state)
    assert 50 in on
    assert len(on) == CODE.winners
    assert not off


def test_images_overlap_by_what_they_share():
    state = CODE.init()
    code = [rates(image(*lit), state) for lit in ((1, 2, 3), (1, 2, 4), (1, 5, 6), (7, 8, 9))]
    alike = [float(similarity(code[0], other)) for other in code]
    np.testing.assert_allclose(alike, [1, 3 / 6, 1 / 6, 0], atol=1e-6)  # of 3 pixels and 3 pairs


@pytest.mark.slow
def test_every_pair_has_its_neuron_and_pairs_are_spread_evenly():
    state = CODE.init()
    pairs = [(i, j) for i in range(N) for j in range(i)]
    lit = jnp.stack([image(*pair) for pair in pairs])
    hit = np.asarray(jax.lax.map(lambda image: rates(image, state), lit))[:, 2 * N : -1]  # compiles faster than a batch
    assert ((hit > 0).sum(1) == 1).all()
    load = (hit > 0).sum(0)
    expected = len(pairs) / CODE.conjunctions
    assert load.max() <= 6
    assert abs((load == 0).mean() - np.exp(-expected)) < 0.03  # as if drawn at random


def test_grey_levels_and_larger_numbers_are_taken_in_their_range():
    code = Pixels(receptors=Receptors((0.0,) * 4, (255.0,) * 4, (0,) * 4))
    values = np.asarray(code.rates(jnp.array([200, 100, 0, 255], jnp.uint8), code.init()))
    assert set(np.flatnonzero(values[:4])) == {0, 3}
