r"""A recurrent, sparsely connected network of excitatory and inhibitory LIF neurons that learns by dopamine-gated STDP.

The first n_e of n neurons are excitatory, the others inhibitory, and every synapse has the sign of its neuron (Dale). Excitatory
neurons have plastic and fixed synapses, inhibitory ones fixed synapses. In a step the membranes take in the input and what the
spikes of the step before sent, neurons fire, the plastic synapses change with these spikes on both sides
(:mod:`neurorl.plasticity.dopamine_stdp`), and each spike sends the new weights of its synapses: the delay of one step lies
between synapse and membrane. Brunel (2000) on such networks, Izhikevich (2007) on this rule in them.

This is the stepwise form, the reference. :mod:`neurorl.layers.event_network` computes the same several times faster.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.neurons import lif
from neurorl.neurons.lif import LIF, LIFState
from neurorl.parameters import Checked, parameter
from neurorl.plasticity import dopamine_stdp
from neurorl.plasticity.dopamine_stdp import DopamineSTDP, DopamineSTDPState
from neurorl.synapses import connectivity
from neurorl.synapses.connectivity import Connectivity


@struct.dataclass
class SparseNetworkParameters(Checked):
    """Constants of a network. Weights are currents that last one step."""

    neuron: LIF = LIF()
    plasticity: DopamineSTDP = DopamineSTDP()
    w_excitatory: float | Array = parameter(0.02, "fixed excitatory weights, a scalar or one for each synapse", low=0.0)
    w_inhibitory: float | Array = parameter(-0.1, "inhibitory weights, a scalar or one for each synapse", high=0.0)


class Wiring(NamedTuple):
    """Who has a synapse onto whom: equal and hashed by content, so it can be closed over or be a static argument of jit."""

    plastic: Connectivity  # n_e -> n
    excitatory: Connectivity  # n_e -> n, fixed
    inhibitory: Connectivity  # n_i -> n, fixed; presynaptic neuron i is neuron n_e + i


class SparseNetworkState(NamedTuple):
    """State of n neurons and s plastic synapses."""

    neurons: LIFState  # [n]
    arriving: Array  # [n], current that the spikes of the last step sent
    weights: Array  # [s], of the plastic synapses
    synapses: DopamineSTDPState  # [n_e] and [n] traces, [s] eligibility


def random_wiring(n_excitatory: int, n_inhibitory: int, probability: float, seed: int) -> Wiring:
    """Return synapses for each ordered pair of different neurons with ``probability``; excitatory onto excitatory are plastic.

    Raises:
        NeurorlError: A population below 1, or ``probability`` outside [0, 1].
    """
    n = n_excitatory + n_inhibitory
    if min(n_excitatory, n_inhibitory) < 1:
        raise NeurorlError(f"'n_excitatory' is {n_excitatory} and 'n_inhibitory' {n_inhibitory}; both must be at least 1")
    drawn = connectivity.random(n, n, probability, seed, self_connections=False)
    from_excitatory, onto_excitatory = drawn.pre < n_excitatory, drawn.post < n_excitatory

    def part(chosen: np.ndarray, first: int, n_pre: int) -> Connectivity:
        return Connectivity(drawn.pre[chosen] - first, drawn.post[chosen], n_pre, n)

    return Wiring(
        plastic=part(from_excitatory & onto_excitatory, 0, n_excitatory),
        excitatory=part(from_excitatory & ~onto_excitatory, 0, n_excitatory),
        inhibitory=part(~from_excitatory, n_excitatory, n_inhibitory),
    )


def init(parameters: SparseNetworkParameters, wiring: Wiring, weights: float | Array) -> SparseNetworkState:
    """Return a network at rest whose plastic synapses have ``weights``, [] or [s].

    Raises:
        NeurorlError: A wiring whose populations do not fit together, or parameters of another shape than the neurons.
    """
    plastic, excitatory, inhibitory = wiring
    n_e, n = plastic.n_pre, plastic.n_post
    for name, part, n_pre in (("excitatory", excitatory, n_e), ("inhibitory", inhibitory, n - n_e)):
        if (part.n_pre, part.n_post) != (n_pre, n):
            raise NeurorlError(f"'wiring.{name}' joins {part.n_pre} to {part.n_post} neurons; it must join {n_pre} to {n}")
    return SparseNetworkState(
        neurons=lif.init(n, parameters.neuron),
        arriving=jnp.zeros(n),
        weights=jnp.broadcast_to(jnp.asarray(weights, float), (len(plastic),)),
        synapses=dopamine_stdp.init(n_e, n, plastic),
    )


def step(
    parameters: SparseNetworkParameters,
    wiring: Wiring,
    state: SparseNetworkState,
    current: Array,
    dopamine: float | Array,
    dt: float | Array = 1.0,
) -> tuple[SparseNetworkState, Array]:
    """Advance the network by one step.

    Args:
        parameters: Constants of the network.
        wiring: Its synapses.
        state: Its state.
        current: [n], input of the step beside that of the synapses.
        dopamine: [], phasic signal of the step.
        dt: Step, ms.

    Returns:
        The new state, and the spikes [n] as 0.0 or 1.0.
    """
    p, n_e = parameters, wiring.plastic.n_pre
    neurons, spikes = lif.step(p.neuron, state.neurons, current + state.arriving, dt)
    excitatory, inhibitory = spikes[:n_e], spikes[n_e:]
    synapses, weights = dopamine_stdp.step(
        p.plasticity, state.synapses, state.weights, excitatory, spikes, dopamine, dt, synapses=wiring.plastic
    )
    arriving = (
        _sent(wiring.plastic, excitatory, weights)
        + _sent(wiring.excitatory, excitatory, p.w_excitatory)
        + _sent(wiring.inhibitory, inhibitory, p.w_inhibitory)
    )
    return SparseNetworkState(neurons, arriving, weights, synapses), spikes


def run(
    parameters: SparseNetworkParameters,
    wiring: Wiring,
    state: SparseNetworkState,
    current: Array,
    dopamine: Array,
    dt: float | Array = 1.0,
) -> tuple[SparseNetworkState, Array]:
    """Scan :func:`step` over ``current`` [steps, n] and ``dopamine`` [steps]; return the last state and the spikes."""

    def one(state: SparseNetworkState, inputs: tuple[Array, Array]) -> tuple[SparseNetworkState, Array]:
        return step(parameters, wiring, state, *inputs, dt)

    return jax.lax.scan(one, state, (current, dopamine))


def _sent(synapses: Connectivity, spikes: Array, weights: float | Array) -> Array:
    """Return the sum of the weights of the synapses whose neuron spikes, for each postsynaptic neuron."""
    return jax.ops.segment_sum(weights * spikes[synapses.pre], synapses.post, synapses.n_post)
