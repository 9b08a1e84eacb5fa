import jax.numpy as jnp
import numpy as np
from scipy import stats

from neurorl import counter_random
from neurorl.counter_normal import normal

DRAWS = np.asarray(normal(counter_random.streams(3, (2000,)), jnp.arange(500)[:, None]), np.float64)


def test_the_distribution_is_normal_to_the_resolution():
    values = DRAWS.ravel()
    error = 1 / len(values) ** 0.5
    assert abs(values.mean()) < 4 * error
    assert abs(values.var() - 1) < 4 * 2**0.5 * error
    assert abs(stats.skew(values)) < 4 * 6**0.5 * error
    assert abs(stats.kurtosis(values)) < 4 * 24**0.5 * error + 0.001
    assert abs((values**6).mean() - 15) < 0.5
    assert stats.kstest(values, "norm").statistic < 0.003
    assert np.abs(values).max() < 4.9


def test_the_test_of_the_distribution_tells_the_bare_sum_of_four_bytes():
    bare = np.random.default_rng(1).integers(0, 256, (10**6, 4)).sum(1) - 510
    assert abs(stats.kurtosis(bare)) > 0.2


def test_neighbours_in_time_and_stream_are_uncorrelated():
    for one, other in ((DRAWS[1:], DRAWS[:-1]), (DRAWS[:, 1:], DRAWS[:, :-1]), (DRAWS[1:, 1:], DRAWS[:-1, :-1])):
        assert abs((one * other).mean()) < 4 / one.size**0.5
        assert abs(((one**2 - 1) * (other**2 - 1)).mean()) < 4 * 2 / one.size**0.5
