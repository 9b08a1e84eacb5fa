r"""The exponential trace of a spike train over the substeps of one environment step.

    x_k = d x_{k-1} + g s_k,   d = exp(-1 / tau),   k = 1..S

While weights hold still the trace enters only through two linear forms: its projection on the weights (the drive of the
postsynaptic neurons) and its correlation with postsynaptic signals (their eligibility). Filtering commutes with both, so
the S small postsynaptic vectors are filtered instead of the S large presynaptic ones, and the traces are never formed.

Sums over few substeps are written out, and products with few neurons are taken one by one: XLA makes one loop of the ones, and
on a CPU its libraries take twice as long for either.
"""

import functools
import operator
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

NEGLIGIBLE = 1e-6  # traces below this are zero: they carry nothing, and denormal numbers are slow on a CPU
FEW_SUBSTEPS = 32  # whose sums are written out; a longer program would take longer to compile
FEW_NEURONS = 4  # that are multiplied one by one


class SpikeTrace(NamedTuple):
    """A presynaptic population of C neurons over S substeps, and the filter its synapses see it through."""

    initial: Float[Array, " C"]  # trace before the first substep
    spikes: Float[Array, "S C"]  # spike counts
    decay: Float[Array, ""]  # d: factor a substep
    gain: Float[Array, ""]  # g: jump of the trace at a spike

    def powers(self) -> tuple[Float[Array, " S"], Float[Array, "S S"]]:
        """Return the filter as matrices: d^k [S] for the initial trace, and g d^(k-j) [S, S], j <= k, for spikes."""
        k = jnp.arange(1, self.spikes.shape[0] + 1)
        lag = k[:, None] - k[None, :]
        return self.decay**k, jnp.where(lag >= 0, self.gain * self.decay ** jnp.maximum(lag, 0), 0.0)

    def traces(self) -> Float[Array, "S C"]:
        """Return the traces themselves, [S, C]: the reference that the two linear forms below agree with."""
        initial, kernel = self.powers()
        return initial[:, None] * self.initial + kernel @ self.spikes

    def project(self, weights: Float[Array, "n C"]) -> Float[Array, "S n"]:
        """Return ``traces @ weights.T``, [S, n], for weights [n, C]."""
        initial, kernel = self.powers()
        if len(weights) <= FEW_NEURONS:
            spikes = jnp.stack([self.spikes @ row for row in weights], axis=1)
        else:
            spikes = jnp.einsum("nc,sc->ns", weights, self.spikes).T
        return initial[:, None] * (weights @ self.initial) + kernel @ spikes

    def correlate(self, post: Float[Array, "S n"]) -> Float[Array, "n C"]:
        """Return ``post.T @ traces``, [n, C], for postsynaptic signals [S, n]."""
        initial, kernel = self.powers()
        filtered = (kernel[:, :, None] * post[:, None, :]).sum(0)
        at_start = (initial[:, None] * post).sum(0)
        return self._summed(filtered) + at_start[:, None] * self.initial

    def final(self) -> Float[Array, " C"]:
        """Return the trace after the last substep, [C]."""
        initial, kernel = self.powers()
        trace = initial[-1] * self.initial + self._summed(kernel[-1])
        return jnp.where(trace < NEGLIGIBLE, 0.0, trace)

    def total(self) -> Float[Array, " C"]:
        """Return the traces summed over the substeps, [C]."""
        initial, kernel = self.powers()
        return initial.sum() * self.initial + self._summed(kernel.sum(0))

    def _summed(self, factors: Float[Array, "S ..."]) -> Float[Array, "... C"]:
        """Return the spikes of all substeps, each times its factors, summed: [..., C] for factors [S, ...]."""
        if len(self.spikes) > FEW_SUBSTEPS:
            return (factors[..., None] * jnp.expand_dims(self.spikes, tuple(range(1, factors.ndim)))).sum(0)
        terms = [f[..., None] * s for f, s in zip(factors, self.spikes, strict=True)]
        return functools.reduce(operator.add, terms)
