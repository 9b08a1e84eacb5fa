"""Wrappers around an environment, by a name with which another process makes them again.

    gymnasium.wrappers:FlattenObservation
    gymnasium.wrappers:FrameStackObservation(stack_size=4)
    my_wrappers:Tenfold

A wrapper takes an environment and returns one: of Gymnasium for the host loop, of gymnax's contract for the jitted one.
"""

import ast
import functools
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium

from neurorl.envs import identity
from neurorl.errors import NeurorlError


def named(wrapper: Any) -> str:
    """Return the name of a wrapper: a name, a class or function that a module holds, or a ``functools.partial`` of one.

    Raises:
        NeurorlError: Nothing by which another process would find it.
    """
    if isinstance(wrapper, str):
        return wrapper
    made = isinstance(wrapper, functools.partial)
    source = identity.source_of(wrapper.func if made else wrapper)
    arguments = wrapper.keywords if made else {}
    if source is None or (made and wrapper.args) or not all(_is_literal(value) for value in arguments.values()):
        raise NeurorlError(
            f"wrapper {wrapper!r} cannot be made again by a run that is resumed or evaluated: put it into a module and give "
            "'module:name', or functools.partial(name, argument=value) with numbers and text"
        )
    return f"{source}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})" if arguments else source


def find(name: str) -> Callable[..., Any]:
    """Return the wrapper of a name, its arguments filled in."""
    source, bracket, _ = name.partition("(")
    try:
        found = identity.find(source) if ":" in source else None
        call: Any = ast.parse(f"f{name[len(source) :]}", mode="eval").body if bracket else None
        arguments = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords} if bracket else {}
    except (ImportError, SyntaxError, ValueError, AttributeError) as error:
        raise NeurorlError(f"wrapper '{name}' cannot be made: {error}") from error
    if not callable(found) or (bracket and call.args):
        raise NeurorlError(f"wrapper '{name}' is none; write module:name, or module:name(argument=value)")
    return functools.partial(found, **arguments) if arguments else found


def loop_of(names: Sequence[str], loop: str) -> str:
    """Return the loop in which wrappers work: that of the host, where one is Gymnasium's and nobody said which."""
    kinds = [getattr(found, "func", found) for found in map(find, names)]
    hosted = any(isinstance(kind, type) and issubclass(kind, gymnasium.Wrapper) for kind in kinds)
    return "host" if hosted and loop == "auto" else loop


def around(env: Any, names: Sequence[str]) -> Any:
    """Return an environment with wrappers around it, the first innermost."""
    for name in names:
        try:
            env = find(name)(env)
        except NeurorlError:
            raise
        except Exception as error:  # a wrapper may raise anything
            raise NeurorlError(f"wrapper '{name}' cannot be put around {env}: {type(error).__name__}: {error}") from error
    return env


def made(make: Callable[..., Any], names: Sequence[str], **arguments: Any) -> Any:
    """Return what ``make`` makes, with wrappers around it."""
    return around(make(**arguments), names)


def name_of(env_id: str, names: Sequence[str]) -> str:
    """Return the name of an environment with wrappers, the outermost first."""
    return "-".join([*(name.partition("(")[0].rpartition(":")[2] for name in reversed(names)), env_id])


def _is_literal(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError):
        return False
