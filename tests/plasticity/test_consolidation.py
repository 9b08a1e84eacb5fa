import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.plasticity import consolidation
from neurorl.plasticity.consolidation import Consolidation


def after(fast, parameters):
    slow = jnp.zeros(())
    for weight in fast:
        slow = consolidation.update(parameters, slow, jnp.float32(weight))
    return float(slow)


def test_it_forgets_a_weight_by_a_factor_of_e_in_a_window():
    assert after([1.0] + [0.0] * 50, Consolidation(window=50.0)) / after([1.0], Consolidation(window=50.0)) == pytest.approx(
        (1 - 1 / 50) ** 50
    )


def test_noise_around_a_weight_is_averaged_away():
    fast = 0.3 + np.random.default_rng(0).normal(size=2_000)
    assert after(fast, Consolidation(window=200.0)) == pytest.approx(0.3, abs=3 / np.sqrt(400))


def test_a_window_of_one_step_keeps_nothing_apart():
    assert after([0.2, -0.7], Consolidation(window=1.0)) == pytest.approx(-0.7)
