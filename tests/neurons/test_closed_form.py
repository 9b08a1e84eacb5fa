import jax
import jax.numpy as jnp
import numpy as np

from neurorl.neurons import closed_form, integrate_and_fire

CURRENT = jnp.array([-0.5, 0.0, 0.03, 0.25, 0.9, 1.0, 1.7])


def test_it_is_what_the_substeps_one_by_one_are():
    v = jax.random.uniform(jax.random.key(0), CURRENT.shape)
    slow, counts = v, jnp.zeros(7)
    for _ in range(16):
        slow, spikes = integrate_and_fire.step(slow, jnp.clip(CURRENT, 0.0, 1.0))
        counts += spikes
    after, rate = closed_form.fire(v, CURRENT, 16)
    np.testing.assert_array_equal(16 * rate, counts)
    np.testing.assert_allclose(after, slow, atol=1e-5)


def test_the_slope_is_that_of_the_mean_rate_where_there_is_one():
    np.testing.assert_allclose(closed_form.slope(CURRENT, 0.02), [0.02, 0.02, 1.0, 1.0, 1.0, 0.02, 0.02])
    v = jnp.linspace(0.0, 1.0, 1000, endpoint=False)
    rates = [float(closed_form.fire(v, jnp.full(1000, current), 16)[1].mean()) for current in (0.4, 0.5)]
    np.testing.assert_allclose(rates[1] - rates[0], 0.1, atol=1e-3)
