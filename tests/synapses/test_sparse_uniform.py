import jax
import numpy as np

from neurorl.synapses import sparse_uniform


def test_every_neuron_hears_the_same_number_of_inputs_and_no_two_the_same_ones():
    weights = np.asarray(sparse_uniform.draw(jax.random.key(0), 50, 101))
    heard = weights != 0.0
    assert (heard.sum(1) == 10).all()  # 90 % of 101 are 91 inputs
    assert len({tuple(row) for row in heard}) == 50
    assert np.abs(weights).max() <= 101**-0.5
    np.testing.assert_allclose(weights[heard].std(), (3 * 101) ** -0.5, rtol=0.1)
