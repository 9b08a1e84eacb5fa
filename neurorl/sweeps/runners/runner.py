"""What all runners have in common, and how a process gets ready to compute shards."""

import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from neurorl.backend import compute_inline, keep_programs


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
    """Let this process compute as every other: XLA on one thread, and one cache of compiled programs for all."""
    keep_programs()
    compute_inline()


def attempt(compute: Callable[[], Any]) -> tuple[Any, str | None]:
    """Return what ``compute`` returns and no error, or nothing and the error as text: a bad configuration stops nothing."""
    try:
        return compute(), None
    except Exception as error:  # whatever an agent or an environment of somebody else raises
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = str(error).strip().splitlines()
        reason = text[0] if text else "no message"
        return None, f"{type(error).__name__}: {reason} ({os.path.basename(where.filename)}, line {where.lineno})"
