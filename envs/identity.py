"""What an environment is: the very thing that an id makes, or something of its own.

What is known of an id (ranges, a preset, a threshold, a twin in another suite) is true of what the id itself makes, unwrapped and
unchanged. An object is compared with a new one that its id makes: the same classes all the way down, the same numbers in
them. All else is itself, and another process can make it again only by ``module:function``.
"""

import collections
import dataclasses
import importlib
import json
import sys
import types
from typing import Any, NamedTuple

import gymnasium
import jax
import numpy as np
from gymnasium import spaces

from neurorl.envs import registry
from neurorl.envs.running_statistics import layers

# What differs between two environments of one id without changing the task.
INCIDENTAL = {
    "env",
    "render_mode",
    "spec",
    "metadata",
    "np_random",
    "_np_random",
    "_np_random_seed",
    "_cached_spec",
    "_saved_kwargs",
}
STANDARD = (gymnasium.wrappers.PassiveEnvChecker, gymnasium.wrappers.OrderEnforcing, gymnasium.wrappers.TimeLimit)
DEEPEST = 4  # levels of objects within objects that are compared


class Known(NamedTuple):
    """An id, and the parameters of it that differ from its defaults."""

    env_id: str
    settings: dict[str, Any]


def of_gymnasium(env: Any) -> Known | None:
    """Return which id makes this very environment, or None.

    Args:
        env: It must not be in use: it may be reset.
    """
    spec = env.unwrapped.spec
    registered = gymnasium.registry.get(spec.id) if spec else None
    if spec is None or registered is None or not all(isinstance(layer, STANDARD) for layer in list(layers(env))[:-1]):
        return None
    settings = {k: v for k, v in spec.kwargs.items() if k != "render_mode" and not _same(registered.kwargs.get(k, _ABSENT), v)}
    fresh = None
    try:
        json.dumps(settings)  # what cannot be written down cannot be made again
        fresh = gymnasium.make(spec.id, disable_env_checker=True, **settings)
        if _same_chain(env, fresh):
            return Known(spec.id, settings)
        for each in (env, fresh):  # one that was in use has left its beginning
            each.reset(seed=0)
        return Known(spec.id, settings) if _same_chain(env, fresh) else None
    except Exception:  # an environment may raise anything; one that its id cannot make so is not what the id makes
        return None
    finally:
        if fresh is not None:
            fresh.close()


def of_gymnax(env: Any, params: Any) -> Known | None:
    """Return which id makes this very JAX environment with these parameters, or None."""
    path = f"{type(env).__module__}:{type(env).__qualname__}"
    own = [env_id for env_id, place in registry.OWN.items() if place == path]
    env_id = own[0] if own else getattr(env, "name", None)
    if env_id not in registry.ids():
        return None
    default, default_params = registry.make(env_id)
    if type(default) is not type(env):
        return None
    arguments = {k: v for k, v in registry.arguments(default).items() if k in vars(env)}
    arguments = {k: getattr(env, k) for k in arguments}
    made, made_params = registry.make(env_id, **arguments) if arguments else (default, default_params)
    settings = numbers(params)
    rebuilt = made_params.replace(**settings) if type(made_params) is type(params) else None
    if rebuilt is None or not _same(env, made) or not _same(rebuilt, params):
        return None
    defaults = numbers(default_params) | registry.arguments(default)
    return Known(env_id, {k: v for k, v in (settings | arguments).items() if defaults[k] != v})


def name_of(env: Any) -> str:
    """Return a name for an environment that is itself: its wrappers from the outermost on, and what they wrap."""
    chain = list(layers(env))
    wrappers = [type(layer).__name__ for layer in chain[:-1] if not isinstance(layer, STANDARD)]
    spec = chain[-1].spec
    inner = spec.id if spec else type(chain[-1]).__name__
    return "-".join([*wrappers, inner] if wrappers or not spec else [inner, "changed"])


def name_of_gymnax(env: Any) -> str:
    """Return a name for a JAX environment that is itself."""
    names = []
    while "_env" in getattr(env, "__dict__", {}):
        names.append(type(env).__name__)
        env = env._env
    own = type(env).__name__
    standard = type(env).__module__.startswith(("gymnax.", "neurorl."))
    return "-".join([*names, own] if names or not standard else [own, "changed"])


def source_of(thing: Any) -> str | None:
    """Return ``module:name`` by which another process finds a function or class, or None."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not module or not name or module == "__main__":
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if found is thing else None


def find(source: str) -> Any:
    """Return what is called ``module:name``, or None."""
    module, _, name = source.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def numbers(params: Any) -> dict[str, Any]:
    """Return the scalar fields of a gymnax parameter set as plain numbers."""
    found = {}
    for field in dataclasses.fields(params):
        value = getattr(params, field.name)
        if np.ndim(value) == 0 and np.issubdtype(np.asarray(value).dtype, np.number):
            found[field.name] = value if isinstance(value, int | float) else np.asarray(value).item()
        elif isinstance(value, bool):
            found[field.name] = value
    return found


_ABSENT = object()


def _same_chain(env: Any, other: Any) -> bool:
    chains = [[e for e in layers(each) if not isinstance(e, gymnasium.wrappers.PassiveEnvChecker)] for each in (env, other)]
    return len(chains[0]) == len(chains[1]) and all(_same(a, b) for a, b in zip(*chains, strict=True))


def _same(a: Any, b: Any, depth: int = DEEPEST) -> bool:
    """Return whether two values are alike in everything that can be compared."""
    if a is b or depth == 0:
        return True
    if all(isinstance(x, int | float | np.generic | np.ndarray | jax.Array) and np.ndim(x) == 0 for x in (a, b)):
        return bool(a == b) or bool(a != a and b != b)
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | jax.Array):
        return a.shape == b.shape and a.dtype == b.dtype and bool(np.all((a == b) | ((a != a) & (b != b))))
    if isinstance(a, str | bytes | complex | set | frozenset | type | spaces.Space):
        return bool(a == b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key], depth - 1) for key in a)
    if isinstance(a, list | tuple | collections.deque):
        return len(a) == len(b) and all(_same(x, y, depth - 1) for x, y in zip(a, b, strict=True))
    if isinstance(a, types.FunctionType):
        one, other = ([cell.cell_contents for cell in f.__closure__ or ()] for f in (a, b))
        return a.__code__ is b.__code__ and _same(one, other, depth - 1)
    if hasattr(a, "__dict__"):
        first, second = ({k: v for k, v in vars(x).items() if k not in INCIDENTAL} for x in (a, b))
        return _same(first, second, depth)
    return True  # two of one kind that do not show what is in them, such as generators of random numbers
