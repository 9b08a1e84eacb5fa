"""NIR files, and what neurorl writes into the metadata of a graph and of its nodes: one JSON text under one key each."""

import json
import os
from typing import Any

from neurorl import extras
from neurorl.errors import NeurorlError
from neurorl.files import user_path, write_atomically

KEY = "neurorl"  # of the metadata
MS = 1000.0  # ms in a second: NIR's files count in seconds


def package() -> Any:
    """Return the package ``nir``.

    Raises:
        NeurorlError: It is not installed.
    """
    with extras.needed("NIR", "nir"):
        import nir
    return nir


def read(path: str | os.PathLike[str]) -> Any:
    """Return the graph in a NIR file.

    Raises:
        NeurorlError: No such file, or one that the package ``nir`` cannot read.
    """
    file = user_path(path)
    if not file.is_file():
        raise NeurorlError(f"there is no file '{path}'")
    try:
        return package().read(
            file, type_check=False
        )  # older programs wrote shapes that its check refuses; ``from_nir`` has its own
    except (OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        raise NeurorlError(f"'{path}' cannot be read as NIR: {error}") from error


def write(graph: Any, path: str | os.PathLike[str]) -> None:
    """Write a graph into a file, which is there only when it is whole.

    Raises:
        NeurorlError: The package ``nir`` is not installed.
        OSError: The file cannot be written.
    """
    nir = package()
    write_atomically(user_path(path), lambda temporary: nir.write(temporary, graph))


def note(values: dict[str, Any]) -> dict[str, str]:
    """Return metadata that holds ``values``, which JSON can say."""
    return {KEY: json.dumps(values)}


def noted(node: Any) -> dict[str, Any]:
    """Return what :func:`note` put into a node or a graph; {} where another program wrote it."""
    text = node.metadata.get(KEY) if isinstance(node.metadata, dict) else None
    text = text.decode() if isinstance(text, bytes) else text
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}
