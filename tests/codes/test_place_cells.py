import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.codes import PlaceCells
from neurorl.errors import NeurorlError

CELLS = 6
LOW, HIGH = (-2.0, 0.0, 5.0), (2.0, 1.0, 5.5)
BOX = PlaceCells(low=LOW, high=HIGH, cells=CELLS)
ANGLE = PlaceCells(low=(-1.0, -1.0, 0.0), high=(1.0, 1.0, 1.0), angles=((0, 1),), cells=CELLS)
rates = jax.jit(lambda code, observation: code.rates(observation))


def at(angle, other=0.4):
    return jnp.array([np.cos(angle), np.sin(angle), other])


@given(
    observation=st.tuples(*[st.floats(-100.0, 100.0)] * 3),
    width=st.floats(0.05, 10.0),
    code=st.sampled_from([BOX, ANGLE]),
)
def test_every_map_sums_to_one(observation, width, code):
    code = code.replace(width=width)
    values = np.asarray(rates(code, jnp.array(observation)))
    assert (values >= 0).all()
    np.testing.assert_allclose(values.reshape(code.groups, -1).sum(-1), 1.0, atol=1e-4)


@pytest.mark.parametrize("width", [0.3, 0.7, 2.0])
def test_the_cell_whose_place_it_is_fires_most(width):
    code = PlaceCells(low=(-2.0, 0.0), high=(2.0, 10.0), cells=CELLS, width=width)
    centre = (np.arange(CELLS) + 0.5) / CELLS
    places = np.array([[-2 + 4 * x, 10 * y] for x in centre for y in centre])
    values = np.asarray(jax.vmap(code.rates)(jnp.array(places)))  # [place, cell]
    np.testing.assert_array_equal(values.argmax(-1), np.arange(CELLS**2))


def test_maps_are_the_products_of_pairs_of_tuning_curves():
    observation = jnp.array([0.3, 0.8, 5.1])
    single = [
        np.asarray(PlaceCells(low=(lo,), high=(hi,), cells=CELLS).rates(o))
        for lo, hi, o in zip(LOW, HIGH, observation, strict=True)
    ]
    expected = [np.outer(single[i], single[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(rates(BOX, observation), np.ravel(expected), rtol=1e-5)


def test_values_outside_the_range_are_taken_at_its_edge():
    np.testing.assert_array_equal(rates(BOX, jnp.array([-9.0, 7.0, 5.2])), rates(BOX, jnp.array([-2.0, 1.0, 5.2])))
    assert not np.allclose(rates(BOX, jnp.array([-1.0, 0.5, 5.2])), rates(BOX, jnp.array([-2.0, 1.0, 5.2])))


@given(angle=st.floats(-np.pi, np.pi))
def test_an_angle_has_no_seam(angle):
    """Turning by one cell spacing moves the activity by one cell, wherever the turn begins."""
    here = np.asarray(rates(ANGLE, at(angle))).reshape(CELLS, CELLS)
    turned = np.asarray(rates(ANGLE, at(angle + 2 * np.pi / CELLS))).reshape(CELLS, CELLS)
    np.testing.assert_allclose(turned, np.roll(here, 1, axis=0), atol=1e-5)


def test_an_angle_wraps_smoothly():
    np.testing.assert_allclose(rates(ANGLE, at(np.pi - 1e-4)), rates(ANGLE, at(-np.pi + 1e-4)), atol=1e-3)
    np.testing.assert_allclose(rates(ANGLE, at(-1e-4)), rates(ANGLE, at(1e-4)), atol=1e-3)
    np.testing.assert_allclose(rates(ANGLE, 3.0 * at(1.0) * jnp.array([1, 1, 1 / 3])), rates(ANGLE, at(1.0)), atol=1e-6)


def test_angles_may_stand_anywhere_in_the_observation():
    last = PlaceCells(low=(0.0, -1.0, -1.0), high=(1.0, 1.0, 1.0), angles=((1, 2),), cells=CELLS)
    observation = at(2.0)
    np.testing.assert_array_equal(rates(last, jnp.roll(observation, 1)), rates(ANGLE, observation))


@pytest.mark.parametrize(("dimensions", "groups", "axes"), [(1, 1, 1), (2, 1, 2), (8, 28, 2), (9, 9, 1)])
def test_pairs_have_a_map_up_to_eight_dimensions_and_single_ones_above(dimensions, groups, axes):
    code = PlaceCells(low=(0.0,) * dimensions, high=(1.0,) * dimensions, cells=3)
    assert code.groups == groups
    assert code.size == groups * 3**axes
    values = code.rates(jnp.linspace(0, 1, dimensions))
    assert values.shape == (code.size,)
    np.testing.assert_allclose(values.reshape(groups, -1).sum(-1), 1.0, atol=1e-4)


def test_the_shape_of_an_observation_does_not_matter():
    code = PlaceCells(low=(0.0,) * 4, high=(1.0,) * 4, cells=3)
    observation = jnp.array([[0.1, 0.9], [0.4, 0.6]])
    np.testing.assert_array_equal(code.rates(observation), code.rates(observation.ravel()))


def test_a_few_chosen_pairs_can_have_the_maps():
    code = PlaceCells(low=(0.0,) * 12, high=(1.0,) * 12, cells=3, pairs=((2, 5), (11, 0)))
    assert (code.groups, code.size) == (2, 18)
    observation = jnp.linspace(0.0, 1.0, 12)
    for pair, rates in zip(code.pairs, code.rates(observation).reshape(2, 9), strict=True):
        alone = PlaceCells(low=(0.0,) * 2, high=(1.0,) * 2, cells=3)
        np.testing.assert_allclose(rates, alone.rates(observation[np.array(pair)]), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("pairs", [((0, 12),), ((-1, 0),), ((0, 1, 2),)])
def test_pairs_of_features_that_are_not_there_are_refused(pairs):
    with pytest.raises(NeurorlError, match=r"'code\.pairs'"):
        assert PlaceCells(low=(0.0,) * 12, high=(1.0,) * 12, pairs=pairs).size
