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

MAX_CHECKS = 50_000
NAMES = ("check type", "corner", "lib pin", "reference pin", "required", "actual", "slack", "location", "pin")
_TYPES = ("min period", "max period", "low pulse width", "high pulse width", "max skew", "min low pulse", "min high pulse")
_NAME = re.compile(r"(?<!\S)(?:Check\s++Type|Lib\s++Pin|Reference\s++Pin|\S++)", re.IGNORECASE)
_CELL = re.compile(r"\S++(?: \S++)*+")
_BEFORE = ("pulse width checks", "clock name:", "waveform", "period", "sources:", "----")
_ENDS = ("slack", "from clock:", "pulse width checks", "path group:", "max delay paths", "min delay paths", "| ")


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


def is_names(line: str) -> bool:
    """Return whether a line has the names of the table."""
    low = line.strip().casefold()
    return low.startswith("check") and "slack" in low and "required" in low


def parse_checks(source: Source, start: int) -> tuple[str | None, list[PulseWidthCheck], int]:
    """Return the clock, its checks, and the index after them; they begin at ``start``."""
    lines = source.lines
    clock: str | None = None
    at = start
    while at < len(lines) and not is_names(lines[at]):
        text = lines[at].strip()
        if text.casefold().startswith("clock name:"):
            clock = text.partition(":")[2].strip()
        elif at > start and text.casefold().startswith(_ENDS):
            return clock, [], at
        if text.casefold().startswith(_BEFORE):
            source.mark(at)
        at += 1
    if at >= len(lines):
        source.warn(len(lines) - 1, "the text ends inside the pulse width checks")
        return None, [], at
    if clock is None:
        source.warn(at, "the pulse width checks name no clock")
    source.mark(at)
    names = [
        ("".join(match[0].split()).casefold().removesuffix("(ns)"), match.start()) for match in _NAME.finditer(lines[at][:2_000])
    ]
    known = {"".join(name.split()): name for name in NAMES}
    if any(name not in known for name, _ in names) or len(names) < len(NAMES):
        source.warn(at, "the names of the pulse width checks are not those that are known: they were not read")
        names = []
    checks: list[PulseWidthCheck] = []
    at += 1
    while at < len(lines) and (lines[at].strip() or (at + 1 < len(lines) and is_row(lines[at + 1]))):
        text = lines[at].strip()
        if text.casefold().startswith(_ENDS) or text.startswith("----"):
            break
        if text and len(checks) < MAX_CHECKS:
            source.mark(at)
            check = _check(source, at, [(known[name], begin) for name, begin in names], clock) if names else None
            checks += [] if check is None else [check]
        at += 1
    if len(checks) == MAX_CHECKS:
        source.warn(at - 1, f"only the first {MAX_CHECKS:,} checks of a clock were read")
    if at >= len(lines):  # an empty line ends the checks
        source.warn(len(lines) - 1, "the text ends inside the pulse width checks")
    return clock, checks, at


def is_row(line: str) -> bool:
    """Return whether a line seems to be a row of the table."""
    return line.strip().casefold().startswith(_TYPES)


def _check(source: Source, at: int, names: list[tuple[str, int]], clock: str | None) -> PulseWidthCheck | None:
    cells = _cells(source, at, names)
    if cells is None:
        source.warn(at, "the cells of the pulse width check cannot be told apart")
        return None
    numbers = {name: values.reading(source, at, name, cells[name]).value for name in ("required", "actual", "slack")}
    slack = numbers["slack"]
    if slack is None:
        source.warn(at, "the pulse width check has no slack")
        return None
    words = {name: cell if cell.casefold() not in ("", "n/a") else None for name, cell in cells.items()}
    return PulseWidthCheck(
        slack_ns=float(slack),
        clock=clock,
        check=cells["check type"],
        corner=words["corner"],
        lib_pin=words["lib pin"],
        reference_pin=words["reference pin"],
        required_ns=numbers["required"],
        actual_ns=numbers["actual"],
        location=words["location"],
        pin=words["pin"],
    )


def _cells(source: Source, at: int, names: list[tuple[str, int]]) -> dict[str, str] | None:
    """Return the cells of a row by name: two spaces apart, or where their column begins, or one apart; None: who can tell."""
    line = source.lines[at]
    if source.open(at):
        source.warn(at, "the text ends inside the row")
        starts = [start for _, start in names]
        ends = [*starts[1:], len(line)]
        return {name: line[a:b].strip() if b < len(line) else "" for (name, a), b in zip(names, ends, strict=True)}
    parts = [(match.start(), match[0]) for match in _CELL.finditer(line)]
    texts = [text for _, text in parts]
    if len(parts) != len(names):
        places = {start: name for name, start in names}
        if len(parts) > 1 and all(start in places for start, _ in parts):
            return dict.fromkeys((name for name, _ in names), "") | {places[start]: text for start, text in parts}
        joined = " ".join(line.split())
        first = next((word for word in _TYPES if joined.casefold().startswith(word + " ")), "")
        texts = [joined[: len(first)], *joined[len(first) :].split()] if first else []
    return dict(zip((name for name, _ in names), texts, strict=True)) if len(texts) == len(names) else None
