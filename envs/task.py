"""A task: an environment by id, resolved to the JAX one where there is one, with its spaces, limit and threshold.

``ENV`` is an id of this package (``neurorl/FpgaTelemetry-v0``), a gymnax id (``Catch-bsuite``), a Gymnasium id (``Taxi-v3``),
``module:id`` (the module is imported first and may register the id), or in Python an environment object or a function that
makes one.
"""

import dataclasses
import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from neurorl.envs import ranges, registry
from neurorl.envs.lane import space_of
from neurorl.errors import NeurorlError, nearest
from neurorl.parameters import check

LOOPS = ("auto", "jax", "host")
DEFAULT_LIMIT = 1000  # environment steps, where an environment has no time limit of its own

# gymnax keeps these sums and products as parameters of their own; they follow unless they are set themselves.
DERIVED: dict[str, dict[str, Callable[[dict[str, Any]], float]]] = {
    "CartPole-v1": {
        "total_mass": lambda p: p["masscart"] + p["masspole"],
        "polemass_length": lambda p: p["masspole"] * p["length"],
    },
}


@dataclasses.dataclass(frozen=True)
class Task:
    """An environment, ready for a loop."""

    env_id: str
    loop: str  # "jax" or "host"
    observation_space: spaces.Space[Any]
    action_space: spaces.Space[Any]
    max_episode_steps: int
    limited_by_us: bool  # whether the environment has no time limit of its own, or ours is shorter
    threshold: float | None  # return at which the task counts as solved
    parameters: dict[str, Any]  # every numeric parameter of the environment, changed ones included
    changed: bool  # whether any parameter differs from the environment's default
    env: Any = None  # the gymnax environment
    env_params: Any = None  # and its parameters
    make: Callable[..., Any] | None = None  # makes a Gymnasium environment

    @property
    def ranges(self) -> ranges.Ranges | None:
        """What is known of the range of every observation dimension."""
        return ranges.find(self.env_id, self.observation_space)


def resolve(env: Any, loop: str = "auto", settings: dict[str, Any] | None = None, max_episode_steps: int | None = None) -> Task:
    """Return the task of ``ENV``.

    Args:
        env: An id, an environment, or a function that makes a Gymnasium environment.
        loop: "jax" for the jitted loop over a gymnax environment, "host" for Gymnasium, "auto" for jax where it exists.
        settings: Parameters of the environment that differ from its defaults.
        max_episode_steps: Shorter time limit; also the limit of an environment that has none.

    Raises:
        NeurorlError: An unknown id, parameter or loop, or a space that is not supported.
    """
    if loop not in LOOPS:
        raise NeurorlError(f"loop '{loop}' is unknown; it must be one of {', '.join(LOOPS)}{nearest(loop, LOOPS)}")
    if max_episode_steps is not None and max_episode_steps < 1:
        raise NeurorlError(f"'max_episode_steps' is {max_episode_steps}; it must be at least 1")
    settings = dict(settings or {})
    if not isinstance(env, str):
        return _resolve_object(env, loop, settings, max_episode_steps)
    module, _, name = env.rpartition(":")
    if module:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise NeurorlError(f"environment '{env}': module '{module}' cannot be imported: {error}") from error
    if loop != "host" and name in registry.ids():
        return _resolve_jax(env, name, settings, max_episode_steps)
    known = list(gymnasium.registry)
    if successor := _successor(name, known):
        env = f"{module}:{successor}" if module else successor
        name = successor
    if name not in known:
        ids = known + registry.ids()
        if name in ids:
            raise NeurorlError(f"environment '{env}' exists only in JAX: use --loop jax")
        raise NeurorlError(f"unknown environment '{env}'{nearest(name, ids)}; `neurorl list` shows them")
    if loop == "jax":
        raise NeurorlError(f"environment '{env}' has no JAX version: use --loop host")
    return _resolve_host(env, name, settings, max_episode_steps)


def _successor(name: str, known: list[str]) -> str | None:
    """Return the oldest newer version of an environment whose version Gymnasium no longer has, or None."""
    base, _, version = name.rpartition("-v")
    if name in known or not base or not version.isdigit():
        return None
    versions = [other.rpartition("-v")[2] for other in known if other.startswith(f"{base}-v")]
    newer = [int(v) for v in versions if v.isdigit() and int(v) > int(version)]
    return f"{base}-v{min(newer)}" if newer else None


def changed(task: Task, settings: dict[str, Any]) -> Task:
    """Return a task of a JAX environment with other parameters; what follows from them follows, unless it had been set.

    Raises:
        NeurorlError: An unknown parameter, a value of the wrong type, or one that decides shapes.
    """
    own = {key: value for key, value in task.parameters.items() if hasattr(task.env_params, key)}
    settings = _checked(settings, own)
    before, after = task.parameters, {**task.parameters, **settings}
    for key, derive in DERIVED.get(task.env_id.rpartition(":")[2], {}).items():
        if key not in settings and np.isclose(before[key], derive(before)):
            after[key] = derive(after)
    params = task.env_params.replace(**{key: after[key] for key in own if after[key] != before[key]})
    return dataclasses.replace(task, env_params=params, parameters=after, changed=True)


def reward_threshold(env_id: str) -> float | None:
    """Return the return at which Gymnasium calls the task of this id solved, where it says so."""
    spec = gymnasium.registry.get(env_id.rpartition(":")[2])
    return spec.reward_threshold if spec else None


def _resolve_jax(env_id: str, name: str, settings: dict[str, Any], limit: int | None) -> Task:
    default_env, default_params = registry.make(name)
    signature = inspect.signature(type(default_env).__init__).parameters
    arguments = {k: p.default for k, p in signature.items() if isinstance(p.default, int | float | str)}
    defaults = {**_numbers(default_params), **arguments}
    settings = _checked(settings, defaults)
    env, params = registry.make(name, **{k: settings.get(k, default) for k, default in arguments.items()})
    values = {**arguments, **_numbers(params), **settings}
    if values != defaults:
        values |= {key: derive(values) for key, derive in DERIVED.get(name, {}).items() if key not in settings}
    params = params.replace(**{k: v for k, v in values.items() if k not in arguments})
    return _jax_task(env_id, env, params, values, values != defaults, limit)


def _jax_task(env_id: str, env: Any, params: Any, values: dict[str, Any], changed: bool, limit: int | None) -> Task:
    shorter = limit is not None and limit < int(params.max_steps_in_episode)
    if shorter:
        params = params.replace(max_steps_in_episode=limit)
    return Task(
        env_id=env_id,
        loop="jax",
        observation_space=space_of(env.observation_space(params)),
        action_space=space_of(env.action_space(params)),
        max_episode_steps=int(params.max_steps_in_episode),
        limited_by_us=shorter,
        threshold=reward_threshold(env_id),
        parameters=values,
        changed=changed,
        env=env,
        env_params=params,
    )


def _resolve_host(env_id: str, name: str, settings: dict[str, Any], limit: int | None) -> Task:
    spec = gymnasium.spec(name)
    make = functools.partial(gymnasium.make, name, disable_env_checker=True, **settings)
    return _host_task(env_id, make, settings, limit, spec.max_episode_steps, spec.reward_threshold)


def _resolve_object(env: Any, loop: str, settings: dict[str, Any], limit: int | None) -> Task:
    if settings:
        raise NeurorlError("environment parameters can be set only for an environment given by its id")
    if isinstance(env, tuple):  # gymnax.make gives (environment, parameters)
        env, params = env
        return _jax_task(env.name, env, params, _numbers(params), _numbers(params) != _numbers(env.default_params), limit)
    if hasattr(env, "default_params") and not isinstance(env, type):
        if loop == "host":
            raise NeurorlError("a gymnax environment runs in the JAX loop only: use loop='auto'")
        return _jax_task(env.name, env, env.default_params, _numbers(env.default_params), False, limit)
    if loop == "jax":
        raise NeurorlError("the JAX loop needs a gymnax environment; use loop='auto' for a Gymnasium one")
    if isinstance(env, gymnasium.Env):
        if env.spec is None:
            raise NeurorlError("an environment without a spec cannot be copied for every seed: pass the function that makes it")
        return _host_task(env.spec.id, env.spec.make, {}, limit, env.spec.max_episode_steps, env.spec.reward_threshold)
    if callable(env):
        probe = env()
        if not isinstance(probe, gymnasium.Env):
            raise NeurorlError(f"the function {env!r} made a {type(probe).__name__}, not a gymnasium.Env")
        name = probe.spec.id if probe.spec else type(probe.unwrapped).__name__
        own = probe.spec.max_episode_steps if probe.spec else None
        probe.close()
        return _host_task(name, env, {}, limit, own, probe.spec.reward_threshold if probe.spec else None)
    raise NeurorlError(f"{env!r} is no environment: give an id, a Gymnasium or gymnax environment, or a function that makes one")


def _host_task(
    env_id: str, make: Callable[[], Any], settings: dict[str, Any], limit: int | None, own: int | None, threshold: float | None
) -> Task:
    try:
        env = make()
    except TypeError as error:
        raise NeurorlError(f"environment '{env_id}' does not take these parameters: {error}") from error
    except gymnasium.error.Error as error:
        raise NeurorlError(f"environment '{env_id}' cannot be made: {error}") from error
    observation_space, action_space = env.observation_space, env.action_space
    env.close()
    effective = min(n for n in (limit or (None if own else DEFAULT_LIMIT), own) if n is not None)
    return Task(
        env_id=env_id,
        loop="host",
        observation_space=observation_space,
        action_space=action_space,
        max_episode_steps=effective,
        limited_by_us=effective != own,
        threshold=threshold,
        parameters=dict(settings),
        changed=bool(settings),
        make=make,
    )


def _numbers(params: Any) -> dict[str, Any]:
    """Return the scalar fields of a gymnax parameter set as plain numbers."""
    numbers = {}
    for field in dataclasses.fields(params):
        value = getattr(params, field.name)
        if np.ndim(value) == 0 and np.issubdtype(np.asarray(value).dtype, np.number):
            numbers[field.name] = value if isinstance(value, int | float) else np.asarray(value).item()
        elif isinstance(value, bool):
            numbers[field.name] = value
    return numbers


def _checked(settings: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    for key in settings:
        if key not in defaults:
            raise NeurorlError(f"unknown parameter 'env.{key}'{nearest(key, defaults)}; there are {', '.join(sorted(defaults))}")
    return {key: check(f"env.{key}", value, defaults[key], {}) for key, value in settings.items()}
