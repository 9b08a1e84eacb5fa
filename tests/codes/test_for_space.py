"""Which code a space gets, and what holds of all of them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl import codes, packing
from neurorl.codes import Conjunctions, Joined, OneHot, Pixels, PlaceCells, SparseExpansion
from neurorl.errors import NeurorlError
from neurorl.parameters import from_dict, to_dict

SPACES = {
    "a state": (spaces.Discrete(5, start=2), OneHot),
    "a small box": (spaces.Box(-1.0, 2.0, (2, 2)), PlaceCells),
    "a small open box": (spaces.Box(np.array([-1.0, -np.inf]), np.array([1.0, 1e30]), dtype=np.float64), PlaceCells),
    "a large box": (spaces.Box(-np.inf, np.inf, (17,)), SparseExpansion),
    "an image": (spaces.Box(0, 1, (10, 10, 4)), Pixels),
    "a photograph": (spaces.Box(0, 255, (8, 9, 3), np.uint8), Pixels),
    "a matrix that is no image": (spaces.Box(-1.0, 1.0, (5, 5)), SparseExpansion),
    "a card game": (spaces.Tuple((spaces.Discrete(32), spaces.Discrete(11), spaces.Discrete(2))), Conjunctions),
    "few bits": (spaces.MultiBinary(9), Conjunctions),
    "many bits": (spaces.MultiBinary(60), Pixels),
    "choices": (spaces.MultiDiscrete([30, 40, 50, 5], start=[1, 0, 0, -3]), Conjunctions),
    "a state and a vector": (spaces.Dict(at=spaces.Discrete(3, start=1), v=spaces.Box(-1.0, 1.0, (2,))), Joined),
    "an image and a state": (spaces.Tuple((spaces.Box(0.0, 1.0, (5, 5)), spaces.Discrete(4))), Joined),
}


@pytest.fixture(params=SPACES)
def space(request):
    return SPACES[request.param][0]


@pytest.mark.parametrize("name", SPACES)
def test_spaces_get_their_code(name):
    space, expected = SPACES[name]
    assert isinstance(codes.for_space(space), expected)


def observations(space, n):
    space.seed(0)
    return jnp.stack([jnp.asarray(packing.pack(space, space.sample())) for _ in range(n)])


def test_the_rates_of_every_code_sum_to_its_groups_before_and_after_it_adapts(space):
    code = codes.for_space(space)
    seen = observations(space, 30)
    rates = jax.jit(code.rates)
    for state in (code.init(), jax.lax.scan(lambda s, o: (code.adapt(s, o), None), code.init(), seen)[0]):
        values = np.asarray(jax.vmap(rates, in_axes=(0, None))(seen, state))
        assert values.shape == (30, code.size)
        assert (values >= 0).all()
        np.testing.assert_allclose(values.sum(-1), code.groups, rtol=1e-4)


def test_active_neurons_and_their_rates_are_the_rates(space):
    code = codes.for_space(space)
    if not hasattr(code, "active"):
        pytest.skip(f"{type(code).__name__} is dense")
    state = code.init()
    for observation in observations(space, 5):
        index, rates = code.active(observation, state)
        dense = np.zeros(code.size)
        np.add.at(dense, np.asarray(index), np.asarray(rates))
        np.testing.assert_allclose(code.rates(observation, state), dense, rtol=1e-6)


def test_a_code_goes_through_json_and_back(space):
    code = codes.for_space(space)
    values = to_dict(code)
    assert from_dict(code, values) == code
    fresh = codes.for_space(space)
    assert from_dict(fresh, values) == code
    for part in getattr(code, "parts", ()):
        assert dataclasses.is_dataclass(part)


def test_another_kind_can_be_asked_for():
    box = spaces.Box(-1.0, 1.0, (3,))
    assert isinstance(codes.for_space(box, kind="sparse"), SparseExpansion)
    assert isinstance(codes.for_space(spaces.MultiBinary(3), kind="pixels"), Pixels)
    with pytest.raises(NeurorlError, match="does not encode observations of Box"):
        codes.for_space(box, kind="conjunctions")
    with pytest.raises(NeurorlError, match="did you mean 'sparse'"):
        codes.for_space(box, kind="sprase")


def test_given_ranges_go_before_those_of_the_space():
    code = codes.for_space(spaces.Box(-np.inf, np.inf, (2,)), low=(0.0, -1.0), high=(3.0, 1.0))
    assert (code.low, code.high, code.learned) == ((0.0, -1.0), (3.0, 1.0), ())


def test_parts_see_their_own_entries_only():
    space = spaces.Tuple((spaces.Box(0.0, 1.0, (5, 5)), spaces.Discrete(4)))
    code = codes.for_space(space)
    state = code.init()
    image = jnp.zeros(25).at[7].set(1.0)
    a, b = (np.asarray(code.rates(jnp.append(image, s), state)) for s in (1, 3))
    first = code.parts[0].size
    np.testing.assert_array_equal(a[:first], b[:first])
    np.testing.assert_array_equal(a[first:], np.eye(4)[1])
    np.testing.assert_array_equal(b[first:], np.eye(4)[3])


@pytest.mark.parametrize(
    ("space", "says"),
    [
        (spaces.Text(3), "observations of Text are not supported"),
        (spaces.Graph(spaces.Discrete(2), None), "observations of Graph are not supported"),
        (spaces.Discrete(10**8), "100,000,000 states would need a neuron for each"),
    ],
)
def test_what_has_no_code_is_refused(space, says):
    with pytest.raises(NeurorlError, match=says):
        codes.for_space(space)
