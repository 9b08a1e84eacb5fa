"""Event-driven synapses: work for the neurons that spike, and none for the many that do not.

Synapses are kept as rows, k of each presynaptic neuron; synapse ``c`` of neuron ``i`` is number ``i k + c``. A presynaptic spike
walks along a row, a postsynaptic one through the list of the synapses onto its neuron. Where weights change only every K steps
(:func:`mark`, then a change in proportion to the marks), what K steps mark is added at once, because nobody reads it before.

XLA compiles these loops to updates in place on a CPU. Under ``vmap`` they would become selects over all synapses: run seeds in
processes instead.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.plasticity import stdp
from neurorl.plasticity.stdp import STDP
from neurorl.synapses.connectivity import Connectivity

WORD = 32  # bits
Carry = TypeVar("Carry")


class Rows(NamedTuple):
    """Synapses of n presynaptic onto m postsynaptic neurons."""

    targets: Array  # [n, k], int32
    incoming: Array  # [m, j], int32: numbers of the synapses onto each neuron, filled up with n k


class Events(NamedTuple):
    """Spikes of K steps of m neurons as a list, in the order of steps; entries from ``total`` on mean nothing."""

    neuron: Array  # [K m], int32
    step: Array  # [K m], int32, from 0
    total: Array  # [], int32


def rows(connectivity: Connectivity) -> Rows:
    """Return the synapses of a connectivity in which all neurons have the same number of them.

    Raises:
        NeurorlError: Rows of unequal length.
    """
    degrees = np.unique(connectivity.out_degree)
    if len(degrees) != 1:
        raise NeurorlError(
            f"'connectivity' has neurons with {degrees[0]} and with {degrees[-1]} synapses; rows must be of one length: "
            "draw it with connectivity.fixed_out_degree"
        )
    synapses, m = len(connectivity), connectivity.n_post
    order = np.argsort(connectivity.post, kind="stable")
    post = connectivity.post[order]
    place = np.arange(synapses) - np.searchsorted(post, post)
    incoming = np.full((m, int(place.max(initial=-1)) + 1), synapses, np.int32)
    incoming[post, place] = order
    return Rows(jnp.asarray(connectivity.post.reshape(connectivity.n_pre, -1)), jnp.asarray(incoming))


def each_spike(spikes: Array, body: Callable[[Array, Carry], Carry], carry: Carry) -> Carry:
    """Fold ``body(neuron, carry)`` over the neurons of ``spikes`` [m] that are not 0, in order."""
    filled = jnp.pad(spikes != 0, (0, -len(spikes) % WORD)).reshape(-1, WORD)
    words = (filled.astype(jnp.uint32) << jnp.arange(WORD, dtype=jnp.uint32)).sum(1, dtype=jnp.uint32)

    def spike(state: tuple[Array, Carry]) -> tuple[Array, Carry]:
        left, carry = state
        word = jnp.argmax(left != 0).astype(jnp.int32)
        value = left[word]
        lowest = value & -value
        neuron = WORD * word + jax.lax.population_count(lowest - 1).astype(jnp.int32)
        return left.at[word].set(value ^ lowest), body(neuron, carry)

    return jax.lax.while_loop(lambda state: (state[0] != 0).any(), spike, (words, carry))[1]


def no_events(neurons: int, steps: int) -> Events:
    """Return an empty list, with room for every neuron to spike at every step."""
    empty = jnp.zeros(neurons * steps, jnp.int32)
    return Events(empty, empty, jnp.zeros((), jnp.int32))


def append(events: Events, neuron: Array, step: Array) -> Events:
    """Return the list with one spike more."""
    return Events(events.neuron.at[events.total].set(neuron), events.step.at[events.total].set(step), events.total + 1)


def mark(parameters: STDP, rows: Rows, tags: Array, events: Events, x: Array, y: Array) -> Array:
    """Return the tags (eligibilities) of the synapses after the STDP of K steps.

    Args:
        parameters: Constants of the window.
        rows: The synapses, of the first n of m neurons onto all m.
        tags: [n, k].
        events: The spikes of all m neurons.
        x: [K, m], traces that postsynaptic spikes meet, of the neurons as presynaptic ones.
        y: [K, m], traces that presynaptic spikes meet, of the neurons as postsynaptic ones.
    """
    n, k = tags.shape
    none = jnp.zeros((), tags.dtype)

    def spike(e: Array, tags: Array) -> Array:
        neuron, step = events.neuron[e], events.step[e]
        depression = stdp.change(parameters, none, y[step][rows.targets[jnp.minimum(neuron, n - 1)]], neuron < n, 0.0)
        tags = tags.at[neuron * k + jnp.arange(k)].add(depression, mode="drop")
        synapses = rows.incoming[neuron]
        potentiation = stdp.change(parameters, x[step][synapses // k], none, 0.0, 1.0)
        return tags.at[synapses].add(potentiation, mode="drop")

    return jax.lax.fori_loop(0, events.total, spike, tags.reshape(-1)).reshape(n, k)
