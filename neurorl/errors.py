"""The one exception a user is meant to read."""

import difflib
from collections.abc import Iterable


class NeurorlError(ValueError):
    """Bad input: one sentence that names the field, the value and the fix."""


class NeurorlWarning(UserWarning):
    """Something that a user should know, and that stops nothing."""


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return `` did you mean 'X'?`` for the candidate closest to ``name``, or an empty string."""
    names = list(candidates)
    lowered = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    return f"; did you mean '{lowered[close[0]]}'?" if close else ""
