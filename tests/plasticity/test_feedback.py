import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.plasticity import feedback

FORWARD = jnp.array([[0.5, -0.2, 0.0], [-1.0, 0.3, 0.1]])
BACK = jnp.array([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])
CHANGE = jnp.full((2, 3), 0.25)


@pytest.mark.parametrize("kind", feedback.KINDS)
def test_only_kolen_pollack_has_feedback_that_learns(kind):
    changed = np.any(feedback.learn(kind, BACK, CHANGE) != BACK)
    assert changed == (kind == "kolen-pollack")


def test_what_teaches():
    np.testing.assert_array_equal(feedback.read("transpose", FORWARD, BACK), FORWARD)
    np.testing.assert_array_equal(jnp.sign(feedback.read("sign", FORWARD, BACK)), jnp.sign(FORWARD))
    for kind in ("kolen-pollack", "random"):
        np.testing.assert_array_equal(feedback.read(kind, FORWARD, BACK), BACK)


def test_feedback_that_learns_the_same_comes_to_point_the_same_way():
    """Of two matrices that begin unlike and change alike the cosine grows towards 1."""
    forward, back = feedback.init(jax.random.key(0), 3, 50), feedback.init(jax.random.key(1), 3, 50)

    def cosine(a, b):
        return float((a * b).sum() / jnp.sqrt((a**2).sum() * (b**2).sum()))

    before = cosine(forward, back)
    for i in range(20):
        change = 0.1 * jax.random.normal(jax.random.key(2 + i), (3, 50))
        forward, back = forward + change, feedback.learn("kolen-pollack", back, change)
    assert abs(before) < 0.3
    assert cosine(forward, back) > 0.9
