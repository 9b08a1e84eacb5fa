"""A projection: the synapses of one population onto another, each with its delay, all with one sign.

A spike adds its weights to the currents in flight, a ring with one row of postsynaptic currents for each step ahead, as in
Morrison, Mehring, Geisel, Aertsen and Diesmann (2005). So only the synapses of neurons that spiked are touched, delays cost
next to nothing, and the weight that counts is the one at the time of the spike.
"""

import dataclasses
import hashlib
from functools import cached_property
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, Int32, Real, Shaped

from neurorl import steps as step_rule
from neurorl.errors import NeurorlError, nearest
from neurorl.synapses import delay_line
from neurorl.synapses.connectivity import Connectivity
from neurorl.synapses.delay_line import DelayLine

SIGNS = ("excitatory", "inhibitory", "mixed")
Sign = Literal["excitatory", "inhibitory", "mixed"]


class ProjectionState(NamedTuple):
    """Currents on their way to n_post neurons."""

    in_flight: Float[Array, "D n_post"]  # in the unit of the weights: what arrived last, and what will in the next D - 1 steps
    cursor: Int32[Array, ""]  # the row that arrived last


@dataclasses.dataclass(frozen=True, eq=False)
class Projection:
    """Synapses in the order of their connectivity; their weights [s] are the caller's, and may change every step.

    Raises:
        NeurorlError: A delay for another number of synapses or outside 1 to ``max_delay``, or an unknown sign.
    """

    connectivity: Connectivity
    delay: Int32[np.ndarray, " s"]  # steps
    max_delay: int  # D, steps
    sign: Sign = "mixed"

    def __post_init__(self) -> None:
        """Check the delays and the sign, and make the array of delays read-only."""
        delay = np.asarray(self.delay)
        if delay.shape != (len(self.connectivity),) or (delay.size and not np.issubdtype(delay.dtype, np.integer)):
            raise NeurorlError(
                f"'delay' has dtype {delay.dtype} and shape {delay.shape}; "
                f"give one integer for each of the {len(self.connectivity)} synapses"
            )
        if not isinstance(self.max_delay, int | np.integer) or self.max_delay < 1:
            raise NeurorlError(f"'max_delay' is {self.max_delay}; it must be a whole number of steps of at least 1")
        wrong = delay[(delay < 1) | (delay > self.max_delay)]
        if wrong.size:
            raise NeurorlError(f"'delay' is {wrong[0]} steps; it must be from 1 to max_delay, {self.max_delay}")
        if self.sign not in SIGNS:
            raise NeurorlError(f"'sign' is {self.sign!r}; it must be one of {', '.join(SIGNS)}{nearest(str(self.sign), SIGNS)}")
        delay = delay.astype(np.int32)
        delay.flags.writeable = False
        object.__setattr__(self, "delay", delay)

    def __eq__(self, other: object) -> bool:
        """Return whether every synapse, delay and the sign are the same."""
        return isinstance(other, Projection) and self._content == other._content

    def __hash__(self) -> int:
        """Return a hash of the content."""
        return hash(self._content)

    @cached_property
    def _content(self) -> tuple[Connectivity, bytes, int, str]:
        return self.connectivity, hashlib.sha256(self.delay.tobytes()).digest(), self.max_delay, self.sign

    def constrain(self, weights: Float[Array, " s"]) -> Float[Array, " s"]:
        """Return the weights with those of the wrong sign set to 0, so that Dale's law outlives plasticity."""
        if self.sign == "mixed":
            return weights
        return jnp.maximum(weights, 0.0) if self.sign == "excitatory" else jnp.minimum(weights, 0.0)

    def weights(self, value: float | Shaped[np.ndarray | Array, "..."]) -> Float[Array, " s"]:
        """Return ``value``, a scalar or [s], as weights [s], checked.

        Raises:
            NeurorlError: The wrong shape, a weight that is not finite, or one that breaks Dale's law.
        """
        synapses = len(self.connectivity)
        given = np.asarray(value)
        if given.shape not in ((), (synapses,)):
            raise NeurorlError(f"'weights' has shape {given.shape}; give one number, or one for each of the {synapses} synapses")
        negative, positive = self.sign == "excitatory", self.sign == "inhibitory"
        for wrong, fix in (
            (~np.isfinite(given), "it must be a finite number"),
            (negative & (given < 0), "a weight of an excitatory projection must be at least 0 (Dale's law)"),
            (positive & (given > 0), "a weight of an inhibitory projection must be at most 0 (Dale's law)"),
        ):
            if wrong.any():
                raise NeurorlError(f"'weights' has {given[wrong].flat[0]}; {fix}")
        return jnp.broadcast_to(jnp.asarray(given, float), (synapses,))

    def of_pre(self, values: Shaped[Array, " n_pre"]) -> Shaped[Array, " s"]:
        """Return presynaptic ``values`` [n_pre], a trace for instance, for each synapse: [s]."""
        return _take(values, self.connectivity.pre)

    def of_post(self, values: Shaped[Array, " n_post"]) -> Shaped[Array, " s"]:
        """Return postsynaptic ``values`` [n_post] for each synapse: [s]."""
        return _take(values, self.connectivity.post)

    def arriving(self, weights: Float[Array, " s"], line: DelayLine) -> Float[Array, " n_post"]:
        """Return the current [n_post] that arrives from a delay line of the presynaptic spikes.

        This is the definition, differentiable, with the weights as they are on arrival. It costs a pass over all synapses;
        :meth:`step` equals it while weights hold still.
        """
        spikes = delay_line.read(line, jnp.asarray(self.delay), jnp.asarray(self.connectivity.pre))
        return jnp.zeros(self.connectivity.n_post).at[self.connectivity.post].add(weights * spikes)

    def init(self) -> ProjectionState:
        """Return a projection with nothing in flight."""
        return ProjectionState(jnp.zeros((self.max_delay, self.connectivity.n_post)), jnp.zeros((), jnp.int32))

    def step(
        self, weights: Float[Array, " s"], state: ProjectionState, spikes: Shaped[Array, " n_pre"]
    ) -> tuple[ProjectionState, Float[Array, " n_post"]]:
        """Send the spikes of one step, and receive what arrives in the next.

        Args:
            weights: [s].
            state: Currents in flight.
            spikes: [n_pre], what each neuron sent in the last step: 0, 1, or a spike times its synaptic efficacy. With a
                delay of 1 it arrives now.

        Returns:
            The new state, and the current [n_post] that arrives.
        """
        if self.complete:
            return self.send(state, spikes @ weights.reshape(self.connectivity.n_pre, self.connectivity.n_post))
        in_flight, cursor = self.turn(state)
        if len(self.connectivity):
            send = self._send_rows if self.by_rows else self._send_all
            # Off a CPU a loop over few spikes wastes the device, and one operation over all synapses does not.
            flat = lax.platform_dependent(weights, in_flight.reshape(-1), cursor, spikes, cpu=send, default=self._send_all)
            in_flight = flat.reshape(in_flight.shape)
        return ProjectionState(in_flight, cursor), lax.dynamic_index_in_dim(in_flight, cursor, 0, keepdims=False)

    def send(self, state: ProjectionState, sent: Float[Array, " n_post"]) -> tuple[ProjectionState, Float[Array, " n_post"]]:
        """Do what :meth:`step` does with currents ``sent`` by synapses that share one delay."""
        if self.max_delay == 1:
            return ProjectionState(sent[None], jnp.zeros_like(state.cursor)), sent
        in_flight, cursor = self.turn(state)
        row = (cursor + self.delay[0] - 1) % self.max_delay
        later = lax.dynamic_index_in_dim(in_flight, row, 0, keepdims=False) + sent
        in_flight = lax.dynamic_update_index_in_dim(in_flight, later, row, 0)
        return ProjectionState(in_flight, cursor), lax.dynamic_index_in_dim(in_flight, cursor, 0, keepdims=False)

    def turn(self, state: ProjectionState) -> tuple[Float[Array, "D n_post"], Int32[Array, ""]]:
        """Return the currents in flight a step later, without those that arrived, and the row that arrives now."""
        # What arrived is cleared one step late, because XLA copies an array that is read and then written.
        gone = jnp.zeros((1, self.connectivity.n_post), state.in_flight.dtype)
        in_flight = lax.dynamic_update_slice(state.in_flight, gone, (state.cursor, 0))
        return in_flight, (state.cursor + 1) % self.max_delay

    @cached_property
    def complete(self) -> bool:
        """Whether every pair has a synapse, all of one delay: then [s] is a matrix [n_pre, n_post], and a step one product."""
        c = self.connectivity
        return len(c) == c.n_pre * c.n_post and self.shared_delay is not None

    @cached_property
    def shared_delay(self) -> int | None:
        """The delay that all synapses share, steps; None where they differ or there is none."""
        return int(self.delay[0]) if self.delay.size and (self.delay == self.delay[0]).all() else None

    def matrix(self, weights: Float[Array, " s"]) -> Float[Array, "n_post n_pre"]:
        """Return the weights [s] as a matrix [n_post, n_pre]; NaN where there is no synapse."""
        c = self.connectivity
        return jnp.full((c.n_post, c.n_pre), jnp.nan).at[c.post, c.pre].set(weights)

    @cached_property
    def _widest(self) -> int:
        return int(self.connectivity.out_degree.max())

    @cached_property
    def by_rows(self) -> bool:
        """Whether rows are expected to beat one pass over all synapses on a CPU when 5 % of the neurons spike in a step.

        Measured on one core: a row costs 0.4 us and 4 ns for each synapse of the widest row, finding the neurons that spiked
        10 ns a neuron, and one pass 3 ns a synapse.
        """
        return 3 * len(self.connectivity) > self.connectivity.n_pre * (10 + 0.05 * (400 + 4 * self._widest))

    @cached_property
    def _ahead(self) -> Int[np.ndarray, " s"]:
        """The place in flight of each synapse's spikes, [s], for a cursor of 0."""
        return (self.delay - 1) * np.int32(self.connectivity.n_post) + self.connectivity.post

    def _place(self, ahead: Array, cursor: Array) -> Array:
        place, size = ahead + cursor * self.connectivity.n_post, self.max_delay * self.connectivity.n_post
        return jnp.where(place < size, place, place - size)

    def _send_all(self, weights: Array, in_flight: Array, cursor: Array, spikes: Array) -> Array:
        return in_flight.at[self._place(jnp.asarray(self._ahead), cursor)].add(weights * self.of_pre(spikes))

    def _send_rows(self, weights: Array, in_flight: Array, cursor: Array, spikes: Array) -> Array:
        pre, n_pre = self.connectivity.pre, self.connectivity.n_pre
        first = jnp.asarray(np.searchsorted(pre, np.arange(n_pre + 1)), jnp.int32)
        ahead, length = jnp.asarray(self._ahead), self._widest
        active = lax.sort(jnp.where(spikes != 0, jnp.arange(n_pre), n_pre), is_stable=False)

        def send(k: Array, in_flight: Array) -> Array:
            i = active[k]
            begin, end = first[i], first[i + 1]
            start = jnp.minimum(begin, len(pre) - length)  # slices have one length: a short row brings neighbours along
            synapse = start + jnp.arange(length)
            row, places = (lax.dynamic_slice(x, (start,), (length,)) for x in (weights, ahead))
            sent = jnp.where((begin <= synapse) & (synapse < end), row * spikes[i], 0.0)
            return in_flight.at[self._place(places, cursor)].add(sent)

        return lax.fori_loop(0, _largest((spikes != 0).sum()), send, in_flight)


def _take(values: Array, neuron: np.ndarray) -> Array:
    # Indices known to be good: XLA would build a mask of the negative ones, as long as the synapses, in every step.
    return values.at[neuron].get(mode="promise_in_bounds", wrap_negative_indices=False)


@jax.custom_batching.custom_vmap
def _largest(count: Array) -> Array:
    """Return ``count``, or under vmap the largest of the batch, unbatched: a loop of batched length selects all it carries."""
    return count


@_largest.def_vmap
def _(size: int, batched: list[bool], count: Array) -> tuple[Array, bool]:
    return _largest(count.max()), False


def project(
    connectivity: Connectivity,
    delay: float | Real[np.ndarray, " s"] | tuple[float, ...] | None = None,
    *,
    dt: float = 1.0,
    max_delay: float | None = None,
    sign: Sign = "mixed",
    seed: int = 0,
) -> Projection:
    """Return a projection with delays in ms.

    Args:
        connectivity: The synapses.
        delay: ms, multiples of ``dt``: for all synapses, for each [s], or (low, high), from which each synapse draws a whole
            number of steps evenly. One step by default.
        dt: Step, ms.
        max_delay: Longest delay allowed, ms; by default the longest there is. It decides the size of the state.
        sign: "excitatory" or "inhibitory" for weights of one sign (Dale's law), or "mixed".
        seed: Of delays that are drawn.

    Raises:
        NeurorlError: As :func:`neurorl.synapses.delay_line.to_steps` and :class:`Projection`, or ``low`` above ``high``.
    """
    steps = delay_line.to_steps(dt if delay is None else np.asarray(delay), dt, np.inf if max_delay is None else max_delay)
    if isinstance(delay, tuple):
        if steps.shape != (2,) or steps[0] > steps[1]:
            raise NeurorlError(f"'delay' is {delay}; a range is (low, high) with low at most high, in ms")
        low, longest = (int(bound) for bound in steps)
        rng = np.random.default_rng(seed)
        steps = rng.integers(low, longest, size=len(connectivity), dtype=np.int32, endpoint=True)
    else:
        longest = int(steps.max(initial=1))
    if max_delay is not None:
        longest = int(max_delay / dt + step_rule.WRITTEN)
    return Projection(connectivity, np.broadcast_to(steps, len(connectivity)) if steps.ndim == 0 else steps, longest, sign)
