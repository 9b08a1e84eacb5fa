"""Many steps of a network by a plan: chunk after chunk, and within a chunk stage after stage."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.networks import dynamics
from neurorl.networks.dynamics import NetworkState, Now
from neurorl.networks.plan import Plan
from neurorl.networks.programs.chunked import block
from neurorl.networks.programs.program import Ahead
from neurorl.neuromodulation import effects, modulators

if TYPE_CHECKING:
    from neurorl.networks.network import Network

BY_POPULATION = ("neurons", "thresholds", "noise", "spikes", "hazard")
STRETCH = 100  # exact steps that are prepared for at a time
Observe = Callable[[NetworkState], Any]
Inputs = dict[tuple[str, str], Array]  # (current or spikes, population) -> [n] of a step, or [steps, n]


def open_(plan: Plan, state: NetworkState) -> NetworkState:
    """Return the state with its pathways as the programs lay them out."""
    opened = [program.open([state.pathways[k] for k in program.indices]) for program in plan.programs]
    return state._replace(pathways=opened)


def close(plan: Plan, state: NetworkState) -> NetworkState:
    """Return the state with its pathways as everybody else reads them."""
    closed = {
        index: pathway
        for program, inner in zip(plan.programs, state.pathways, strict=True)
        for index, pathway in zip(program.indices, program.close(inner), strict=True)
    }
    return state._replace(pathways=[closed[k] for k in range(len(closed))])


def run(
    network: "Network", plan: Plan, state: NetworkState, constant: Inputs, series: Inputs, steps: int, observe: Observe
) -> tuple[NetworkState, Any]:
    """Advance an opened state by ``steps`` steps, and return what was observed in each, with leading axis ``steps``."""
    length = plan.chunk if plan.chunk > 1 else _stretch(steps)
    whole, rest = divmod(steps, length)

    def chunk(state: NetworkState, now: Inputs) -> tuple[NetworkState, Any]:
        return _chunk(network, plan, state, constant, now, length, observe)

    def split(array: Array) -> Array:
        return array[: whole * length].reshape(whole, length, *array.shape[1:])

    state, observed = jax.lax.scan(chunk, state, jax.tree.map(split, series), whole)
    observed = jax.tree.map(lambda array: array.reshape(-1, *array.shape[2:]), observed)
    if rest:
        last = jax.tree.map(lambda array: array[whole * length :], series)
        state, more = _chunk(network, plan, state, constant, last, rest, observe)
        observed = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), observed, more)
    return state, observed


def _stretch(steps: int) -> int:
    """Return how many exact steps are prepared for at a time: a divisor of all of them, where there is a fair one."""
    fair = [size for size in range(min(steps, STRETCH), STRETCH // 4, -1) if steps % size == 0]
    return fair[0] if fair else max(1, min(steps, STRETCH))


def _chunk(
    network: "Network", plan: Plan, state: NetworkState, constant: Inputs, series: Inputs, steps: int, observe: Observe
) -> tuple[NetworkState, Any]:
    """Advance by a chunk: each stage for all its steps, with what earlier stages sent."""
    dt, levels, factors = network.config.dt, None, None
    ahead = Ahead(None, 1.0, dt)
    if network.config.neuromod_enabled and plan.chunk > 1:
        c = network.config
        levels = jax.vmap(lambda k: modulators.decay(c.modulators, state.modulators, k * dt))(jnp.arange(1, steps + 1))
        factors = jax.vmap(lambda level: effects.factors(c.effects, c.modulators, level))(levels)
        ahead = Ahead(levels.phasic.dopamine, factors.learning_rate, dt)
    fired: dict[str, Array] = {}  # [steps, n]
    pathways, parts, observed = list(state.pathways), [], {}
    for names in plan.stages:
        mine = [k for k, program in enumerate(plan.programs) if program.targets[0] in names]
        programs = [plan.programs[k] for k in mine]
        sent = {p.source: jnp.concatenate([state.spikes[p.source][None], fired[p.source][:-1]]) for p in programs if p.source in fired}
        part = _restricted(state, names, [pathways[k] for k in mine])
        part, own, seen = _stage(network, programs, part, constant, series, sent, ahead, factors, steps, observe)
        fired |= own
        observed |= seen
        parts.append(part)
        for k, each in zip(mine, part.pathways, strict=True):
            pathways[k] = each
    after = parts[0]
    for part in parts[1:]:
        after = after._replace(**{field: getattr(after, field) | getattr(part, field) for field in BY_POPULATION})
    if levels is not None:
        after = after._replace(modulators=jax.tree.map(lambda level: level[-1], levels))
    return after._replace(pathways=pathways), observed


def _stage(
    network: "Network",
    programs: list[Any],
    state: NetworkState,
    constant: Inputs,
    series: Inputs,
    sent: dict[str, Array],
    ahead: Ahead,
    factors: Any,
    steps: int,
    observe: Observe,
) -> tuple[NetworkState, dict[str, Array], Any]:
    """Advance some populations by a chunk, and return their spikes [steps, n] and what was observed besides."""
    if (known := _ahead(network, state, constant, series, steps)) is not None:
        after = state._replace(step=state.step + steps, spikes={name: spikes[-1] for name, spikes in known.items()})
        return after, known, jax.vmap(lambda spikes: observe(after._replace(spikes=spikes)))(known)
    exact = ahead.dopamine is None
    begun = [p.begin(each, ahead, sent.get(p.source)) for p, each in zip(programs, state.pathways, strict=True)]
    size = block(steps) if any(p.needs_ahead for p in programs) else steps
    mine = {key: value for key, value in series.items() if key[1] in state.neurons}

    def one(state: NetworkState, now: Any) -> tuple[NetworkState, Any]:
        t, inputs, sent, factors, dopamine, rate = now
        at = Now(t, True, sent)
        if exact:
            state, factors = dynamics.modulate(network, state, network.config.dt)
            if factors is not None:
                dopamine, rate = state.modulators.phasic.dopamine, factors.learning_rate
        after = dynamics.fire(network, state, **_by_kind(constant | inputs), factors=factors, programs=programs, now=at)
        learned = dynamics.learn(network, state, after, dopamine, rate, programs, at)
        after = after._replace(pathways=learned)
        return after, (after.spikes, observe(after))

    def in_block(state: NetworkState, now: Any) -> tuple[NetworkState, Any]:
        start, now = now
        state = _each(programs, state, "begin_block", start)
        state, out = jax.lax.scan(one, state, now)
        return _each(programs, state, "end_block", start), out

    rate = jnp.broadcast_to(jnp.asarray(ahead.rate), (steps,))
    series_of_all = (mine, sent, factors, ahead.dopamine, rate)
    blocks = jax.tree.map(lambda array: array.reshape(steps // size, size, *array.shape[1:]), series_of_all)
    t = jnp.broadcast_to(jnp.arange(size), (steps // size, size))
    starts = size * jnp.arange(steps // size)
    state, (fired, seen) = jax.lax.scan(in_block, state._replace(pathways=begun), (starts, (t, *blocks)))
    fired, seen = jax.tree.map(lambda array: array.reshape(steps, *array.shape[2:]), (fired, seen))
    return _each(programs, state, "flush"), fired, seen


def _ahead(network: "Network", state: NetworkState, constant: Inputs, series: Inputs, steps: int) -> dict[str, Array] | None:
    """Return the spikes [steps, n] of populations that no input moves; None where one may be moved, or fires otherwise."""
    if state.pathways or state.thresholds or state.noise or state.hazard:
        return None
    dt, known = network.config.dt, {}
    for name, neurons in state.neurons.items():
        model = network.populations[name].neuron
        if getattr(model, "ahead", lambda *_: None)(neurons, dt, state.key) is None:
            return None

        def one(step: Array, name: str = name, neurons: Any = neurons, model: Any = model) -> Array:
            return model.ahead(neurons, dt, dynamics.key_of(network, state.key, step, name))

        own = jax.vmap(one)(state.step + jnp.arange(steps))
        injected = series.get(("spikes", name), constant.get(("spikes", name)))
        known[name] = own if injected is None else jnp.maximum(own, injected)
    return known


def _each(programs: list[Any], state: NetworkState, verb: str, *arguments: Any) -> NetworkState:
    """Return the state after every program did ``verb``."""
    done = [getattr(p, verb)(each, *arguments) for p, each in zip(programs, state.pathways, strict=True)]
    return state._replace(pathways=done)


def _restricted(state: NetworkState, names: tuple[str, ...], pathways: list[Any]) -> NetworkState:
    """Return the state of some populations."""
    parts = {field: {n: v for n, v in getattr(state, field).items() if n in names} for field in BY_POPULATION}
    return state._replace(pathways=pathways, **parts)


def _by_kind(inputs: Inputs) -> dict[str, dict[str, Array]]:
    """Return the input currents and the injected spikes of a step by population."""
    kinds: dict[str, dict[str, Array]] = {"current": {}, "spikes": {}}
    for (kind, name), value in inputs.items():
        kinds[kind][name] = value
    return kinds
