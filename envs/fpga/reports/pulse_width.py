"""Whether the pulses of a clock are long enough for the cells it drives, from the details of a timing summary.

The names of this table stand over no dashes, and every column at the left::

    Clock Name:         clk
    Period(ns):         8.000
    Check Type        Corner  Lib Pin   Reference Pin  Required(ns)  Actual(ns)  Slack(ns)  Location      Pin
    Low Pulse Width   Slow    FDCE/C    n/a            0.500         5.000       4.500      SLICE_X1Y2    a_reg/C
"""

import dataclasses
import re

from neurorl.envs.fpga.reports import values
from neurorl.envs.fpga.reports.text import Source

_NAMES = re.compile(r"\S+(?: \S+)*")
MAX_CHECKS = 50_000


@dataclasses.dataclass(frozen=True)
class PulseWidthCheck:
    """One check of a pulse, a period or a skew."""

    slack_ns: float
    clock: str | None
    check: str  # "Min Period", "Low Pulse Width", "Max Skew", ...
    corner: str | None
    lib_pin: str | None
    reference_pin: str | None
    required_ns: float | None
    actual_ns: float | None
    location: str | None
    pin: str | None


def parse_checks(source: Source, start: int) -> tuple[str | None, list[PulseWidthCheck], int]:
    """Return the clock, its checks, and the index after them; they begin at ``start``."""
    lines = source.lines
    clock: str | None = None
    at = start + 1
    while at < len(lines) and not lines[at].startswith("Check Type"):
        if lines[at].startswith("Clock Name:"):
            clock = lines[at].partition(":")[2].strip()
        elif lines[at].startswith(("Slack", "From Clock", "Pulse Width Checks", "Path Group", "Max Delay Paths")):
            return None, [], at
        at += 1
    if at >= len(lines):
        source.warn(len(lines) - 1, "the text ends inside the pulse width checks")
        return None, [], at
    if len(lines[at]) > 2_000:
        source.warn(at, "the names of the pulse width checks cannot be read")
        return None, [], at + 1
    names = [(match[0].removesuffix("(ns)"), match.start()) for match in _NAMES.finditer(lines[at])]
    checks: list[PulseWidthCheck] = []
    at += 1
    while at < len(lines) and lines[at].strip():
        check = _check(source, at, names, clock) if len(checks) < MAX_CHECKS else None
        if check is not None:
            checks.append(check)
        at += 1
    if len(checks) == MAX_CHECKS:
        source.warn(at - 1, f"only the first {MAX_CHECKS:,} checks of a clock were read")
    if at >= len(lines):  # an empty line ends the checks
        source.warn(len(lines) - 1, "the text ends inside the pulse width checks")
    return clock, checks, at


def _check(source: Source, at: int, names: list[tuple[str, int]], clock: str | None) -> PulseWidthCheck | None:
    line = source.lines[at]
    ends = [start for _, start in names[1:]] + [len(line)]
    cells = {name: line[start:end].strip() for (name, start), end in zip(names, ends, strict=True)}
    if source.open(at):
        source.warn(at, "the text ends inside the row")
        cells = {name: cell if end < len(line) else "" for (name, cell), end in zip(cells.items(), ends, strict=True)}
    numbers = {name: values.reading(source, at, name, cells.get(name, "")).value for name in ("Required", "Actual", "Slack")}
    if numbers["Slack"] is None:
        return None
    return PulseWidthCheck(
        slack_ns=float(numbers["Slack"]),
        clock=clock,
        check=cells["Check Type"],
        corner=_word(cells.get("Corner")),
        lib_pin=_word(cells.get("Lib Pin")),
        reference_pin=_word(cells.get("Reference Pin")),
        required_ns=numbers["Required"],
        actual_ns=numbers["Actual"],
        location=_word(cells.get("Location")),
        pin=_word(cells.get("Pin")),
    )


def _word(cell: str | None) -> str | None:
    return cell if cell and cell != "n/a" else None
