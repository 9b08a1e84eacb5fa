"""Packages that only a part of neurorl needs, and that may not be there."""

import contextlib
from collections.abc import Iterator

from neurorl.errors import NeurorlError


@contextlib.contextmanager
def needed(what: str, extra: str) -> Iterator[None]:
    """Say in one sentence how to get what an import of the block lacks: ``what`` it is for, and which ``extra`` brings it."""
    try:
        yield
    except ImportError as error:
        raise NeurorlError(f"{what} needs an extra: pip install 'neurorl[{extra}]' ({error})") from error
