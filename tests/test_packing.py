import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, create_empty_array, iterate

from neurorl import packing
from neurorl.errors import NeurorlError

PARTS = spaces.Tuple(
    (
        spaces.Discrete(5, start=3),
        spaces.Dict({"zebra": spaces.MultiBinary((2, 2)), "apple": spaces.Box(-1, 1, (3,), np.float64)}),
        spaces.MultiDiscrete([4, 6], start=[2, -2]),
        spaces.Box(0, 200, (), np.uint8),
    )
)


def test_parts_are_packed_in_the_order_of_the_space():
    value = (
        np.int64(4),
        {"apple": np.array([0.25, -0.5, 1.0]), "zebra": np.array([[1, 0], [0, 1]], np.int8)},
        np.array([5, 3]),
        np.uint8(200),
    )
    expected = np.float32([4, 0.25, -0.5, 1.0, 1, 0, 0, 1, 5, 3, 200])
    packed = packing.pack(PARTS, value)
    np.testing.assert_array_equal(packed, expected)
    assert packed.dtype == np.float32
    assert isinstance(packed, np.ndarray)
    assert packing.shape_and_dtype(PARTS) == ((11,), np.float32)
    traced = jax.jit(lambda v: packing.pack(PARTS, v))(jax.tree.map(jnp.asarray, value))
    np.testing.assert_array_equal(traced, expected)


def counted_from_zero(space, value):
    """Return an action as agents make it: without the starts."""
    if isinstance(space, spaces.Dict):
        return {name: counted_from_zero(part, value[name]) for name, part in space.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(counted_from_zero(part, item) for part, item in zip(space, value, strict=True))
    return value - getattr(space, "start", 0)


def test_unpacking_gives_actions_of_the_space_one_by_one_and_in_a_batch():
    PARTS.seed(0)
    values = [PARTS.sample() for _ in range(6)]
    rows = np.stack([packing.pack(PARTS, counted_from_zero(PARTS, value)) for value in values])
    for row, value in zip(rows, values, strict=True):
        again = packing.unpack(PARTS, row)
        assert PARTS.contains(again)
        np.testing.assert_allclose(packing.pack(PARTS, again), packing.pack(PARTS, value), rtol=1e-6)
    batch = packing.unpack(PARTS, rows, (6,))
    for index, value in enumerate(values):
        np.testing.assert_allclose(packing.pack(PARTS, packing.item(batch, index)), packing.pack(PARTS, value), rtol=1e-6)
    for single, value in zip(iterate(batch_space(PARTS, 6), batch), values, strict=True):  # what a vector environment does
        assert PARTS.contains(single)
        np.testing.assert_allclose(packing.pack(PARTS, single), packing.pack(PARTS, value), rtol=1e-6)


def test_a_batch_of_observations_is_packed_one_by_one():
    batch = create_empty_array(PARTS, 3)
    assert packing.pack(PARTS, batch, (3,)).shape == (3, 11)


@pytest.mark.parametrize(
    "space", [spaces.Discrete(3), spaces.Box(-1, 1, (2, 2)), spaces.MultiBinary(4), spaces.MultiDiscrete([2, 2])]
)
def test_other_spaces_are_left_as_they_are(space):
    value = space.sample()
    assert packing.pack(space, value) is value
    assert packing.shape_and_dtype(space) == (space.shape, space.dtype)


def test_whole_numbers_are_rounded_not_cut():
    space = spaces.Box(0, 100, (2,), np.int32)
    np.testing.assert_array_equal(packing.unpack(space, np.float32([2.6, 99.9])), [3, 100])
    np.testing.assert_array_equal(packing.unpack(space, jnp.float32([2.6, 99.9])), [3, 100])


def test_values_that_are_no_fixed_number_of_numbers_are_refused():
    with pytest.raises(NeurorlError, match="observations of Text are not supported"):
        packing.leaves(spaces.Dict(a=spaces.Text(3)))
