"""Files that appear, or change, by one rename when they are whole."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def user_path(path: str | os.PathLike[str]) -> Path:
    """Return a path that a person gave: ``~`` is the home folder, which a shell does not say within ``--out=~/runs``."""
    return Path(os.path.expanduser(path))


def write_atomically(path: Path, write: Callable[[Path], Any]) -> None:
    """Let ``write`` make a temporary file beside ``path``, and rename it into place; where that fails, nothing is left."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())  # before the rename, so that it is whole after a power cut too
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
