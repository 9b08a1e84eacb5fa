r"""What a synapse model is: how spikes that arrive become the input of a neuron.

    state          = synapse.init(m)                        of m postsynaptic neurons
    state          = synapse.step(state, arriving, dt)      arriving [m]: sum of the weights of the spikes of a step
    g, g E         = synapse.conductance(state)             channels that are open: [m] each, or None
    current        = synapse.current(neuron, state, dt)     input current [m], constant within the step

Any class with these is a synapse of a network; inherit from :class:`Synapse`, whose own do nothing.
``Delta`` moves the membrane at once by the weight in mV; ``ExponentialCurrent`` (``synapses/exponential.py``) is a current that
decays, its weight in units of current; ``Conductance`` (``synapses/conductance.py``) opens channels that close again.
"""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from neurorl.parameters import Checked
from neurorl.typing import Scalar


class Synapse(Checked):
    """Base class of synapse models; see the module's docstring."""

    def init(self, n: int) -> Float[Array, " n"]:
        """Return the state of synapses onto ``n`` neurons on which nothing has arrived."""
        return jnp.zeros(n)

    def step(self, state: Float[Array, " n"], arriving: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the state after a step of ``dt`` ms at whose start ``arriving`` [n] came."""
        raise NotImplementedError

    def conductance(self, state: Float[Array, " n"]) -> tuple[Float[Array, " n"], Float[Array, " n"]] | None:
        """Return the open conductance [n], and that times the reversal potential [n]; None for a synapse without channels."""
        return None

    def current(self, neuron: Any, state: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the input current [n] of a step, for neurons of the model ``neuron``."""
        return jnp.zeros_like(state)


@struct.dataclass
class Delta(Synapse):
    """A spike moves the membrane at once, by its weight in mV."""

    def step(self, state: Float[Array, " n"], arriving: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return what arrives."""
        return arriving

    def current(self, neuron: Any, state: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the current that moves v by what arrived."""
        return state * neuron.current_of_jump(dt)
