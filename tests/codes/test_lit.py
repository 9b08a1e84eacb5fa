import jax.numpy as jnp
import numpy as np
from gymnasium import spaces

from neurorl import codes


def test_every_pixel_is_a_neuron_that_fires_as_it_is_lit():
    space = spaces.Box(0.0, 2.0, (4, 3, 2))
    code = codes.for_space(space, kind="lit")
    assert isinstance(code, codes.Lit)
    image = jnp.arange(24.0).reshape(4, 3, 2) % 3
    np.testing.assert_allclose(code.rates(image, code.init()), image.ravel() / 2)
    assert code.size == 24
