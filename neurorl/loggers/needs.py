"""Packages that only one logger needs, and that may not be there."""

import contextlib
from collections.abc import Iterator

from neurorl.errors import NeurorlError


@contextlib.contextmanager
def needs(extra: str) -> Iterator[None]:
    """Say in one sentence how to get what an import of the block lacks."""
    try:
        yield
    except ImportError as error:
        raise NeurorlError(f"logger '{extra}' needs an extra: pip install 'neurorl[{extra}]' ({error})") from error
