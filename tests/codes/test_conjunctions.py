import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.codes import conjunctions
from neurorl.codes.conjunctions import Conjunctions

rates = jax.jit(lambda code, observation: code.rates(observation))


def test_a_joint_map_gives_every_combination_a_neuron_of_its_own():
    code = conjunctions.of_parts((3, 4, 2), (0, 5, -1))
    assert (code.size, code.groups) == (24, 1)
    everything = itertools.product(range(3), range(5, 9), range(-1, 1))
    rows = np.stack([np.asarray(rates(code, jnp.array(o))) for o in everything])
    np.testing.assert_array_equal(rows, np.eye(24))


def test_blackjack_is_one_joint_map():
    code = conjunctions.of_parts((32, 11, 2), (0, 0, 0))
    assert (code.size, code.groups) == (704, 1)


@given(a=st.tuples(*[st.integers(0, 29)] * 4), b=st.tuples(*[st.integers(0, 29)] * 4))
def test_pairs_share_as_many_neurons_as_the_parts_they_agree_in(a, b):
    code = conjunctions.of_parts((30,) * 4, (0,) * 4)
    assert code.groups == 4 + 6
    same = sum(x == y for x, y in zip(a, b, strict=True))
    shared = float(rates(code, jnp.array(a)) @ rates(code, jnp.array(b)))
    assert shared == same + same * (same - 1) // 2


@pytest.mark.parametrize(
    ("states", "maps"),
    [
        ((5000,), ((0,),)),
        ((100, 100), ((0,), (1,))),
        ((4000, 2, 2), ((0,), (1,), (2,), (1, 2))),
        ((60,) * 20, tuple((i,) for i in range(20))),
    ],
)
def test_what_is_too_large_to_be_joined_stays_apart(states, maps):
    assert conjunctions.of_parts(states, (0,) * len(states)).maps == maps


def test_a_state_outside_of_its_part_is_taken_at_the_edge():
    code = Conjunctions(states=(3,), start=(1,), maps=((0,),))
    np.testing.assert_array_equal(code.rates(jnp.array([9])), [0, 0, 1])
    np.testing.assert_array_equal(code.rates(jnp.array([0])), [1, 0, 0])
