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
    r"Slack(?: \((MET|VIOLATED)\))?\s{0,20}:\s{1,40}"
    r"(?:([-+]?[0-9]{1,15}(?:\.[0-9]{1,9})?)ns\b|([-+]?inf)(?:ns)?\b)(?:\s{1,9}\((.*)\))?\s*"
)
_LABEL = re.compile(r" {1,8}([A-Z][A-Za-z /]{2,30}(?:\([A-Z]{2,3}\))?)\s{0,20}:(?:\s+(.*))?")
_NS = re.compile(r"([-+]?[0-9]{1,15}(?:\.[0-9]{1,9})?)ns(?![0-9A-Za-z])")
_SHARES = re.compile(r"\(logic (\S{1,20})ns \((\S{1,20})%\)\s{1,9}route (\S{1,20})ns \((\S{1,20})%\)\)")
_CLOCKED = re.compile(r"clocked by (.{1,4000}?)\s{1,4}\{")
_PERIOD = re.compile(r"period=([0-9]{1,15}\.[0-9]{1,9})ns")
_CELLS = re.compile(r"([A-Za-z0-9_]{1,40})=([0-9]{1,9})")
_FOOT = re.compile(r"\s*(required time|arrival time|slack)\s{1,60}([-+]?[0-9]{1,15}\.[0-9]{1,9}|[-+]?inf)\s*")
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
_WORDS = {"path group": "path_group", "path type": "path_type", "timing exception": "timing_exception"}
_REQUIRED = ("source", "destination", "path_group", "path_type", "data_path_delay_ns")


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
    """Return whether a path begins with this line."""
    return line.startswith("Slack") and line[5:6] in (" ", ":")


def parse(source: Source, start: int) -> tuple[Path | None, int, bool]:
    """Return the path whose slack stands on the line ``start``, the index after it, and whether its cells were shown."""
    lines = source.lines
    match = _SLACK.fullmatch(lines[start])
    if match is None or (source.open(start) and not match[3] and match[4] is None):
        source.warn(start, "the slack of this path cannot be read")
        return None, start + 1, True
    fields: dict[str, Any] = {"slack_ns": float(match[2] or match[3])}
    order = match[4] or ""
    at, last = start + 1, ""
    while at < len(lines) and lines[at].strip() and not is_path(lines[at]):
        label = _LABEL.fullmatch(lines[at])
        text = lines[at].strip()
        if label:
            last = " ".join(label[1].split()).casefold()
            _read(source, at, last, (label[2] or "").strip(), fields)
        elif text.startswith("(") and last in ("source", "destination"):
            if not source.open(at):
                _detail(last, text, fields)
            last = ""
        at += 1
    foot = _foot(source, at, fields)
    missing = [name for name in _REQUIRED if name not in fields]
    if missing:
        source.warn(start, f"the path has no {', '.join(missing)}: the text is cut")
    check = _check(order, fields.get("path_type"))
    turned = "required_ns" if check == "hold" else "arrival_ns"  # is printed with a minus, ready to be added
    if turned in fields:
        fields[turned] = 0.0 - fields[turned]
    return Path(check=check, line=start + 1, **fields), foot, foot > at


def _check(order: str, path_type: str | None) -> str | None:
    """Return which check a path is of, from what its slack is the difference of, or else from its type."""
    if order:
        return "hold" if order.startswith("arrival time -") else "setup"
    if path_type is None:
        return None
    return "hold" if re.search(r"\bMin at\b", path_type) else "setup"


def _read(source: Source, at: int, label: str, text: str, fields: dict[str, Any]) -> None:
    """Read what stands after a label into ``fields``."""
    whole = not source.open(at)
    if label in ("source", "destination"):
        if whole and text:
            fields[label] = text
    elif label in _WORDS:
        if whole and text:
            fields[_WORDS[label]] = text
    elif label in _TIMES:
        match = _NS.match(text)
        if match:
            fields[_TIMES[label]] = float(match[1])
        elif text.startswith(("inf", "-inf")):
            fields[_TIMES[label]] = float(text.split()[0].removesuffix("ns"))
        elif text and not text.startswith("NA"):
            source.warn(at, f"'{label}' is {text[:40]!r}, which is not a time in ns")
        if label == "requirement" and match and whole:
            fields["requirement_edges"] = text[match.end() :].strip().removeprefix("(").removesuffix(")") or None
        if label == "data path delay" and (shares := _SHARES.search(text)):
            names = ("logic_ns", "logic_percent", "route_ns", "route_percent")
            fields.update(
                {name: value for name, value in zip(names, map(_float, shares.groups()), strict=True) if value is not None}
            )
    elif label == "logic levels":
        count = re.match(r"([0-9]{1,9})(?![0-9A-Za-z.])", text)
        if count and (whole or len(text) > count.end()):
            fields["logic_levels"] = int(count[1])
        elif not count and text != "NA":
            source.warn(at, f"'{label}' is {text[:40]!r}, which is not a count")
        if whole:
            fields["logic_cells"] = {name: int(number) for name, number in _CELLS.findall(text)}


def _detail(of: str, text: str, fields: dict[str, Any]) -> None:
    """Read the line in brackets under a source or destination."""
    fields[f"{of}_detail"] = text.strip("()")
    clock = _CLOCKED.search(text)
    if clock:
        fields["from_clock" if of == "source" else "to_clock"] = clock[1].strip()
    period = _PERIOD.search(text)
    if period and of == "destination":
        fields["to_period_ns"] = float(period[1])


def _foot(source: Source, at: int, fields: dict[str, Any]) -> int:
    """Read the times at the foot of the cells and nets that follow at ``at``, if any; return the index after them."""
    lines = source.lines
    start = at
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start >= len(lines) or not lines[start].lstrip().startswith("Location"):
        return at
    for index in range(start, len(lines)):
        line = lines[index]
        if math.isinf(fields["slack_ns"]) and not line.strip() and not _goes_on(lines, index):
            return index  # without a constraint there is no slack to compute
        match = _FOOT.fullmatch(line)
        if match and source.open(index) and not re.search(r"\.[0-9]{3}$|inf$| $", line):
            match = None  # the text is cut here, perhaps within the number
        if match and match[1] == "slack":
            return index + 1
        if match and match[1] != "slack":
            fields["required_ns" if match[1] == "required time" else "arrival_ns"] = float(match[2])
        elif is_path(line) or line.startswith(("From Clock", "Path Group", "Pulse Width", "Max Delay", "Min Delay")):
            source.warn(index, "the path before this line has no end", partial=False)
            return index
    source.warn(len(lines) - 1, "the text ends inside a path")
    return len(lines)


def _goes_on(lines: list[str], at: int) -> bool:
    """Return whether after an empty line the cells and nets of the clock follow, or the text is cut."""
    following = next((line for line in lines[at : at + 4] if line.strip()), None)
    return len(lines) - at < 3 if following is None else following.startswith("    ")


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
