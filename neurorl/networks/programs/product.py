"""A complete pathway whose weights hold still and whose source's spikes are known: what all steps send is one matrix product.

The weights are read once for all the steps, and not once for each.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.networks.pathway import Pathway, PathwayState
from neurorl.networks.programs.program import Ahead, Circumstances, Reference
from neurorl.synapses import short_term_plasticity


class Inner(NamedTuple):
    """A pathway within a run."""

    state: PathwayState
    sent: Array | tuple[()] = ()  # [K, m], currents that each step of the chunk sends
    start: Array | int = 0  # step of the chunk at which the block begins


class Product(Reference):
    """A pathway of which every pair has a synapse, all of one delay."""

    name = "product"
    needs_ahead = True

    @staticmethod
    def refuses(pathway: Pathway, given: Circumstances) -> str | None:
        """Return why a pathway cannot be run as one product, or None."""
        if not given.ahead:
            return "its target leads back to its source"
        if pathway.plasticity is not None:
            return "its weights change"
        return None if pathway.projection.complete else "not every pair has a synapse of one delay"

    @staticmethod
    def how(pathway: Pathway, given: Circumstances) -> str:
        """Return what running it so means."""
        return "every pair has a synapse; all steps are one matrix product"

    def open(self, states: Sequence[PathwayState]) -> Inner:
        """Return the pathway's state."""
        return Inner(states[0])

    def close(self, inner: Inner) -> list[PathwayState]:
        """Return the pathway's state."""
        return [inner.state]

    def begin(self, inner: Inner, ahead: Ahead, sent: Array | None = None) -> Inner:
        """Return the pathway with what the spikes ``sent`` [K, n] send."""
        assert sent is not None
        state, released = inner.state, sent
        if (tires := self.pathway.stp) is not None:

            def tire(stp: Any, spikes: Array) -> Any:
                return short_term_plasticity.step(tires, stp, spikes, ahead.dt)

            tired, released = jax.lax.scan(tire, state.stp, sent)
            state = state._replace(stp=tired)
        c = self.pathway.projection.connectivity
        return Inner(state, released @ state.weights.reshape(c.n_pre, c.n_post), jnp.zeros((), jnp.int32))

    def begin_block(self, inner: Inner, start: Array) -> Inner:
        """Return the pathway at the start of a block."""
        return inner._replace(start=start)

    def arrive(self, inner: Inner, spikes: Array, t: Array | int, dt: float, factor: Array | float) -> Inner:
        """Let what was sent arrive; ``t`` is the step's number within the block."""
        assert not isinstance(inner.sent, tuple)
        in_flight, arriving = self.pathway.projection.send(inner.state.in_flight, inner.sent[inner.start + t])
        synapse = self.pathway.synapse.step(inner.state.synapse, arriving * factor, dt)
        return inner._replace(state=inner.state._replace(in_flight=in_flight, synapse=synapse))

    def acting(self, inner: Inner) -> list[tuple[str, Any, Any]]:
        """Return the target, the synapse model and its state."""
        return [(self.pathway.target, self.pathway.synapse, inner.state.synapse)]

    def learn(self, inner: Inner, step: Any) -> Inner:
        """Leave the weights as they are."""
        return inner

    def flush(self, inner: Inner) -> Inner:
        """Return the pathway as it was opened."""
        return Inner(inner.state)
