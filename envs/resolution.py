"""From ``ENV`` to a :class:`~neurorl.envs.task.Task`.

``ENV`` is an id of this package (``neurorl/FpgaTelemetry-v0``), a gymnax id (``Catch-bsuite`` or ``gymnax/Catch-bsuite``), an id
of another suite (``brax/ant``, see ``neurorl.envs.suites``), a Gymnasium id (``Taxi-v3``),
``module:id`` (the module is imported first and may register the id), ``module:function``, or in Python an environment or a
function that makes one. What an object or a function makes is known by an id only where it is what the id makes
(``neurorl.envs.identity``).
"""

import copy
import dataclasses
import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium

from neurorl.envs import identity, minatar, registry, suites
from neurorl.envs import wrappers as wrapping
from neurorl.envs.environments import Environments
from neurorl.envs.gymnax_world import Gymnax
from neurorl.envs.identity import Known, numbers
from neurorl.envs.running_statistics import layers
from neurorl.envs.task import DERIVED, HostTask, JaxTask, Task, checked
from neurorl.envs.world import World
from neurorl.errors import NeurorlError, nearest

LOOPS = ("auto", "jax", "host")
DEFAULT_LIMIT = 1000  # environment steps, where an environment has no time limit of its own


def resolve(
    env: Any,
    loop: str = "auto",
    settings: dict[str, Any] | None = None,
    max_episode_steps: int | None = None,
    wrappers: Sequence[str] = (),
) -> Task:
    """Return the task of ``ENV``.

    Args:
        env: An id, ``module:function``, an environment, or a function that makes one.
        loop: "jax" for the jitted loop over a JAX environment, "host" for Gymnasium, "auto" for jax where it exists.
        settings: Parameters of the environment that differ from its defaults.
        max_episode_steps: Time limit, counted as truncation; None: the environment's own.
        wrappers: Names of what goes around it, the first innermost (``neurorl.envs.wrappers``).

    Raises:
        NeurorlError: An unknown id, parameter or loop, a space that is not supported, or a limit that cannot be had.
    """
    if loop not in LOOPS:
        raise NeurorlError(f"loop '{loop}' is unknown; it must be one of {', '.join(LOOPS)}{nearest(loop, LOOPS)}")
    if max_episode_steps is not None and max_episode_steps < 1:
        raise NeurorlError(f"'max_episode_steps' is {max_episode_steps}; it must be at least 1")
    if wrappers:
        bare = resolve(env, wrapping.loop_of(wrappers, loop), settings, max_episode_steps)
        return _wrapped(bare, wrappers)
    settings = dict(settings or {})
    if not isinstance(env, str):
        return _resolve_object(env, identity.source_of(env), loop, settings, max_episode_steps)
    module, _, name = env.rpartition(":")
    if module:
        try:
            importlib.import_module(module)
        except Exception as error:  # a module of somebody's own may raise anything
            raise NeurorlError(f"environment '{env}': module '{module}' cannot be imported: {error}") from error
    if name not in gymnasium.registry and (suites.prefix_of(name) or name.startswith(registry.GYMNAX)):
        if loop == "host":
            raise NeurorlError(f"environment '{env}' exists only in JAX: use --loop jax")
        return _resolve_suite(env, name, settings, max_episode_steps)
    suites.register_hosted(name)
    if loop != "host" and name in registry.ids() and not registry.is_replaced(name):
        return _resolve_jax(env, name, settings, max_episode_steps)
    known = list(gymnasium.registry)
    if successor := _successor(name, known):
        env = f"{module}:{successor}" if module else successor
        name = successor
    if name not in known:
        if module and (thing := identity.find(env)) is not None:
            return _resolve_object(thing, env, loop, settings, max_episode_steps)
        ids = known + registry.ids()
        if name in ids:
            raise NeurorlError(f"environment '{env}' exists only in JAX: use --loop jax")
        raise NeurorlError(f"unknown environment '{env}'{nearest(name, ids)}; `neurorl list` shows them")
    if loop == "jax":
        raise NeurorlError(f"environment '{env}' has no JAX version: use --loop host")
    return _resolve_host(env, Known(name, settings), max_episode_steps)


def _wrapped(task: Any, names: Sequence[str]) -> Task:
    """Return a task with wrappers around its environment: it is itself, and nothing is known of it by an id."""
    itself: dict[str, Any] = {"env_id": wrapping.name_of(task.env_id, names), "known_id": None, "threshold": None}
    if isinstance(task, HostTask):
        make = functools.partial(wrapping.made, task.make, names)
        probe = Environments(make, 1, itself["env_id"], task.max_episode_steps)
        space, actions, statistics = probe.space, probe.action_space, tuple(probe.statistics[0].read())
        probe.close()
        return dataclasses.replace(
            task, **itself, observation_space=space, action_space=actions, make=make, statistics=statistics
        )
    if type(task.world) is not Gymnax:
        raise NeurorlError(f"wrappers go around environments of Gymnasium or gymnax; '{task.env_id}' is neither")
    world = Gymnax(wrapping.around(task.env, names))
    space, actions = world.spaces(task.env_params)
    return dataclasses.replace(task, **itself, observation_space=space, action_space=actions, world=world, make_twin=None)


def _twin(env_id: str, settings: dict[str, Any], limit: int | None) -> HostTask | None:
    """Return Gymnasium's environment of the id of a JAX one, or None; only our own take the same parameters."""
    if env_id not in gymnasium.registry or registry.is_replaced(env_id) or (settings and env_id not in registry.OWN):
        return None
    return _resolve_host(env_id, Known(env_id, settings), limit)


def reward_threshold(env_id: str) -> float | None:
    """Return the return at which Gymnasium calls the task of this id solved, where it says so."""
    spec = gymnasium.registry.get(env_id)
    return spec.reward_threshold if spec else None


def _successor(name: str, known: list[str]) -> str | None:
    """Return the oldest newer version of an environment whose version Gymnasium no longer has, or None."""
    base, _, version = name.rpartition("-v")
    if name in known or not base or not version.isdigit():
        return None
    versions = [other.rpartition("-v")[2] for other in known if other.startswith(f"{base}-v")]
    newer = [int(v) for v in versions if v.isdigit() and int(v) > int(version)]
    return f"{base}-v{min(newer)}" if newer else None


def _resolve_jax(source: str, name: str, settings: dict[str, Any], limit: int | None) -> JaxTask:
    default_env, default_params = registry.make(name)
    arguments = registry.arguments(default_env)
    rules = minatar.arguments(name)
    defaults = {**numbers(default_params), **arguments, **rules}
    settings = minatar.completed(name, checked(settings, defaults))
    env, params = registry.make(name, **{k: settings.get(k, default) for k, default in arguments.items()})
    values = {**rules, **arguments, **numbers(params), **settings}
    if values != defaults:
        values |= {key: derive(values) for key, derive in DERIVED.get(name, {}).items() if key not in settings}
    params = params.replace(**{k: v for k, v in values.items() if k not in arguments and k not in rules})
    return _jax_task(source, source, name, minatar.world(env, values), params, values, values != defaults, limit)


def _resolve_suite(source: str, name: str, settings: dict[str, Any], limit: int | None) -> JaxTask:
    """Return the task of an id with the prefix of a suite."""
    plain = name.removeprefix(registry.GYMNAX)
    if plain != name and plain not in registry.ids():
        known = [f"{registry.GYMNAX}{other}" for other in registry.ids()]
        raise NeurorlError(f"unknown environment '{name}'{nearest(name, known)}; `neurorl list` shows them")
    if plain != name:
        return _resolve_jax(source, plain, settings, limit)
    arguments = suites.arguments(name)
    world = suites.make(name, **arguments)
    defaults = {**arguments, **numbers(world.default_params)}
    settings = checked(settings, defaults)
    if arguments != (asked := {key: settings.get(key, default) for key, default in arguments.items()}):
        world = suites.make(name, **asked)
    params = world.default_params
    if "max_steps_in_episode" in settings:
        params = world.limited(params, settings["max_steps_in_episode"])
    values = {**asked, **numbers(params)}
    return _jax_task(source, source, name, world, params, values, values != defaults, limit)


def _jax_task(
    env_id: str,
    source: str | None,
    known_id: str | None,
    world: World,
    params: Any,
    values: dict[str, Any],
    changed: bool,
    limit: int | None,
) -> JaxTask:
    own = world.limit(params)
    if limit is not None and limit != own:
        params = world.limited(params, limit)
    observation_space, action_space = world.spaces(params)
    return JaxTask(
        env_id=env_id,
        source=source,
        known_id=known_id,
        observation_space=observation_space,
        action_space=action_space,
        max_episode_steps=world.limit(params),
        limited_by_us=world.limit(params) != own,
        threshold=reward_threshold(known_id) if known_id else None,
        parameters=values,
        changed=changed,
        world=world,
        env_params=params,
        make_twin=functools.partial(_twin, known_id) if known_id else None,
    )


def _resolve_host(source: str, known: Known, limit: int | None) -> HostTask:
    """Return the task of a Gymnasium id with some parameters."""
    spec = gymnasium.spec(known.env_id)
    arguments = dict(known.settings)
    if limit is not None:
        arguments["max_episode_steps"] = limit
        if known.env_id in registry.OWN:  # its JAX side has the limit too
            arguments["max_steps_in_episode"] = limit
    make = functools.partial(_made_by_id, known.env_id, arguments)
    task = _host_task(source, source, known, make, limit, spec.max_episode_steps)
    known_id = None if registry.is_replaced(known.env_id) else known.env_id
    return dataclasses.replace(task, known_id=known_id, threshold=spec.reward_threshold)


def _made_by_id(env_id: str, arguments: dict[str, Any], **more: Any) -> Any:
    try:
        return gymnasium.make(env_id, disable_env_checker=True, **arguments, **more)
    except TypeError as error:
        raise NeurorlError(f"environment '{env_id}' does not take these parameters: {error}") from error
    except gymnasium.error.Error as error:
        raise NeurorlError(f"environment '{env_id}' cannot be made: {error}") from error


def _resolve_object(env: Any, source: str | None, loop: str, settings: dict[str, Any], limit: int | None) -> Task:
    if settings:
        raise NeurorlError("environment parameters can be set only for an environment given by its id")
    if callable(env) and not isinstance(env, gymnasium.Env) and not hasattr(type(env), "default_params"):
        made = _called(env)
        if not isinstance(made, gymnasium.Env):
            return _resolve_object(made, source, loop, settings, limit)
        return _host_object(made, env, source, loop, limit)
    if isinstance(env, gymnasium.Env):
        return _host_object(_copied(env), functools.partial(_copied, env), None, loop, limit)
    world, params = env if isinstance(env, tuple) and len(env) == 2 else (env, None)
    if isinstance(world, World) or hasattr(world, "default_params"):
        if loop == "host":
            raise NeurorlError("a JAX environment runs in the JAX loop only: use loop='auto'")
        return _jax_object(world, params, source, limit)
    if isinstance(env, gymnasium.vector.VectorEnv):
        raise NeurorlError(f"{env} is many environments; give what makes one of them, and every seed gets its own")
    raise NeurorlError(f"{env!r} is no environment: give an id, a Gymnasium or JAX environment, or a function that makes one")


def _jax_object(env: Any, params: Any, source: str | None, limit: int | None) -> JaxTask:
    """Return the task of a JAX environment, as its suite made it or as a World."""
    params = env.default_params if params is None else params
    if isinstance(env, World):
        return _jax_task(env.name, source, None, env, params, {}, False, limit)
    known = identity.of_gymnax(env, params)
    if known is None:
        return _jax_task(identity.name_of_gymnax(env), source, None, Gymnax(env), params, numbers(params), False, limit)
    values = registry.arguments(env) | numbers(params) | known.settings
    return _jax_task(known.env_id, known.env_id, known.env_id, Gymnax(env), params, values, bool(known.settings), limit)


def _host_object(probe: Any, make: Callable[..., Any], source: str | None, loop: str, limit: int | None) -> HostTask:
    """Return the task of a Gymnasium environment, of which ``probe`` is one."""
    if loop == "jax":
        raise NeurorlError("the JAX loop needs a JAX environment; use loop='auto' for a Gymnasium one")
    own = _own_limit(probe)
    known, name = identity.of_gymnasium(probe), identity.name_of(probe)
    probe.close()
    if known is not None:
        return _resolve_host(known.env_id, known, limit)
    if limit is not None and own is not None and limit > own:
        raise NeurorlError(
            f"'max_episode_steps' is {limit}, and environment '{name}' ends its episodes after {own} steps by itself; "
            "raise the limit where it is made, or leave the option out"
        )
    return _host_task(name, source, Known(name, {}), make, limit, own)


def _host_task(
    env_id: str, source: str | None, known: Known, make: Callable[..., Any], limit: int | None, own: int | None
) -> HostTask:
    effective = limit or own or DEFAULT_LIMIT
    probe = Environments(make, 1, env_id, effective)
    observation_space, action_space, statistics = probe.space, probe.action_space, probe.statistics[0].read()
    probe.close()
    return HostTask(
        env_id=env_id,
        source=source,
        known_id=None,
        observation_space=observation_space,
        action_space=action_space,
        max_episode_steps=effective,
        limited_by_us=effective != own,
        threshold=None,
        parameters=dict(known.settings),
        changed=bool(known.settings),
        make=make,
        statistics=tuple(statistics),
    )


def _called(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except NeurorlError:
        raise
    except Exception as error:  # a function of somebody's own may raise anything
        raise NeurorlError(
            f"the function {function!r}, which should make an environment, raised {type(error).__name__}: {error}"
        ) from error


def _copied(env: Any) -> Any:
    try:
        return copy.deepcopy(env)
    except Exception as error:  # whatever an environment holds that cannot be copied
        raise NeurorlError(
            f"environment {env} cannot be copied for every seed ({error}); pass its id, or the function that makes it"
        ) from error


def _own_limit(env: Any) -> int | None:
    """Return the time limit that an environment brings, or None."""
    limits = [layer._max_episode_steps for layer in layers(env) if isinstance(layer, gymnasium.wrappers.TimeLimit)]
    return min(limits, default=None)
