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
