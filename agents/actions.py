r"""Actions of any space: one winner-take-all head of neurons for each component.

    a component with n choices      n neurons, one a choice
    a continuous one in [low, high] N neurons with preferred values p_i, evenly spaced from low to high; what they say is
                                    the population vector  sum_i a_i p_i / sum_i a_i  of their activity a

Within a head neurons compete; heads decide side by side, and share their input and the dopamine. The population vector is that of
Georgopoulos, Schwartz and Kettner (1986). Where the first spike silences the rest, it is the preferred value of the neuron that
fired it. Of a component of many choices in an order, too, fewer neurons can say more (``population``): what they say is rounded
to the nearest choice.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl import packing
from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, parameter

FEW = 32  # choices up to which whole numbers of a Box are choices, each with a neuron


@struct.dataclass
class Actions(Checked):
    """The components of an environment's action, and the neurons that choose them."""

    choices: tuple[int, ...] = parameter((2,), "choices of each component; 0 for a continuous one", static=True)
    low: tuple[float, ...] = parameter((0.0,), "first choice, or lowest value, of each component", static=True)
    high: tuple[float, ...] = parameter((1.0,), "last choice, or highest value, of each component", static=True)
    shape: tuple[int, ...] = parameter((), "shape of the environment's action", static=True)
    neurons: int = parameter(9, "neurons of a continuous component", low=2, high=1024, static=True)
    population: tuple[int, ...] = parameter(
        (), "neurons of each head, fewer than its choices where they stand for values between; empty: one a choice", static=True
    )

    @property
    def heads(self) -> tuple[int, ...]:
        """Neurons of each head."""
        if self.population:
            _check_population(self.population, self.choices)
        return self.population or tuple(n or self.neurons for n in self.choices)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(self.heads)

    def split(self, activity: Array) -> list[Array]:
        """Return the activity [..., size] of all neurons head by head, each [..., n]."""
        return [activity[..., end - n : end] for n, end in zip(self.heads, np.cumsum(self.heads), strict=True)]

    def of_winners(self, winners: list[Array]) -> Array:
        """Return the action of the neuron that won in each head.

        Args:
            winners: The neuron of each head, [] each.

        Returns:
            [*shape], int32 where every component is a choice and float32 elsewhere; see ``neurorl.packing.unpack``.
        """
        return self.assemble([self._said(head, winner) for head, winner in enumerate(winners)])

    def of_activity(self, activity: list[Array]) -> Array:
        """Return the action of each head's activity: the most active choice, or the population vector.

        Args:
            activity: [n] of each head, not negative and not all zero.
        """
        said = []
        for head, a in enumerate(activity):
            if self._is_coded(head):
                said.append(self._rounded(head, (a * self._preferred(head)).sum() / a.sum()))
            else:
                said.append(self._said(head, jnp.argmax(a)))
        return self.assemble(said)

    def sample(self, key: Array) -> Array:
        """Return a uniformly random action."""
        keys = [key] if len(self.choices) == 1 else list(jax.random.split(key, len(self.choices)))
        drawn = []
        for k, n, low, high in zip(keys, self.choices, self.low, self.high, strict=True):
            drawn.append(jax.random.randint(k, (), 0, n) + int(low) if n else jax.random.uniform(k, (), jnp.float32, low, high))
        return self.assemble(drawn)

    def _said(self, head: int, neuron: Array) -> Array:
        """Return what one neuron of a head stands for, []."""
        if self._is_coded(head):
            return self._rounded(head, self._preferred(head)[neuron])
        return neuron + int(self.low[head])

    def _is_coded(self, head: int) -> bool:
        """Return whether the neurons of a head stand for values, and not each for a choice."""
        return not self.choices[head] or self.heads[head] != self.choices[head]

    def _rounded(self, head: int, value: Array) -> Array:
        return jnp.round(value) if self.choices[head] else value

    def _preferred(self, head: int) -> Array:
        """Return the values that the neurons of a head stand for, [n]."""
        return jnp.linspace(self.low[head], self.high[head], self.heads[head])

    def assemble(self, components: list[Array]) -> Array:
        """Return the action of each component's value, [] each."""
        dtype = jnp.int32 if all(self.choices) else jnp.float32
        return jnp.stack([jnp.asarray(c, dtype) for c in components]).reshape(self.shape)


def _check_population(population: tuple[int, ...], choices: tuple[int, ...]) -> None:
    """Raise a NeurorlError unless every head has two neurons or more, and no more than choices."""
    if len(population) != len(choices) or any(n < 2 or (c and n > c) for n, c in zip(population, choices, strict=True)):
        raise NeurorlError(
            f"'agent.actions.population' is {list(population)}; it must be 2 neurons or more for each component, "
            f"and no more than its choices {list(choices)}"
        )


def _counts(leaf: Any, size: int) -> np.ndarray:
    """Return the choices of every component of a discrete space, [size]."""
    if isinstance(leaf, spaces.MultiDiscrete):
        return np.ravel(leaf.nvec)
    return np.full(size, 2 if isinstance(leaf, spaces.MultiBinary) else leaf.n)


def for_space(space: spaces.Space[Any]) -> Actions:
    """Return the actions of a Gymnasium space.

    Raises:
        NeurorlError: A space that is not supported, or a continuous component without a finite range.
    """
    choices: list[int] = []
    low: list[float] = []
    high: list[float] = []
    for leaf in packing.leaves(space, "actions"):
        size = math.prod(leaf.shape or ())
        if isinstance(leaf, spaces.Box):
            bottom, top = np.ravel(leaf.low).astype(float), np.ravel(leaf.high).astype(float)
            for component, ends in enumerate(zip(bottom, top, strict=True)):
                if not np.isfinite(ends).all():
                    raise NeurorlError(
                        f"action component {component} has the range [{ends[0]:g}, {ends[1]:g}]; give it finite ends, "
                        "for example with gymnasium.wrappers.TransformAction"
                    )
            whole = np.issubdtype(leaf.dtype, np.integer) or leaf.dtype == bool
            choices += [int(t - b + 1) if whole and t - b < FEW else 0 for b, t in zip(bottom, top, strict=True)]
        else:
            counts = _counts(leaf, size)
            choices += [int(n) for n in counts]
            bottom, top = np.zeros(size), counts - 1.0
        low += [float(b) for b in bottom]
        high += [float(t) for t in top]
    if not choices:
        raise NeurorlError("the action space has no component, so there is nothing to choose")
    return Actions(tuple(choices), tuple(low), tuple(high), packing.shape_and_dtype(space)[0])
