r"""Open choice: a head of neurons that has come to choose without doubt is drawn back, whatever it was rewarded for.

    w_i <- w_i + eta h (-p_i (ln p_i + H)) x,   H = -sum_j p_j ln p_j

It is the gradient of the entropy H of the head's choice. A neuron knows its own p_i, and H from the inhibition that its head
shares, so that it is local but for what inhibition tells; dopamine has no part in it. Rewards for surprise (``actor.entropy``)
have the same gradient on average, but by the noise of single choices, and one for all heads: a head that matters little collapses
at random.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from neurorl.typing import Scalar


def credit(hazard: Float[Array, "S n"], rate: Scalar) -> Float[Array, "S n"]:
    """Return the entropy's gradient by the drives of one head, times the hazards' rate, [S, n].

    Args:
        hazard: Probability of a spike of each neuron in each substep up to the decision, and 0 after it, [S, n].
        rate: What the hazards of a substep sum to.
    """
    chosen = hazard > 0.0
    p = hazard / rate
    log = jnp.where(chosen, jnp.log(jnp.where(chosen, p, 1.0)), 0.0)
    entropy = -(p * log).sum(-1, keepdims=True)
    return -hazard * (log + jnp.where(chosen, entropy, 0.0))
