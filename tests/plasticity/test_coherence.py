import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.plasticity import coherence
from neurorl.plasticity.coherence import Coherence


def after(dopamine, parameters=Coherence()):
    pushes = coherence.init(parameters, (1,))
    for delta in dopamine:
        pushes = coherence.update(parameters, pushes, jnp.float32(delta), jnp.ones(1))
    return float(coherence.rate(parameters, pushes)[0])


def test_a_fresh_synapse_and_one_that_is_pushed_one_way_learn_at_full_speed():
    assert after([]) == 1.0
    assert after([0.3, 0.1, 0.7]) == pytest.approx(1.0)


def test_pushes_that_cancel_stop_it():
    assert after([0.5, -0.5] * 50, Coherence(forget=0.0)) == pytest.approx(0.0, abs=1e-6)


def test_of_n_random_pushes_one_part_in_the_root_of_n_is_left():
    noise = np.random.default_rng(1).choice([-1.0, 1.0], size=(64, 400))
    left = np.mean([after(row, Coherence(forget=0.0)) for row in noise[:16]])
    assert left == pytest.approx(np.sqrt(2 / np.pi / 400), rel=0.5)


def test_with_the_power_of_two_one_part_in_n_is_left_as_in_a_mean():
    noise = np.random.default_rng(1).choice([-1.0, 1.0], size=(200, 100))
    left = [after(row, Coherence(forget=0.0, power=2)) for row in noise]
    assert np.mean(left) == pytest.approx(1 / 100, rel=0.3)  # E (sum of n signs)^2 / n^2
    assert after([0.3, 0.1, 0.7], Coherence(power=2)) == pytest.approx(1.0)


def test_what_is_forgotten_lets_it_wake_again():
    noise, news = [0.5, -0.5] * 100, [0.5] * 100
    assert after(noise + news, Coherence(forget=0.05)) > 0.9
    assert after(noise + news, Coherence(forget=0.0)) == pytest.approx(1 / 3, abs=0.01)


def test_where_it_is_off_nothing_is_kept():
    off = Coherence(enabled=False)
    pushes = coherence.init(off, (3, 2))
    assert pushes.net.shape == ()
    assert coherence.update(off, pushes, jnp.float32(1.0), jnp.ones((3, 2))) is pushes
