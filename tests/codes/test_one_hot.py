import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.codes import OneHot


@pytest.mark.parametrize("start", [0, 3, -2])
def test_the_neuron_of_the_present_state_alone_has_rate_one(start):
    code = OneHot(n=4, start=start)
    values = np.stack([code.rates(jnp.int32(start + state)) for state in range(4)])
    np.testing.assert_array_equal(values, np.eye(4))
    assert (code.size, code.groups) == (4, 1)


def test_a_state_may_come_in_an_array_of_one():
    np.testing.assert_array_equal(OneHot(n=3).rates(jnp.array([2])), [0, 0, 1])
