import numpy as np
import pytest

from neurorl.results import statistics
from neurorl.results.text import number, with_interval


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (499.666, "499.7"),
        (23.04, "23.0"),
        (-1.234, "-1.23"),
        (0.9312, "0.931"),
        (0.012, "0.0120"),
        (0.0, "0.0"),
        (1e-9, "0.0000"),
    ],
)
def test_returns_have_the_decimals_that_their_size_needs(value, text):
    assert number(value) == text


def test_an_interval_has_the_decimals_of_its_largest_end():
    assert with_interval(0.93, 0.9, 0.96) == "0.930 [0.900, 0.960]"
    assert with_interval(9.5, 8.0, 11.0) == "9.5 [8.0, 11.0]"
    assert with_interval(0.5, None, None) == "0.500"
    assert with_interval(0.5, 0.25, 0.75, digits=2) == "0.50 [0.25, 0.75]"
    assert with_interval(None, None, None) == with_interval(np.nan, np.nan, np.nan) == "none"


def test_the_median_counts_seeds_that_never_solved_it_as_later_than_any():
    assert statistics.median_steps([4000, 5000, None]) == 5000
    assert statistics.median_steps([4000, 5000]) == 4500
    assert statistics.median_steps([4000, None]) is None
    assert statistics.median_steps([4000, None, None]) is None
    assert statistics.median_steps([]) is None
