"""A run of a network as its user asks for it: checked, of one network or of many copies, and with what is kept of it."""

import functools
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl import backend
from neurorl.errors import NeurorlError
from neurorl.networks import plan as plans
from neurorl.networks import recording, runner
from neurorl.networks.dynamics import NetworkState
from neurorl.networks.recording import Events, Kept, Record

if TYPE_CHECKING:
    from neurorl.networks.network import Network

SEGMENT = 1000  # steps whose spikes are held before they become events or counts
GROUP = 64  # copies that are one program on a CPU, unless it is said: small networks then stay in its second-level cache
Inputs = dict[tuple[str, str], Array]


def run(
    network: "Network",
    state: NetworkState,
    steps: int,
    current: Mapping[Any, Any] | None,
    spikes: Mapping[Any, Any] | None,
    voltages: Iterable[Any],
    record: Any,
    chunk: int,
    program: str | None,
    copies: int | None,
    parameters: Mapping[str, Any] | None,
    release: Mapping[str, Any] | None,
    group: int | None,
) -> tuple[NetworkState, Record]:
    """Do what :meth:`Network.run` says."""
    for name, value, least in (("steps", steps, 0), ("copies", copies, 1), ("group", group, 1)):
        if value is not None and (not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least):
            raise NeurorlError(f"'{name}' is {value!r}; it must be a whole number of at least {least}")
    kept = recording.resolve(network, record, voltages)
    state = state if copies is None else spread(network, state, copies)
    network.check_state(state, copies)
    plans.make(network, chunk, program)
    if parameters and copies is None:
        raise NeurorlError("'parameters' have a value for each copy; give 'copies', or make the network with other constants")
    batched = {name: _batched(name, value, copies) for name, value in (parameters or {}).items()}
    network.with_parameters({name: value[0] for name, value in batched.items()})
    constant, series = _inputs(network, steps, copies, current, spikes)
    series |= _releases(network, steps, copies, release)
    most = None if copies is None else group or _together(network, chunk, program, copies)
    parts = []
    for start, length in segments(steps, kept, chunk):
        axis = 0 if copies is None else 1
        now = {k: _part(k[0], v, start, length) for k, v in series.items()}
        own = {k: v for k, v in now.items() if v.ndim > _plain(k[0])}  # an input without an axis of copies is that of all of them
        shared = {k: v for k, v in now.items() if k not in own}
        how = {"steps": length, "kept": kept, "chunk": chunk, "program": program, "copied": copies is not None}
        state, observed = network.grouped_run(most, state, constant, shared, own, batched, **how)
        weights = {number: _some(state.pathways[number].weights, which) for number, which in kept.weights}
        parts.append((start, jax.tree.map(np.asarray, (observed, weights))))
    return state, _assembled(network, kept, parts, axis if steps else 0, copies)


def segments(steps: int, kept: Kept, chunk: int) -> list[tuple[int, int]]:
    """Return the start and the length of the parts of a run after which what is kept goes to the host.

    Raises:
        NeurorlError: Weights are asked for within a chunk.
    """
    length = max(steps, 1)
    if kept.weights:
        if kept.every % chunk:
            raise NeurorlError(f"'every' is {kept.every}; weights are known every {chunk} steps, a chunk: give a multiple of it")
        length = kept.every
    elif kept.spikes and kept.form != "raster":
        common = math.lcm(chunk, kept.every)
        length = common * max(1, SEGMENT // common)
    return [(start, min(length, steps - start)) for start in range(0, max(steps, 1), length)]


def traced(
    network: "Network",
    state: NetworkState,
    constant: Inputs,
    shared: Inputs,
    own: Inputs,
    parameters: dict[str, Array],
    *,
    steps: int,
    kept: Kept,
    chunk: int,
    program: str | None,
    copied: bool,
) -> tuple[NetworkState, Any]:
    """Return the state after a part of a run, and what is kept of it: the program that is compiled.

    Args:
        network: What is there.
        state: The network, or with ``copied`` a group of copies, with a leading axis, as ``own`` and ``parameters``.
        constant: Inputs that hold for all steps.
        shared: Inputs of each step, of all copies.
        own: Inputs of each step, of each copy.
        parameters: Constants of each copy.
        steps: How many.
        kept: What is kept.
        chunk: Steps of a chunk.
        program: What runs all pathways that it can run.
        copied: Whether there are copies.
    """

    def observe(state: NetworkState) -> Any:
        seen = {("spikes", name): state.spikes[name] for name in kept.spikes if name in state.spikes}
        return seen | {("v", name): _some(state.neurons[name].v, which) for name, which in kept.voltages if name in state.neurons}

    def one(state: NetworkState, own: Inputs, parameters: dict[str, Array]) -> tuple[NetworkState, Any]:
        wired = network.with_parameters(parameters)
        plan = plans.make(wired, chunk, program)
        state, observed = runner.run(wired, plan, runner.open_(plan, state), constant, shared | own, steps, observe)
        for key, values in observed.items():
            if key[0] == "v":
                observed[key] = values[kept.every - 1 :: kept.every]
            elif kept.form == "counts":
                observed[key] = values.sum(0)
        return runner.close(plan, state), observed

    mine = state, own, parameters
    if not copied:
        return one(*mine)
    if len(state.step) > 1:
        return jax.vmap(one)(*mine)
    # Alone, because some programs have branches that mapped ones would all take.
    return jax.tree.map(lambda array: array[None], one(*jax.tree.map(lambda array: array[0], mine)))


def _plain(kind: str) -> int:
    """Return how many axes a series of inputs has without one of copies."""
    return 1 if kind == "release" else 2


def _part(kind: str, series: Array, start: int, length: int) -> Array:
    """Return so many steps of a series of inputs."""
    return jax.lax.dynamic_slice_in_dim(series, start, length, axis=series.ndim - _plain(kind))


def _together(network: "Network", chunk: int, program: str | None, copies: int) -> int:
    """Return how many copies are one program, where nobody says it."""
    if not backend.on_cpu():
        return copies
    if any(each.walks for each in plans.make(network, chunk, program).programs):
        return 1  # each copy walks through its own spikes: together all would walk as far as the busiest
    return GROUP


def spread(network: "Network", state: NetworkState, copies: int) -> NetworkState:
    """Return a state of ``copies`` copies: as it is where it is one, or of one state, each with random numbers of its own."""
    if jnp.ndim(state.step) == 1:
        return state
    keys = jax.vmap(lambda k: jax.random.fold_in(state.key, k))(jnp.arange(copies))
    keyless = state._replace(key=jnp.zeros(()))
    copied = jax.tree.map(lambda array: jnp.broadcast_to(array, (copies, *jnp.shape(array))), keyless)
    return copied._replace(key=keys)


def _batched(name: str, value: Any, copies: int | None) -> Array:
    array = jnp.asarray(value)
    if array.ndim == 0 or len(array) != copies:
        raise NeurorlError(f"'parameters' has {name} of shape {array.shape}; its first axis must be the {copies} copies")
    return array


def _inputs(
    network: "Network", steps: int, copies: int | None, current: Mapping[Any, Any] | None, spikes: Mapping[Any, Any] | None
) -> tuple[Inputs, Inputs]:
    """Return inputs that hold for all steps, and those with a value for each step."""
    constant, series = {}, {}
    for kind, inputs in (("current", current), ("spikes", spikes)):
        for name, value in network.inputs(kind, inputs).items():
            value = jnp.asarray(value)
            own = copies is not None and value.ndim == 3 and value.shape[:2] == (copies, steps)
            if value.ndim < 2 and kind == "current":
                constant[kind, name] = value
            elif own or (value.ndim == 2 and len(value) == steps):
                series[kind, name] = value
            else:
                n = network.populations[name].size
                each = f", or [{copies}, {steps}, {n}]" if copies is not None else ""
                raise NeurorlError(f"'{kind}' of '{name}' has shape {value.shape}; give [{steps}, {n}]{each}")
    return constant, series


def _releases(network: "Network", steps: int, copies: int | None, release: Mapping[str, Any] | None) -> Inputs:
    """Return what is released of modulators at the start of each step."""
    checked: Inputs = {}
    for name, amounts in (release or {}).items():
        network.release(network.init(), name, 0.0)
        values = np.asarray(amounts, np.float32)
        if values.shape not in ((steps,), (copies, steps)):
            raise NeurorlError(f"'release' of {name} has shape {values.shape}; give [{steps}], an amount for each step")
        if not np.isfinite(values).all():
            raise NeurorlError(f"'release' of {name} is not finite everywhere; remove NaN and infinity")
        if not network.config.neuromod_enabled:
            raise NeurorlError(f"'release' has {name}, and the network's modulators are off: set neuromod_enabled")
        checked["release", name] = jnp.asarray(values)
    return checked


def _some(values: Array, which: tuple[int, ...] | None) -> Array:
    return values if which is None else values[..., np.asarray(which, np.int32)]


def _assembled(network: "Network", kept: Kept, parts: list[Any], axis: int, copies: int | None) -> Record:
    """Return the record of all parts of a run."""
    record = Record(network.config.dt, {}, {}, {}, {}, {}, kept.every)
    joined = functools.partial(np.concatenate, axis=axis)
    for name in kept.spikes:
        each = [(start, observed["spikes", name]) for start, (observed, _) in parts]
        if kept.form == "raster":
            record.spikes[name] = joined([values for _, values in each])
        elif kept.form == "counts":
            record.counts[name] = np.sum([values for _, values in each], 0)
        elif copies is None:
            record.events[name] = _listed(each)
        else:
            record.events[name] = [_listed([(start, values[k]) for start, values in each]) for k in range(copies)]
    for name, _ in kept.voltages:
        record.v[name] = joined([observed["v", name] for _, (observed, _) in parts])
    for number, _ in kept.weights:
        pathway = network.pathways[number]
        whole = [weights[number] for start, (_, weights) in parts]
        record.weights[pathway.source, pathway.target] = np.stack(whole, axis)
    return record


def _listed(rasters: list[tuple[int, np.ndarray]]) -> Events:
    """Return the spikes of rasters [steps, n] that begin at given steps."""
    steps, neurons = [], []
    for start, raster in rasters:
        step, neuron = np.nonzero(raster)
        steps.append(start + step.astype(np.int64))
        neurons.append(neuron.astype(np.int32))
    return Events(np.concatenate(steps), np.concatenate(neurons))
