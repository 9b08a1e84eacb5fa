"""The artificial networks of the gradient baselines."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.agents.networks import orthogonal

MANY = """
import jax
from neurorl.agents.networks import orthogonal
init = jax.jit(jax.vmap(lambda key: [orthogonal(1.0)(k, (64, 64)) for k in jax.random.split(key, 6)]))
for seed in range(200):
    jax.block_until_ready(init(jax.random.split(jax.random.key(seed), 4)))
"""


@pytest.mark.parametrize("shape", [(3, 8), (8, 8), (8, 3)])
def test_columns_or_rows_are_orthogonal_for_each_of_many_learners(shape):
    weights = jax.vmap(lambda key: orthogonal(2.0)(key, shape))(jax.random.split(jax.random.key(0), 5))
    for w in np.asarray(weights):
        gram = w @ w.T if shape[0] <= shape[1] else w.T @ w
        np.testing.assert_allclose(gram, 4.0 * np.eye(min(shape)), atol=1e-5)
    assert jnp.ptp(weights[:, 0, 0]) > 0.0


def test_many_learners_begin_without_a_deadlock():
    # With JAX's own initialiser six batches of QR decompositions wait for each other's threads, and this never ends.
    subprocess.run([sys.executable, "-c", MANY], check=True, timeout=120)
