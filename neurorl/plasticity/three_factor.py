r"""Three-factor rule: pre- and postsynaptic activity leave an eligibility, and dopamine turns it into a change.

    w <- w + eta delta E

Fremaux and Gerstner (2016). Zero dopamine changes nothing, to the bit.
"""

from jaxtyping import Array, Float

from neurorl.typing import Scalar


def change(
    weights: Float[Array, "*s"],
    eligibility: Float[Array, "*s"],
    dopamine: Float[Array, ""],
    learning_rate: Scalar | Float[Array, "..."],
) -> Float[Array, "*s"]:
    """Return the weights after one environment step.

    Args:
        weights: [n, C].
        eligibility: [n, C].
        dopamine: [], phasic: the reward-prediction error, after any gain.
        learning_rate: Weight change for a unit of dopamine and eligibility.
    """
    return weights + learning_rate * dopamine * eligibility
