import jax
import jax.numpy as jnp
import numpy as np

from neurorl.synapses import divisive_inhibition, sparse_uniform


def test_drives_have_one_variance_however_much_comes():
    weights = sparse_uniform.draw(jax.random.key(0), 4000, 300)
    for k, size in ((10, 1.0), (200, 30.0)):
        x = size * jnp.ones(k)
        drive = weights[:, :k] @ divisive_inhibition.divide(x, 300, 0.1)
        np.testing.assert_allclose(drive.var(), 1.0, atol=0.15)


def test_inputs_that_are_silent_need_not_be_listed():
    x = jnp.array([1.0, 0.0, 3.0, 0.0])
    divided = divisive_inhibition.divide(x, 4, 0.5)
    np.testing.assert_allclose(divided[jnp.array([0, 2])], divisive_inhibition.divide(x[jnp.array([0, 2])], 4, 0.5))
