"""What a cell says: a number, infinity, nothing, or words.

``NA`` and an empty cell are None, never 0; ``inf`` is infinity; ``<0.01`` is the bound 0.01 and known as one; what follows a
number, as in ``25.955 (Junction temp exceeded!)`` or ``26.832**``, is a remark.
"""

import math
import re
from typing import NamedTuple

from neurorl.envs.fpga.reports.text import Source

MISSING = frozenset({"", "na", "n/a", "---", "--", "-", "_", "none", "unspecified"})
INFINITE = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "infinity": math.inf}
NUMBER = re.compile(r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3}){1,9}|[0-9]{1,30})(?:\.[0-9]{1,30})?(?![0-9A-Za-z_.,\ufffd])", re.ASCII)


class Reading(NamedTuple):
    """A cell that was read."""

    value: int | float | None = None  # None: missing
    below: bool = False  # whether the value is only an upper bound, as in "<0.01"
    remark: str = ""  # what stands after the number


def read(cell: str) -> Reading:
    """Return what a cell says.

    Raises:
        ValueError: Neither a number nor one of the words for a missing one.
    """
    text = cell.strip()
    word = text.rstrip("*").casefold()
    if word in MISSING:
        return Reading(remark=text if text.endswith("*") else "")
    if word in INFINITE:
        return Reading(INFINITE[word])
    below = text.startswith("<")
    body = text[1:].lstrip() if below else text
    match = NUMBER.match(body)
    if match is None:
        raise ValueError(text)
    digits = match[0].replace(",", "")
    remark = body[match.end() :].strip()
    if remark and not re.match(r"[*(%]", remark):
        raise ValueError(text)
    return Reading(float(digits) if "." in digits else int(digits), below, remark)


def reading(source: Source, line: int, name: str, cell: str) -> Reading:
    """Return what a cell says; one that cannot be read is missing, and noted with its line and ``name``."""
    try:
        return read(cell)
    except ValueError:
        source.warn(line, f"'{name}' is {cell.strip()[:40]!r}, which is not a number")
        return Reading()


def loose(cell: str) -> int | float | str | None:
    """Return a cell of any kind as a number where it is just that, None where it is empty or NA, and else as its words."""
    try:
        value, below, remark = read(cell)
    except ValueError:
        return cell.strip()
    if below or remark:
        return cell.strip()
    return value
