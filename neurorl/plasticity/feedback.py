r"""Feedback: by which synapses a hidden neuron learns what became of its spikes.

L_j = sum_c B_cj chosen_c        (in place of the forward weights O_cj, which a cell upstream cannot see)

transpose       B = O: exact, and no biology; what the others are compared with
kolen-pollack   B has synapses of its own, which change by the same local term as the forward ones, dB = dO: as what they have
                learned outgrows what they began with, they come to be alike (Kolen and Pollack 1994; Akrout et al. 2019)
sign            B = size sign(O): the wiring tells whether a hidden neuron excites the push or the pull, and no more (Liao,
                Leibo and Poggio 2016)
random          B is fixed; the forward weights come to suit it (feedback alignment: Lillicrap et al. 2016)
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

KINDS = ("kolen-pollack", "transpose", "sign", "random")
SPREAD = 3.0**-0.5  # standard deviation of weights that are uniform in +-1, as forward ones are before they are thinned out


def init(key: Array, outputs: int, hidden: int) -> Float[Array, "A N"]:
    """Return feedback synapses [A, N] as strong as forward ones, of random sign and size."""
    return jax.random.normal(key, (outputs, hidden)) * SPREAD / hidden**0.5


def read(kind: str, forward: Float[Array, "A N"], back: Float[Array, "A N"]) -> Float[Array, "A N"]:
    """Return the weights [A, N] that teach, of the forward weights and of the feedback's own, both [A, N]."""
    if kind == "transpose":
        return forward
    return jnp.sign(forward) * SPREAD / forward.shape[1] ** 0.5 if kind == "sign" else back


def learn(kind: str, back: Float[Array, "A N"], change: Float[Array, "A N"]) -> Float[Array, "A N"]:
    """Return the feedback synapses after the forward ones have changed by ``change`` [A, N]."""
    return back + change if kind == "kolen-pollack" else back
