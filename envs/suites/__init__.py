"""Suites of environments, whose ids have a prefix: ``brax/ant``, ``pgx/minatar-breakout``, ``ALE/Pong-v5``.

A suite is a module of about seventy lines that knows the suite's calls and no more:

    ids()                       the names of its environments, without the prefix
    arguments(name)             what ``env.NAME`` sets when an environment is made, with defaults
    make(name, **arguments)     the environment as a World (``neurorl.envs.world``)

Suites of Gymnasium register their ids when they are imported, and need no module. Each comes with an extra of the package.
Nothing of a suite is imported before one of its environments is asked for.
"""

import importlib
import importlib.util
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import gymnasium

from neurorl.envs.world import World
from neurorl.errors import NeurorlError, nearest


class Adapter(Protocol):
    """What the module of a suite has."""

    def ids(self) -> list[str]:
        """Return the names of the environments, without the prefix."""
        ...

    def arguments(self, name: str) -> dict[str, Any]:
        """Return what can be set when this environment is made, with defaults."""
        ...

    def make(self, name: str, **arguments: Any) -> World:
        """Return an environment."""
        ...


class Suite(NamedTuple):
    """Where the environments of a prefix come from."""

    package: str  # what is imported
    extra: str  # of this package: pip install "neurorl[extra]"
    title: str


SUITES = {
    "pgx": Suite("pgx", "pgx", "games for one player, MinAtar among them"),
    "jumanji": Suite("jumanji", "jumanji", "puzzles, packing and routing"),
    "navix": Suite("navix", "navix", "MiniGrid"),
    "xminigrid": Suite("xminigrid", "xminigrid", "XLand-MiniGrid"),
    "brax": Suite("brax", "brax", "robots"),
    "playground": Suite("mujoco_playground", "playground", "MuJoCo Playground: robots, and the DeepMind control suite"),
    "craftax": Suite("craftax", "craftax", "Crafter, and a larger game of its kind"),
}
HOSTED = {  # in Gymnasium, for the host loop: what registers the ids
    "ALE": Suite("ale_py", "atari", "Atari games"),
    "bsuite": Suite("shimmy", "bsuite", "the behaviour suite"),
}


def prefix_of(env_id: str) -> str | None:
    """Return the prefix of an id that belongs to a suite, or None."""
    prefix, slash, _ = env_id.partition("/")
    return prefix if slash and prefix in SUITES else None


def is_installed(suite: Suite) -> bool:
    """Return whether the package of a suite is there."""
    return importlib.util.find_spec(suite.package) is not None


def register_hosted(env_id: str) -> None:
    """Let Gymnasium know an id of a suite of its own, where it is one.

    Raises:
        NeurorlError: The package of the suite is not there.
    """
    prefix = env_id.partition("/")[0]
    if prefix in HOSTED and env_id not in gymnasium.registry:
        gymnasium.register_envs(_imported(HOSTED[prefix], env_id))


def ids(prefix: str) -> list[str]:
    """Return the ids of a suite, with the prefix."""
    if prefix in HOSTED:
        gymnasium.register_envs(_imported(HOSTED[prefix], f"{prefix}/"))
        return [env_id for env_id in gymnasium.registry if env_id.startswith(f"{prefix}/")]
    return [f"{prefix}/{name}" for name in _adapter(prefix, f"{prefix}/").ids()]


def arguments(env_id: str) -> dict[str, Any]:
    """Return what can be set when this environment is made, with defaults."""
    adapter, name = _find(env_id)
    return adapter.arguments(name)


def make(env_id: str, **arguments: Any) -> World:
    """Return the environment of an id of a suite.

    Raises:
        NeurorlError: The package of the suite is not there, the suite has no such environment, or cannot make it so.
    """
    adapter, name = _find(env_id)
    try:
        return adapter.make(name, **arguments)
    except NeurorlError:
        raise
    except Exception as error:  # a suite may raise anything
        raise NeurorlError(f"environment '{env_id}' cannot be made: {type(error).__name__}: {error}") from error


def _find(env_id: str) -> tuple[Adapter, str]:
    prefix, _, name = env_id.partition("/")
    adapter = _adapter(prefix, env_id)
    known = adapter.ids()
    if name not in known:
        raise NeurorlError(f"unknown environment '{env_id}'{nearest(name, known)}; `neurorl list {prefix}/` shows them")
    return adapter, name


def _adapter(prefix: str, env_id: str) -> Adapter:
    _imported(SUITES[prefix], env_id)
    adapter: Any = importlib.import_module(f"neurorl.envs.suites.{prefix}")
    return adapter


def _imported(suite: Suite, env_id: str) -> ModuleType:
    try:
        return importlib.import_module(suite.package)
    except ImportError as error:
        raise NeurorlError(
            f"'{env_id}' needs the package {suite.package}, which cannot be imported ({error}): "
            f'pip install "neurorl[{suite.extra}]"'
        ) from error
