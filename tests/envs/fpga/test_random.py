import jax
import jax.numpy as jnp
import numpy as np

from neurorl.envs.fpga import random


def test_an_episode_is_a_function_of_its_key():
    a, b = random.seed_of(jax.random.key(1)), random.seed_of(jax.random.key(2))
    assert a != b
    assert np.array_equal(random.uniforms(a, 5, 8), random.uniforms(a, 5, 8))
    assert not np.array_equal(random.uniforms(a, 5, 8), random.uniforms(a, 6, 8))
    assert random.seed_of(jax.random.key(1)) == random.seed_of(jax.random.key_data(jax.random.key(1)))


def test_the_numbers_are_uniform_and_do_not_depend_on_each_other():
    seeds = jax.vmap(random.seed_of)(jax.random.split(jax.random.key(0), 500))
    u = np.asarray(jax.vmap(lambda s: jax.vmap(lambda t: random.uniforms(s, t, 10))(jnp.arange(40)))(seeds))  # [500, 40, 10]
    assert abs(u.mean() - 0.5) < 0.003
    assert abs(u.var() - 1 / 12) < 0.001
    flat = u.reshape(500, -1)
    correlations = np.corrcoef(flat.T)[~np.eye(400, dtype=bool)]
    assert abs(correlations.mean()) < 0.002
    assert np.abs(correlations).max() < 0.3  # six standard errors of 1/sqrt(500)
    histogram = np.histogram(u, 20, (0, 1))[0]
    assert ((histogram - u.size / 20) ** 2 / (u.size / 20)).sum() < 50  # chi-square of 19 degrees


def test_the_normal_number_has_mean_zero_and_variance_one():
    u = jax.random.uniform(jax.random.key(0), (100_000, 4))
    z = np.asarray(jax.vmap(random.normal)(u))
    assert abs(z.mean()) < 0.02
    assert abs(z.var() - 1) < 0.02
    assert np.abs(z).max() < 3.5
