"""Many steps of a network by a plan: chunk after chunk, and within a chunk stage after stage."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.networks import dynamics
from neurorl.networks.dynamics import NetworkState, Now
from neurorl.networks.plan import Plan
from neurorl.networks.programs.chunked import block
from neurorl.networks.programs.program import Ahead
from neurorl.neuromodulation import effects, modulators
from neurorl.neuromodulation.effects import Factors
from neurorl.neuromodulation.modulators import Levels, ModulatorState

if TYPE_CHECKING:
    from neurorl.networks.network import Network

BY_POPULATION = ("neurons", "thresholds", "noise", "spikes", "hazard")
Observe = Callable[[NetworkState], Any]
Inputs = dict[tuple[str, str], Array]  # (current or spikes, population) -> [n] of a step, or [steps, n]; (release, modulator)


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
    length = plan.stretch if plan.chunk > 1 else _stretch(steps, plan.stretch)
    whole, rest = divmod(steps, length)

    def chunk(state: NetworkState, now: Inputs) -> tuple[NetworkState, Any]:
        return _chunk(_Chunk(network, plan, constant, now, length, observe), state)

    def split(array: Array) -> Array:
        return array[: whole * length].reshape(whole, length, *array.shape[1:])

    state, observed = jax.lax.scan(chunk, state, jax.tree.map(split, series), whole)
    observed = jax.tree.map(lambda array: array.reshape(-1, *array.shape[2:]), observed)
    if rest:
        last = jax.tree.map(lambda array: array[whole * length :], series)
        state, more = _chunk(_Chunk(network, plan, constant, last, rest, observe), state)
        observed = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), observed, more)
    return state, observed


def hold_still(
    network: "Network", plan: Plan, state: NetworkState, series: Inputs, factors: Factors | None, observe: Observe
) -> tuple[NetworkState, Any]:
    """Advance a closed state by the steps of a plan in which no weight changes, and what modulators do holds too."""
    of = _Chunk(network, plan, {}, series, plan.chunk, observe)
    after, observed = _stages(of, open_(plan, state), Ahead(None, 1.0, network.config.dt), factors)
    return close(plan, after), observed


class _Chunk(NamedTuple):
    """What holds for a chunk: so many steps of a network, or of some of its populations."""

    network: "Network"
    plan: Plan
    constant: Inputs
    series: Inputs  # [steps, ...]
    steps: int
    observe: Observe


def _stretch(steps: int, most: int) -> int:
    """Return how many exact steps are prepared for at a time: a divisor of all of them, where there is a fair one."""
    fair = [size for size in range(min(steps, most), most // 4, -1) if steps % size == 0]
    return fair[0] if fair else max(1, min(steps, most))


def _chunk(of: _Chunk, state: NetworkState) -> tuple[NetworkState, Any]:
    """Advance by a chunk: each stage for all its steps, with what earlier stages sent."""
    c, levels, factors = of.network.config, None, None
    ahead = Ahead(None, 1.0, c.dt)
    if c.neuromod_enabled:
        levels = _levels(of, state.modulators)
        factors = effects.factors(c.effects, c.modulators, levels)
        ahead = Ahead(levels.phasic.dopamine, jnp.broadcast_to(jnp.asarray(factors.learning_rate), (of.steps,)), c.dt)
    after, observed = _stages(of, state, ahead, factors)
    if levels is not None:
        after = after._replace(modulators=jax.tree.map(lambda level: level[-1], levels))
    return after, observed


def _stages(of: _Chunk, state: NetworkState, ahead: Ahead, factors: Factors | None) -> tuple[NetworkState, Any]:
    """Advance by a chunk, stage after stage, with modulators whose effects are known."""
    fired: dict[str, Array] = {}  # [steps, n]
    pathways, parts = list(state.pathways), []
    observed: dict[Any, Any] = {}
    for names in of.plan.stages:
        mine = [k for k, program in enumerate(of.plan.programs) if program.targets[0] in names]
        programs = [of.plan.programs[k] for k in mine]
        sources = {program.source for program in programs} & set(fired)
        sent = {name: jnp.concatenate([state.spikes[name][None], fired[name][:-1]]) for name in sources}
        part = _restricted(state, names, [pathways[k] for k in mine])
        part, own, seen = _known(of, part) or _stage(of, programs, part, sent, ahead, factors)
        fired |= own
        observed |= seen
        parts.append(part)
        for k, each in zip(mine, part.pathways, strict=True):
            pathways[k] = each
    after = parts[0]
    for part in parts[1:]:
        after = after._replace(**{field: getattr(after, field) | getattr(part, field) for field in BY_POPULATION})
    return after._replace(pathways=pathways), observed


def _levels(of: _Chunk, levels: ModulatorState) -> ModulatorState:
    """Return the modulators at each step, [steps], with what is released at its start."""
    c = of.network.config
    released = {name for kind, name in of.series if kind == "release"}
    if of.plan.chunk > 1 and not released:
        return jax.vmap(lambda k: modulators.decay(c.modulators, levels, c.dt * k))(jnp.arange(1, of.steps + 1))
    # All phasic levels in one array: a loop over scalars costs as much for each.
    groups = [getattr(c.modulators, name) for name in modulators.MODULATORS]
    kept = jnp.stack([jnp.exp(-c.dt / jnp.asarray(group.tau)) for group in groups])
    high = jnp.stack([jnp.asarray(group.high, float) for group in groups])
    nothing = jnp.zeros(of.steps)
    amounts = jnp.stack([of.series.get(("release", name), nothing) for name in modulators.MODULATORS], 1)

    def one(phasic: Array, amounts: Array) -> tuple[Array, Array]:
        phasic = kept * (jnp.clip(phasic + amounts, -high, high) if released else phasic)
        return phasic, phasic

    phasic = jax.lax.scan(one, jnp.stack(levels.phasic), amounts)[1]
    tonic = jax.tree.map(lambda level: jnp.broadcast_to(level, (of.steps,)), levels.tonic)
    return ModulatorState(tonic, Levels(*phasic.T))


def _stage(
    of: _Chunk, programs: list[Any], state: NetworkState, sent: dict[str, Array], ahead: Ahead, factors: Factors | None
) -> tuple[NetworkState, dict[str, Array], Any]:
    """Advance some populations by a chunk, and return their spikes [steps, n] and what was observed besides."""
    begun = [p.begin(each, ahead, sent.get(p.source)) for p, each in zip(programs, state.pathways, strict=True)]
    size = block(of.steps) if any(p.needs_ahead for p in programs) else of.steps
    same = {} if factors is None else {name: f for name, f in factors._asdict().items() if jnp.ndim(f) == 0}
    moving = {} if factors is None else {name: f for name, f in factors._asdict().items() if name not in same}
    inputs = {key: value for key, value in of.series.items() if key[0] != "release" and key[1] in state.neurons}

    def one(state: NetworkState, now: Any) -> tuple[NetworkState, Any]:
        t, inputs, sent, moving, dopamine, rate = now
        at, acting = Now(t, True, sent), None if factors is None else Factors(**(same | moving))
        after = dynamics.fire(of.network, state, **_by_kind(of.constant | inputs), factors=acting, programs=programs, now=at)
        after = after._replace(pathways=dynamics.learn(of.network, state, after, dopamine, rate, programs, at))
        return after, (after.spikes, of.observe(after))

    def in_block(state: NetworkState, now: Any) -> tuple[NetworkState, Any]:
        start, now = now
        state = _each(programs, state, "begin_block", start)
        state, out = jax.lax.scan(one, state, now)
        return _each(programs, state, "end_block", start), out

    rate = jnp.broadcast_to(jnp.asarray(ahead.rate), (of.steps,))
    blocks = of.steps // size
    now = jax.tree.map(lambda array: array.reshape(blocks, size, *array.shape[1:]), (inputs, sent, moving, ahead.dopamine, rate))
    t = jnp.broadcast_to(jnp.arange(size), (blocks, size))
    state, out = jax.lax.scan(in_block, state._replace(pathways=begun), (size * jnp.arange(blocks), (t, *now)))
    fired, seen = jax.tree.map(lambda array: array.reshape(of.steps, *array.shape[2:]), out)
    return _each(programs, state, "flush"), fired, seen


def _known(of: _Chunk, state: NetworkState) -> tuple[NetworkState, dict[str, Array], Any] | None:
    """Return what :meth:`_stage` does for populations that no input moves; None where one may be moved, or fires otherwise."""
    if state.pathways or state.thresholds or state.noise or state.hazard:
        return None
    dt, known = of.network.config.dt, {}
    for name, neurons in state.neurons.items():
        model = of.network.populations[name].neuron
        if getattr(model, "ahead", lambda *_: None)(neurons, dt, state.key) is None:
            return None

        def one(step: Array, name: str = name, neurons: Any = neurons, model: Any = model) -> Array:
            return model.ahead(neurons, dt, dynamics.key_of(of.network, state.key, step, name))

        own = jax.vmap(one)(state.step + jnp.arange(of.steps))
        injected = of.series.get(("spikes", name))
        known[name] = own if injected is None else jnp.maximum(own, injected)
    after = state._replace(step=state.step + of.steps, spikes={name: spikes[-1] for name, spikes in known.items()})
    return after, known, jax.vmap(lambda spikes: of.observe(after._replace(spikes=spikes)))(known)


def _each(programs: list[Any], state: NetworkState, verb: str, *arguments: Any) -> NetworkState:
    """Return the state after every program did ``verb``."""
    done = [getattr(p, verb)(each, *arguments) for p, each in zip(programs, state.pathways, strict=True)]
    return state._replace(pathways=done)


def _restricted(state: NetworkState, names: tuple[str, ...], pathways: list[Any]) -> NetworkState:
    """Return the state of some populations."""
    parts: dict[str, Any] = {field: {n: v for n, v in getattr(state, field).items() if n in names} for field in BY_POPULATION}
    return state._replace(pathways=pathways, **parts)


def _by_kind(inputs: Inputs) -> dict[str, dict[str, Array]]:
    """Return the input currents and the injected spikes of a step by population."""
    kinds: dict[str, dict[str, Array]] = {"current": {}, "spikes": {}}
    for (kind, name), value in inputs.items():
        kinds[kind][name] = value
    return kinds
