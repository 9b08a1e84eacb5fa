import jax
import jax.numpy as jnp
import numpy as np

from neurorl.homeostasis import open_choice
from neurorl.neurons import escape_noise


def entropy(drive):
    p = jax.nn.softmax(drive)
    return -(p * jnp.log(p)).sum()


def test_the_credit_is_the_gradient_of_the_entropy():
    drive = jnp.array([0.3, -1.0, 2.0, 0.5])
    credit = open_choice.credit(escape_noise.hazard(drive[None], 0.5), 0.5)[0]
    np.testing.assert_allclose(credit / 0.5, jax.grad(entropy)(drive), atol=1e-6)


def test_open_choice_and_substeps_after_the_decision_ask_for_nothing():
    hazard = escape_noise.hazard(jnp.zeros((2, 4)), 0.8).at[1].set(0.0)
    np.testing.assert_allclose(open_choice.credit(hazard, 0.8), 0.0, atol=1e-7)


def test_a_neuron_that_cannot_fire_is_left_out():
    """It has no part in the choice, and the others have the credit of a head without it."""
    drive = jnp.array([[0.3, -jnp.inf, 2.0]])
    credit = open_choice.credit(escape_noise.hazard(drive, 0.5), 0.5)
    assert float(credit[0, 1]) == 0.0
    without = open_choice.credit(escape_noise.hazard(drive[:, [0, 2]], 0.5), 0.5)
    np.testing.assert_allclose(credit[:, [0, 2]], without, atol=1e-6)
