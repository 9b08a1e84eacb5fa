"""Learners, or copies of a network, in groups, each of them one program, spread over the devices that JAX has.

How many learners a program holds decides the last bit of its results (XLA vectorises differently), and so does its partition over
devices (``jax.shard_map`` of PPO rounds otherwise on two than on one). So the size of a group follows from the configuration
alone, and a group is always a program for one device: the same one wherever it runs, however many there are. A device computes
its groups one after the other, on a thread of its own, and waits for no other. The last group is filled up with copies of the
last learner, which nobody reads.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

AT_ONCE = 16  # arrays that one program joins: what it takes to compile grows with them

# For programs that only move arrays: compiled in half the time, and moving is not what takes long.
_moves = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def count(learners: int, most: int | None) -> int:
    """Return how many groups of at most ``most`` learners there are; None: one group, whatever its size."""
    return -(-learners // (most or learners))


def devices(groups: int) -> list[jax.Device]:
    """Return the devices that compute so many groups: those of this process, or the one that the user has made the default."""
    default = jax.config.jax_default_device  # type: ignore[attr-defined]
    return [default] if isinstance(default, jax.Device) else jax.local_devices(backend=default)[:groups]


class Grouped:
    """A function of learners, jitted, and computed group by group."""

    def __init__(
        self,
        function: Callable[..., Any],
        mapped: Sequence[bool],
        donated: Sequence[int] = (),
        compiler_options: dict[str, Any] | None = None,
    ):
        """Take a function of arrays with a leading axis of learners, and of others, that returns arrays with that axis.

        Args:
            function: The function; what it takes by keyword is compiled in.
            mapped: Which of its arguments have the axis.
            donated: Which of its arguments are not used again.
            compiler_options: Of ``jax.jit``.
        """
        named = [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
        self._jitted = jax.jit(function, donate_argnums=donated, static_argnames=named, compiler_options=compiler_options)
        self._mapped = tuple(mapped)
        self._programs: dict[Any, Any] = {}  # compiled for a device and groups of a shape

    def __call__(self, most: int | None, *arguments: Any, **static: Any) -> Any:
        """Return the function of all learners, in groups of at most ``most``; None: as they come, in one program."""
        if most is None:
            return self._jitted(*arguments, **static)
        axis = tuple(argument for argument, mapped in zip(arguments, self._mapped, strict=True) if mapped)
        learners = jax.tree.leaves(axis)[0].shape[0]
        groups = count(learners, most)
        if groups == 1:
            return self._jitted(*arguments, **static)
        width = -(-learners // groups)
        used = devices(groups)
        axis = jax.device_put(axis, used[0])
        chosen = np.minimum(np.arange(groups * width), learners - 1).reshape(groups, width)
        away = [None, *used[1:]]
        others = tuple(argument for argument, mapped in zip(arguments, self._mapped, strict=True) if not mapped)
        theirs = [_moved(others, device) for device in away]
        calls: list[list[Any]] = [[] for _ in used]
        for i in range(groups):
            place = i % len(used)
            calls[place].append(self._merged(_moved(_taken(axis, chosen[i]), away[place]), theirs[place]))
        # Lowered here, because contexts of JAX, such as a precision, hold in the thread that entered them.
        begun = [self._lowered(device, mine[0], static) for device, mine in zip(used, calls, strict=True)]

        def compute(place: int) -> list[Any]:
            (key, lowered), mine, done = begun[place], calls[place], []
            program = self._programs.get(key) or self._programs.setdefault(key, lowered.compile())
            while mine:  # what a group began with goes when it is done
                done.append(program(*mine.pop(0)))
            return jax.block_until_ready(done)

        with ThreadPoolExecutor(len(used)) as threads:
            rest = [threads.submit(compute, place) for place in range(1, len(used))]
            done = [compute(0), *(other.result() for other in rest)]
        return _joined([done[i % len(used)][i // len(used)] for i in range(groups)], learners, used[0])

    def _merged(self, group: tuple[Any, ...], others: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments in their order, those of one group and those of all."""
        own, rest = iter(group), iter(others)
        return tuple(next(own) if mapped else next(rest) for mapped in self._mapped)

    def _lowered(self, device: jax.Device, call: tuple[Any, ...], static: dict[str, Any]) -> tuple[Any, Any]:
        """Return the name of a program, and what it is compiled from, where it is not compiled yet."""
        key = device, *static.items(), jax.tree.structure(call), tuple(map(jax.typeof, jax.tree.leaves(call)))
        return key, None if key in self._programs else self._jitted.lower(*call, **static)


def _moved(arguments: tuple[Any, ...], device: jax.Device | None) -> tuple[Any, ...]:
    """Return the arguments with their arrays on a device; None: where they are."""
    if device is None:
        return arguments
    leaves, tree = jax.tree.flatten(arguments)
    moved = iter(jax.device_put([leaf for leaf in leaves if isinstance(leaf, Array)], device))
    return jax.tree.unflatten(tree, [next(moved) if isinstance(leaf, Array) else leaf for leaf in leaves])


def _joined(groups: list[Any], learners: int, device: jax.Device) -> Any:
    """Return the arrays of all groups as arrays of all learners, on a device."""
    groups = jax.device_put(groups, device)
    while len(groups) > 1:
        groups = [_concatenated(groups[i : i + AT_ONCE]) for i in range(0, len(groups), AT_ONCE)]
    filled = jax.tree.leaves(groups[0])[0].shape[0] > learners
    return _taken(groups[0], np.arange(learners)) if filled else groups[0]


@_moves
def _taken(arrays: Any, learners: Array) -> Any:
    """Return the arrays of some learners."""
    return jax.tree.map(lambda leaf: leaf[learners], arrays)


@_moves
def _concatenated(groups: list[Any]) -> Any:
    """Return the arrays of several groups as one."""
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *groups)
