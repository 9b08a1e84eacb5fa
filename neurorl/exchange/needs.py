"""Packages of the extra ``nwb``, which may not be there."""

import contextlib
from collections.abc import Iterator

from neurorl.errors import NeurorlError


@contextlib.contextmanager
def needs(what: str) -> Iterator[None]:
    """Say in one sentence how to get what an import of the block lacks."""
    try:
        yield
    except ImportError as error:
        raise NeurorlError(f"{what} needs an extra: pip install 'neurorl[nwb]' ({error})") from error
