"""Time cells fire in sequence, keep events apart, and are silent without one."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.codes.time_cells import TimeCells

CODE = TimeCells(events=2, cells=12)


@pytest.mark.parametrize("width", [0.4, 1.0, 2.5])
def test_cell_i_fires_most_i_steps_after_its_event(width):
    code = CODE.replace(width=width)
    peaks = [int(np.argmax(code.rates(jnp.array([t, -1.0])))) for t in range(12)]
    assert peaks == list(range(12))


@given(a=st.integers(0, 11), b=st.integers(0, 11))
def test_a_compound_is_the_sum_of_its_events(a, b):
    alone = CODE.rates(jnp.array([a, -1.0])) + CODE.rates(jnp.array([-1.0, b]))
    np.testing.assert_array_equal(CODE.rates(jnp.array([a, b], float)), alone)


def test_there_is_silence_before_an_event_and_once_it_is_forgotten():
    assert not CODE.rates(jnp.array([-1.0, 12.0])).any()
    assert CODE.rates(jnp.array([0.0, 11.0])).reshape(2, 12).any(1).all()


def test_away_from_the_ends_the_rates_of_an_event_sum_to_one():
    for width in (0.5, 1.0, 1.5):
        np.testing.assert_allclose(CODE.replace(width=width).rates(jnp.array([6.0, -1.0])).sum(), 1.0, atol=0.015)
