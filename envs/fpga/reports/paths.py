"""A timing path: from where to where, how long it may take, how long it takes, and what is left.

    Slack (VIOLATED) :        -1.312ns  (required time - arrival time)
      Source:                 a_reg/C
                                (rising edge-triggered cell FDRE clocked by clk_a  {rise@0.000ns fall@2.500ns period=5.000ns})
      Destination:            b_reg/D
      ...
      Data Path Delay:        1.812ns  (logic 0.580ns (32.014%)  route 1.232ns (67.986%))
      Logic Levels:           1  (LUT3=1)

The cells and nets under ``Location`` are not kept; the times at their foot are.
"""

import dataclasses
import math
import re
from typing import Any

from neurorl.envs.fpga.reports.text import Source

_SLACK = re.compile(
    r"slack\s*+(?:\((?:met|violated)\)\s*+)?:\s*+([-+]?(?:inf|[0-9]{1,15}(?:\.[0-9]{1,9})?))(ns)?(?![\w.])(.*)", re.IGNORECASE
)
_NS = re.compile(r"([-+]?[0-9]{1,15}(?:\.[0-9]{1,9})?)ns(?![0-9A-Za-z])", re.IGNORECASE)
_SHARES = re.compile(
    r"\(logic ([-0-9.]{1,20})ns \(([-0-9.]{1,20})%\) {1,9}route ([-0-9.]{1,20})ns \(([-0-9.]{1,20})%\)\)", re.IGNORECASE
)
_PERIOD = re.compile(r"period=([0-9]{1,15}\.[0-9]{1,9})ns", re.IGNORECASE)
_COUNT = re.compile(r"([0-9]{1,9})(?![0-9A-Za-z.])")
_TIMES = {
    "requirement": "requirement_ns",
    "data path delay": "data_path_delay_ns",
    "clock path skew": "clock_path_skew_ns",
    "destination clock delay (dcd)": "destination_clock_delay_ns",
    "source clock delay (scd)": "source_clock_delay_ns",
    "clock pessimism removal (cpr)": "clock_pessimism_removal_ns",
    "clock uncertainty": "clock_uncertainty_ns",
    "total system jitter (tsj)": "total_system_jitter_ns",
    "total input jitter (tij)": "total_input_jitter_ns",
    "discrete jitter (dj)": "discrete_jitter_ns",
    "phase error (pe)": "phase_error_ns",
    "input delay": "input_delay_ns",
    "output delay": "output_delay_ns",
}
_WORDS = {
    "source": "source",
    "destination": "destination",
    "path group": "path_group",
    "path type": "path_type",
    "timing exception": "timing_exception",
}
_UNREAD = frozenset(
    (
        *("clock net delay (source)", "clock net delay (destination)", "clock domain crossing", "duty cycle distortion (dcd)"),
        *("phase jitter (pj)", "clock jitter (cj)", "derating factor (df)", "data path delay (dpd)", "prorating factor (pf)"),
        *("common clock delay (ccd)", "user uncertainty (uu)", "relative delay (crpr)", "inter-slr compensation"),
        *("time given to startpoint", "time borrowed from endpoint", "latch time given", "reference relative delay"),
    )
)
LABELS = frozenset((*_TIMES, *_WORDS, "logic levels"))
_REQUIRED = ("source", "destination", "path_group", "path_type", "data_path_delay_ns")
_ORDERS = {"(required time - arrival time)": "setup", "(arrival time - required time)": "hold"}
_FOOT = {"required time": "required_ns", "arrival time": "arrival_ns", "slack": "slack"}


@dataclasses.dataclass(frozen=True)
class Path:
    """A timing path; times in ns. What the report does not say is None."""

    slack_ns: float  # required minus arrival time (setup), or the reverse (hold); infinite where nothing constrains it
    check: str | None  # "setup" (max delay) or "hold" (min delay); None where the text ends before it says
    source: str | None = None
    destination: str | None = None
    path_group: str | None = None
    path_type: str | None = None  # check and corner, as in "Setup (Max at Slow Process Corner)"
    requirement_ns: float | None = None
    data_path_delay_ns: float | None = None
    logic_ns: float | None = None
    logic_percent: float | None = None
    route_ns: float | None = None
    route_percent: float | None = None
    logic_levels: int | None = None
    logic_cells: dict[str, int] = dataclasses.field(default_factory=dict)  # cells on the path, by kind
    clock_path_skew_ns: float | None = None
    destination_clock_delay_ns: float | None = None
    source_clock_delay_ns: float | None = None
    clock_pessimism_removal_ns: float | None = None
    clock_uncertainty_ns: float | None = None
    total_system_jitter_ns: float | None = None
    total_input_jitter_ns: float | None = None
    discrete_jitter_ns: float | None = None
    phase_error_ns: float | None = None
    input_delay_ns: float | None = None
    output_delay_ns: float | None = None
    arrival_ns: float | None = None
    required_ns: float | None = None
    from_clock: str | None = None
    to_clock: str | None = None
    to_period_ns: float | None = None  # of the clock at the destination
    requirement_edges: str | None = None  # which edges the requirement lies between
    timing_exception: str | None = None
    source_detail: str | None = None
    destination_detail: str | None = None
    line: int = 0  # where it stands, from 1

    @property
    def logic_share(self) -> float | None:
        """Share of the logic in the data path delay, 0 to 1."""
        if self.logic_ns is None or not self.data_path_delay_ns:
            return None
        return self.logic_ns / self.data_path_delay_ns


def is_path(line: str) -> bool:
    """Return whether a path seems to begin with this line."""
    text = line.lstrip()
    return text[:5].casefold() == "slack" and ":" in text[5:30] and not text[5:6].isalnum()


def label(line: str) -> str:
    """Return what stands before the first colon of a line, in small letters, or nothing."""
    name, colon, _ = line[:80].partition(":")
    return " ".join(name.split()).casefold() if colon else ""


def parse(source: Source, start: int) -> tuple[Path | None, int, bool]:
    """Return the path whose slack stands on the line ``start``, the index after it, and whether its cells were shown."""
    lines = source.lines
    source.mark(start)
    match = _SLACK.fullmatch(lines[start].strip())
    order = match[3].strip() if match else ""
    check = _ORDERS.get(" ".join(order.split()).casefold())
    if match is None or (match[2] is None and match[1][-1].isdigit()):
        source.warn(start, "the slack of this path cannot be read")
        return None, start + 1, True
    cut = source.open(start) and any(known.startswith(order.casefold()) for known in _ORDERS)
    if order and check is None and not cut:
        source.warn(start, f"the slack is of another check, {order[:60]!r}: it was not read")
        return None, start + 1, True
    fields: dict[str, Any] = {"slack_ns": float(match[1])}
    at = _head(source, start + 1, fields)
    foot = _foot(source, at, fields)
    missing = [name for name in _REQUIRED if name not in fields]
    if missing:
        source.warn(start, f"the path has no {', '.join(missing)}: the text is cut")
    check = check or _check(order, fields.get("path_type"))
    turned = "required_ns" if check == "hold" else "arrival_ns"  # is printed with a minus, ready to be added
    if turned in fields:
        fields[turned] = 0.0 - fields[turned]
    return Path(check=check, line=source.numbers[start], **fields), foot, foot > at


def _check(order: str, path_type: str | None) -> str | None:
    """Return which check a path is of, from what its slack is the difference of, or else from its type."""
    if order:
        return "hold" if order.casefold().startswith("(arrival") else "setup"
    if path_type is None:
        return None
    return "hold" if "min at" in path_type.casefold() else "setup"


def _head(source: Source, at: int, fields: dict[str, Any]) -> int:
    """Read the labels under the slack of a path into ``fields``; return the index after them."""
    lines = source.lines
    last = ""
    while at < len(lines):
        text = lines[at].strip()
        if not text:
            following = lines[at + 1].strip() if at + 1 < len(lines) else ""
            detail = following.startswith("(") and last in ("source", "destination")
            if not (detail or label(following) in LABELS) or _begins_other(lines, at + 1):
                break
        elif is_path(lines[at]) or _begins_other(lines, at) or text[:8].casefold() in ("location", "--------"):
            break
        elif text.startswith("(") and (text.endswith(")") or source.open(at)) and last in ("source", "destination"):
            if not source.open(at):
                _detail(source, at, last, text, fields)
            source.mark(at)
            last = ""
        elif name := label(text):
            last = name if name in LABELS or name in _UNREAD else last
            if name in LABELS:
                _read(source, at, name, text.partition(":")[2].strip(), fields)
                source.mark(at)
            else:
                source.mark(at)
                if name not in _UNREAD and source.once(name):
                    source.warn(at, f"paths have {text.partition(':')[0].strip()[:40]!r}, which is not known", partial=False)
        at += 1
    return at


def _begins_other(lines: list[str], at: int) -> bool:
    """Return whether something else than a path begins with the line ``at``; a path group is a part of a path too."""
    text = lines[at].lstrip()[:20].casefold()
    if text.startswith("path group:"):
        return at + 1 < len(lines) and lines[at + 1].lstrip()[:11].casefold() == "from clock:"
    return text.startswith(("from clock:", "pulse width checks", "max delay paths", "min delay paths", "| "))


def _read(source: Source, at: int, name: str, text: str, fields: dict[str, Any]) -> None:
    """Read what stands after a label into ``fields``."""
    whole = not source.open(at)
    if name in _WORDS:
        if whole and text:
            fields.setdefault(_WORDS[name], text)
    elif name == "logic levels":
        _levels(source, at, text, fields)
    else:
        match = _NS.match(text)
        if match:
            fields.setdefault(_TIMES[name], float(match[1]))
        elif text.casefold().startswith(("inf", "-inf")):
            fields.setdefault(_TIMES[name], float(text.split()[0].casefold().removesuffix("ns")))
        elif text and not text.casefold().startswith("na"):
            source.warn(at, f"'{name}' is {text[:40]!r}, which is not a time in ns")
        if name == "requirement" and match and whole:
            fields["requirement_edges"] = text[match.end() :].strip().removeprefix("(").removesuffix(")") or None
        if name == "data path delay" and match and (shares := _SHARES.search(text)):
            names = ("logic_ns", "logic_percent", "route_ns", "route_percent")
            fields |= {name: value for name, value in zip(names, map(_float, shares.groups()), strict=True) if value is not None}
        elif name == "data path delay" and match and "(" in text and whole:
            source.warn(at, f"the shares of logic and route are {text[match.end() :].strip()[:60]!r}, which cannot be read")


def _levels(source: Source, at: int, text: str, fields: dict[str, Any]) -> None:
    """Read the levels of logic, as in ``2  (LUT4=1 LUT5=1)``."""
    count = _COUNT.match(text)
    whole = not source.open(at)
    if count and (whole or len(text) > count.end()):
        fields["logic_levels"] = int(count[1])
    elif not count and text.casefold() != "na":
        source.warn(at, f"'logic levels' is {text[:40]!r}, which is not a count")
    if not whole:
        return
    cells = {}
    for word in (text[count.end() :] if count else "").strip().removeprefix("(").removesuffix(")").split():
        cell, _, number = word.partition("=")
        if cell and number.isascii() and number.isdigit() and len(number) < 10:
            cells[cell] = int(number)
        else:
            source.warn(at, f"the cells of the path have {word[:40]!r}, which is no count of cells")
    fields["logic_cells"] = cells


def _detail(source: Source, at: int, of: str, text: str, fields: dict[str, Any]) -> None:
    """Read the line in brackets under a source or destination, as ``(recovery check against rising-edge clock clk  {...})``."""
    fields[f"{of}_detail"] = text.strip("()")
    before, brace, waveform = text.partition("{")
    low = before.casefold()
    found = next((low.rfind(word) + len(word) for word in ("clocked by ", "-edge clock ", "(clock source ") if word in low), -1)
    if found >= 0 and brace:
        fields["from_clock" if of == "source" else "to_clock"] = before[found:].strip(" '")
    elif brace:
        source.warn(at, f"the clock of the {of} cannot be read in {text[:60]!r}")
    period = _PERIOD.search(waveform)
    if period and of == "destination":
        fields["to_period_ns"] = float(period[1])


def _foot(source: Source, at: int, fields: dict[str, Any]) -> int:
    """Read the times at the foot of the cells and nets that follow at ``at``, if any; return the index after them."""
    lines = source.lines
    start = at
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start >= len(lines) or lines[start].lstrip()[:8].casefold() != "location":
        return at
    for index in range(start, len(lines)):
        line = lines[index]
        if math.isinf(fields["slack_ns"]) and not line.strip() and not _goes_on(lines, index):
            source.mark(start, index)
            return index  # without a constraint there is no slack to compute
        name, number = _time(line)
        if name and source.open(index) and not re.search(r"\.[0-9]{3}$|inf$| $", line):
            name = ""  # the text is cut here, perhaps within the number
        if name == "slack":
            source.mark(start, index + 1)
            missing = [time for time, field in _FOOT.items() if time != "slack" and field not in fields]
            if missing:
                source.warn(index, f"the foot of the path has no {' and no '.join(missing)}")
            return index + 1
        if name:
            fields[_FOOT[name]] = number
        elif is_path(line) or _begins_other(lines, index) or label(line) in LABELS:
            source.warn(index, "the path before this line has no end", partial=False)
            source.mark(start, index)
            return index
    source.mark(start, len(lines))
    source.warn(len(lines) - 1, "the text ends inside a path")
    return len(lines)


def _time(line: str) -> tuple[str, float]:
    """Return which time at the foot of a path a line has, and the time; no name where it has none."""
    text = line.strip()
    name = next((name for name in _FOOT if text[: len(name)].casefold() == name), "")
    rest = text[len(name) :]
    number = _float(rest) if name and rest[:1] == " " else None
    return ("", 0.0) if number is None else (name, number)


def _goes_on(lines: list[str], at: int) -> bool:
    """Return whether after an empty line the cells and nets of the clock follow, or the text is cut."""
    following = next((line for line in lines[at : at + 4] if line.strip()), None)
    return len(lines) - at < 3 if following is None else following.startswith("    ")


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value
