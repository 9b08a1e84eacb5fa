"""The spike trace of a large population of which few neurons fire: it is kept for those, and the others are silent.

It has the linear forms of ``SpikeTrace``, so that whoever reads it need not know which one it is. A product over C neurons
becomes a gather of the k listed ones.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from neurorl.synapses.spike_trace import SpikeTrace


class SparseSpikeTrace(NamedTuple):
    """k listed neurons of a population of C, and their traces; a neuron listed twice must be silent the second time."""

    listed: SpikeTrace
    neurons: Int[Array, " k"]  # which ones
    size: int  # C

    @property
    def gain(self) -> Float[Array, ""]:
        """Jump of the trace at a spike."""
        return self.listed.gain

    @property
    def spikes(self) -> Float[Array, "S C"]:
        """Spike counts of all neurons, [S, C]."""
        return self._spread(self.listed.spikes)

    def powers(self) -> tuple[Float[Array, " S"], Float[Array, "S S"]]:
        """Return the filter as matrices; see ``SpikeTrace.powers``."""
        return self.listed.powers()

    def traces(self) -> Float[Array, "S C"]:
        """Return the traces themselves, those of silent neurons 0."""
        return self._spread(self.listed.traces())

    def project(self, weights: Float[Array, "n C"]) -> Float[Array, "S n"]:
        """Return ``traces @ weights.T``, [S, n], for weights [n, C]."""
        return self.listed.project(weights[:, self.neurons])

    def correlate(self, post: Float[Array, "S n"]) -> Float[Array, "n C"]:
        """Return ``post.T @ traces``, [n, C], for postsynaptic signals [S, n]."""
        return self._spread(self.listed.correlate(post))

    def total(self) -> Float[Array, " C"]:
        """Return the traces summed over the substeps, [C]."""
        return self._spread(self.listed.total())

    def _spread(self, values: Float[Array, "*batch k"]) -> Float[Array, "*batch C"]:
        """Return values [..., k] of the listed neurons at their places among all, [..., C]."""
        return jnp.zeros((*values.shape[:-1], self.size)).at[..., self.neurons].add(values)
