import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.neuromodulation.adaptation import Adaptation
from neurorl.neuromodulation.modulation import Modulation
from neurorl.neuromodulation.neuromodulator import Outcome
from neurorl.timestep import restart

ERRORS = np.random.default_rng(0).normal(size=400).astype("f4")


def taught(errors, truncated=()):
    """Return what the actor learns from of each error."""
    adaptation, timestep = Adaptation(enabled=True, rate=0.01), restart(jnp.zeros(1))
    level, signals = adaptation.init({}), []
    for i, error in enumerate(errors):
        step = timestep._replace(truncated=jnp.array(i in truncated), terminated=jnp.array(False))
        level = adaptation.after(level, level, Outcome(jnp.float32(error), jnp.float32(0.0), step))
        signals.append(float(adaptation.gate(level, level, 1.0)) * error)
    return np.array(signals), level


def test_what_is_taught_has_one_size_whatever_the_errors_have():
    small, _ = taught(1e-3 * ERRORS)
    large, _ = taught(50.0 * ERRORS)
    np.testing.assert_allclose(small, large, rtol=1e-3)
    assert np.sqrt(np.mean(large[100:] ** 2)) == pytest.approx(1.0, abs=0.1)


def test_it_follows_errors_that_become_smaller():
    signals, _ = taught(np.concatenate([10.0 * ERRORS, 0.1 * np.tile(ERRORS, 3)]))
    assert np.sqrt(np.mean(signals[-200:] ** 2)) == pytest.approx(1.0, abs=0.15)
    assert np.sqrt(np.mean(signals[400:450] ** 2)) < 0.1  # not at once


def test_a_truncated_transition_and_no_error_say_nothing():
    _, with_cut = taught([1.0, 0.0, 1.0], truncated={1})
    _, without = taught([1.0, 1.0])
    assert with_cut == without
    signals, _ = taught([0.0, 0.0])
    np.testing.assert_array_equal(signals, 0.0)


def test_off_it_is_not_in_the_bank():
    assert "adaptation" not in Modulation().bank
    assert "adaptation" in Modulation(adaptation=Adaptation(enabled=True)).bank
