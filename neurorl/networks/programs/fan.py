r"""All event-driven pathways of one source, walked through together: work for the neurons that spike, and none for the others.

A step lists the neurons that spike once, and walks in batches along their rows of synapses, in every pathway. Pathways whose
weights hold still are exact with any delays. Plastic ones are exact too (:mod:`neurorl.networks.programs.eager`), or in chunks of
K steps are run by cumulative sums (:mod:`neurorl.networks.programs.cumulative`), which bring a row up to date when its neuron's
spike arrives.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.kernels import fan_out
from neurorl.kernels.materialised import materialised
from neurorl.kernels.spike_list import each_batch, spike_list
from neurorl.networks.pathway import Pathway, PathwayState
from neurorl.networks.programs import cumulative, eager
from neurorl.networks.programs.program import Ahead, Circumstances, Program, Step
from neurorl.synapses import short_term_plasticity
from neurorl.synapses.projection import ProjectionState

BATCH = 80  # one batch is a neuron in so many: all spikes of a millisecond at 20 Hz in nearly every step


class Branch(NamedTuple):
    """One pathway of a fan, within a run."""

    weights: Array | None  # [n + 1, k], of synapses that hold still
    in_flight: Array  # [D m + k], currents of D steps one after the other, and what goes to no neuron
    cursor: Array  # [], the step of it that arrived last
    stp: Any
    synapse: Any
    sent: Array | None  # [n], the spikes of the last step with their efficacy, where synapses tire
    learning: Any  # of a plastic pathway: what its rule keeps, among it ``rows``


class Inner(NamedTuple):
    """A fan within a run."""

    branches: tuple[Branch, ...]
    listed: tuple[Array, Array] | None = None  # the neurons whose spikes arrive, within a step


class Fan(Program):
    """Pathways of one source; see the module's docstring."""

    name = "events"
    walks = True

    def __init__(self, members: Sequence[tuple[int, Pathway, Circumstances]]):
        """Take pathways by their numbers in a network."""
        self.indices = tuple(index for index, _, _ in members)
        self.pathways = tuple(pathway for _, pathway, _ in members)
        self.rules = tuple(None if p.plasticity is None else _rule(p, given)[0] for _, p, given in members)
        self.source = self.pathways[0].source
        self.targets = tuple(pathway.target for pathway in self.pathways)
        lengths = [rule.longest(p) for rule, p in zip(self.rules, self.pathways, strict=True) if rule is not None]
        self.longest = max(1, int(min([1e6, *lengths]) / members[0][2].dt))

    @staticmethod
    def refuses(pathway: Pathway, given: Circumstances) -> str | None:
        """Return why a pathway cannot be run by events, or None."""
        if not given.on_cpu:
            return "events are for CPUs"
        if not pathway.projection.by_rows:
            return "one pass over so few synapses is as fast"
        return None if pathway.plasticity is None else _rule(pathway, given)[1]

    @staticmethod
    def how(pathway: Pathway, given: Circumstances) -> str:
        """Return what running it so means."""
        exact = pathway.plasticity is None or _rule(pathway, given)[0] is eager
        when = "every step is exact" if exact else "weights are clipped at spikes and chunks"
        return f"work for the neurons that spike; {when}"

    def open(self, states: Sequence[PathwayState]) -> Inner:
        """Return the states with the synapses as rows."""
        return Inner(tuple(self._open(*each) for each in zip(self.pathways, self.rules, self._rows, states, strict=True)))

    def _open(self, pathway: Pathway, rule: Any, targets: np.ndarray, state: PathwayState) -> Branch:
        connectivity = pathway.projection.connectivity
        in_flight = jnp.pad(state.in_flight.in_flight.ravel(), (0, targets.shape[1]))
        return Branch(
            weights=None if rule is not None else fan_out.to_rows(connectivity, state.weights),
            in_flight=in_flight,
            cursor=state.in_flight.cursor,
            stp=state.stp,
            synapse=state.synapse,
            sent=None,
            learning=None if rule is None else rule.open_(pathway, state),
        )

    def close(self, inner: Inner) -> list[PathwayState]:
        """Return the states with the synapses as lists."""
        return [self._close(*each) for each in zip(self.pathways, self.rules, inner.branches, strict=True)]

    def _close(self, pathway: Pathway, rule: Any, branch: Branch) -> PathwayState:
        depth, m = pathway.projection.max_delay, pathway.projection.connectivity.n_post
        in_flight = ProjectionState(branch.in_flight[: depth * m].reshape(depth, m), branch.cursor)
        if rule is not None:
            weights, memory = rule.close(pathway, branch.learning)
        else:
            assert branch.weights is not None
            weights, memory = fan_out.from_rows(pathway.projection.connectivity, branch.weights), None
        return PathwayState(weights, in_flight, branch.synapse, branch.stp, memory)

    def begin(self, inner: Inner, ahead: Ahead, sent: Array | None = None) -> Inner:
        """Begin the cumulative sums of a chunk."""
        return self._learning(inner, lambda rule, *learning: rule.begin(*learning, ahead))

    def flush(self, inner: Inner) -> Inner:
        """Bring all weights and eligibilities up to date."""
        return self._learning(inner, lambda rule, *learning: rule.flush(*learning))

    def arrive(self, inner: Inner, spikes: Array, t: Array | int, dt: float, factor: Array | float) -> Inner:
        """Send the spikes of the last step along their rows, and let what arrives act."""
        branches = tuple(self._turn(p, b, spikes, dt) for p, b in zip(self.pathways, inner.branches, strict=True))
        batch = self._batch
        neurons, count = spike_list(spikes, batch)

        def send(neurons: Array, carry: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(self._send(k, branches[k], moving, neurons, t) for k, moving in enumerate(carry))

        moving = tuple((b.in_flight, () if b.learning is None else b.learning.rows) for b in branches)
        moving = each_batch(neurons, count, batch, send, moving)
        branches = tuple(self._act(*each, dt, factor) for each in zip(self.pathways, branches, moving, strict=True))
        return Inner(branches, (neurons, count))

    def acting(self, inner: Inner) -> list[tuple[str, Any, Any]]:
        """Return the targets, the synapse models and their states."""
        return [(p.target, p.synapse, branch.synapse) for p, branch in zip(self.pathways, inner.branches, strict=True)]

    def learn(self, inner: Inner, step: Step) -> Inner:
        """Bring the rows up to date at which spikes arrived."""
        assert inner.listed is not None
        neurons, count = inner.listed
        spent = Inner(tuple(branch._replace(sent=None) for branch in inner.branches))
        return self._learning(spent, lambda rule, *learning: rule.learn(*learning, step, neurons, count, self._batch))

    def _learning(self, inner: Inner, change: Callable[[Any, Pathway, Any], Any]) -> Inner:
        """Return the fan after ``change`` of its plastic branches."""
        branches = tuple(
            branch if rule is None else branch._replace(learning=change(rule, pathway, branch.learning))
            for pathway, rule, branch in zip(self.pathways, self.rules, inner.branches, strict=True)
        )
        return inner._replace(branches=branches)

    @cached_property
    def _rows(self) -> tuple[np.ndarray, ...]:
        """The place in flight of every synapse's spikes, [n + 1, k], for a cursor of 0."""
        return tuple(fan_out.places(pathway.projection) for pathway in self.pathways)

    @property
    def _batch(self) -> int:
        return max(8, -(-self.pathways[0].projection.connectivity.n_pre // BATCH))

    def _turn(self, pathway: Pathway, branch: Branch, spikes: Array, dt: float) -> Branch:
        """Return the branch a step later, without the currents that arrived."""
        depth, m = pathway.projection.max_delay, pathway.projection.connectivity.n_post
        stp, sent = branch.stp, None
        if pathway.stp is not None:
            stp, sent = short_term_plasticity.step(pathway.stp, stp, spikes, dt)
            sent = jnp.pad(sent, (0, 1))  # the neurons that fill up a list send nothing
        if depth == 1:
            return branch._replace(in_flight=jnp.zeros_like(branch.in_flight), stp=stp, sent=sent)
        in_flight = jax.lax.dynamic_update_slice(branch.in_flight, jnp.zeros(m), (branch.cursor * m,))
        return branch._replace(in_flight=in_flight, cursor=(branch.cursor + 1) % depth, stp=stp, sent=sent)

    def _send(self, k: int, branch: Branch, moving: tuple[Array, Any], neurons: Array, t: Any) -> tuple[Array, Any]:
        """Return the currents in flight with what ``neurons`` [b] send, and the plastic synapses on which their spikes arrive."""
        pathway, rule, (in_flight, synapses) = self.pathways[k], self.rules[k], moving
        depth, m = pathway.projection.max_delay, pathway.projection.connectivity.n_post
        # Rows as they are, before they are flattened: a gather within a flattened array is computed anew for each element.
        places = materialised(fan_out.read(jnp.asarray(self._rows[k]), neurons))
        if rule is not None:
            synapses, sent = rule.send(pathway, branch.learning, synapses, places, neurons, t)
        else:
            assert branch.weights is not None
            sent = materialised(fan_out.read(branch.weights, neurons))
        if branch.sent is not None:
            sent = sent * branch.sent[neurons][:, None]
        if depth > 1:
            later = places + branch.cursor * m
            places = jnp.where(places >= depth * m, places, jnp.where(later >= depth * m, later - depth * m, later))
        return fan_out.add_at(in_flight, places, sent), synapses

    def _act(self, pathway: Pathway, branch: Branch, moved: tuple[Array, Any], dt: float, factor: Array | float) -> Branch:
        """Return the branch after what arrives in this step acted on the synapse."""
        in_flight, synapses = moved
        if branch.learning is not None:
            branch = branch._replace(learning=branch.learning._replace(rows=synapses))
        m = pathway.projection.connectivity.n_post
        arriving = (
            jax.lax.dynamic_slice(in_flight, (branch.cursor * m,), (m,)) if pathway.projection.max_delay > 1 else in_flight[:m]
        )
        synapse = pathway.synapse.step(branch.synapse, arriving * factor, dt)
        return branch._replace(in_flight=in_flight, synapse=synapse)


def _rule(pathway: Pathway, given: Circumstances) -> tuple[Any, str | None]:
    """Return how a plastic pathway learns: by cumulative sums where a chunk allows it, else in every step; and why it cannot."""
    if not given.gated:
        return eager, "nothing gates its plasticity"
    length = given.chunk * given.dt
    if given.chunk > 1 and cumulative.refuses(pathway) is None and length <= cumulative.longest(pathway):
        return cumulative, None
    if (why_not := eager.refuses(pathway)) is None and length > eager.longest(pathway):
        why_not = f"a chunk of {length:g} ms is longer than {eager.longest(pathway):g} ms, which its time constants allow"
    return eager, why_not
