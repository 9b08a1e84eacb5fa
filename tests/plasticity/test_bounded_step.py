import jax.numpy as jnp
import pytest

from neurorl.plasticity import bounded_step


@pytest.mark.parametrize(
    ("delta", "mass", "kappa", "rate", "step"),
    [
        (0.5, 10.0, 2.0, 1.0, 0.5 / 20.0),  # a small error: the mass alone bounds it
        (-4.0, 10.0, 2.0, 1.0, -4.0 / 80.0),  # a large one: its step is that of an error of 1
        (0.5, 0.1, 2.0, 1.0, 0.5),  # hardly anything is tagged
        (0.5, 10.0, 3.0, 0.01, 0.005),  # a small rate is no larger than asked
        (0.0, 10.0, 2.0, 1.0, 0.0),
    ],
)
def test_steps_by_hand(delta, mass, kappa, rate, step):
    assert float(bounded_step.size(jnp.float32(delta), jnp.float32(mass), kappa, rate)) == pytest.approx(step)


def test_a_step_does_not_throw_a_linear_value_past_its_goal():
    """However much few inputs transmit, where the sum of the sizes alone would."""
    for x in (jnp.array([0.1, 0.2]), jnp.array([50.0, 3.0]), jnp.full(100, 20.0)):
        for delta in (0.3, 7.0):
            g = bounded_step.size(jnp.float32(delta), bounded_step.mass(0.5, x), 2.0)
            assert 0.0 < float(g * (x**2).sum()) <= delta * 1.001
    x = jnp.array([50.0, 3.0])
    assert float(bounded_step.size(jnp.float32(0.3), jnp.abs(x).sum(), 2.0) * (x**2).sum()) > 0.3


def test_the_mass_of_an_outer_product_is_that_of_its_entries():
    left, right = jnp.array([0.5, -2.0]), jnp.array([3.0, 0.1, -1.0])
    tags = left[:, None] * right
    expected = max(float(jnp.abs(tags).sum()), float((tags**2).sum()) / 4.0)
    assert float(bounded_step.mass(0.25, left, right)) == pytest.approx(expected)
