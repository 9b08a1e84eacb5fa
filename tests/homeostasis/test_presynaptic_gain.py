import jax.numpy as jnp
import numpy as np

from neurorl.homeostasis import presynaptic_gain


def test_rare_and_frequent_inputs_transmit_the_same_power():
    rng = np.random.default_rng(0)
    trains = (rng.random((4000, 3)) < [0.1, 0.3, 1.0]).astype(np.float32)
    rates, power = presynaptic_gain.init(3), np.zeros(3)
    for t, x in enumerate(trains):
        rates = presynaptic_gain.update(rates, jnp.asarray(x))
        power += np.asarray(presynaptic_gain.scaled(rates, jnp.asarray(x))) ** 2 * (t >= 2000) / 2000
    np.testing.assert_allclose(power, 1.0, atol=0.2)
    np.testing.assert_allclose(rates.total / (rates.steps + 1), trains.sum(0) / 4001, rtol=1e-4)


def test_what_never_fired_has_a_finite_gain():
    rates = presynaptic_gain.init(1)
    np.testing.assert_allclose(presynaptic_gain.scaled(rates, jnp.ones(1), floor=0.01), 10.0, rtol=1e-6)
