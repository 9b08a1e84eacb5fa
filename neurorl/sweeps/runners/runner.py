"""What all runners have in common, and how a process gets ready to compute shards."""

import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from neurorl.backend import compute_inline


class Outcome(NamedTuple):
    """What became of a shard."""

    name: str
    error: str | None  # None where its file is there


class Runner(Protocol):
    """Computes shards in any order."""

    @property
    def width(self) -> int:
        """How many shards it computes at once."""
        ...

    def run(self, tasks: list[dict[str, Any]], folder: Path) -> Iterator[Outcome]:
        """Yield the outcome of each task as it is known; its file is then in ``folder``. Closing the iterator stops the rest."""
        ...


def prepare() -> None:
    """Let this process compute as every other: XLA on one thread, and one cache of compiled programs for all.

    What the user has set stays. Processes that are started later inherit it.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    cache = os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(tempfile.gettempdir(), f"neurorl-jax-cache-{user}"))
    seconds = os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
    compute_inline()
    import jax  # reads the environment when it is imported, which may have been long ago

    if jax.config.jax_compilation_cache_dir is None:  # type: ignore[attr-defined]
        jax.config.update("jax_compilation_cache_dir", cache)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", float(seconds))


def attempt(compute: Callable[[], Any]) -> tuple[Any, str | None]:
    """Return what ``compute`` returns and no error, or nothing and the error as text: a bad configuration stops nothing."""
    try:
        return compute(), None
    except Exception as error:  # whatever an agent or an environment of somebody else raises
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = str(error).strip().splitlines()
        reason = text[0] if text else "no message"
        return None, f"{type(error).__name__}: {reason} ({os.path.basename(where.filename)}, line {where.lineno})"
