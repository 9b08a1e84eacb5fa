"""Clocks and path groups, and the slack of each, from the tables of a timing summary."""

import dataclasses
import math
import re
from typing import Any

from neurorl.envs.fpga.reports import tables, values
from neurorl.envs.fpga.reports.tables import Row, Table
from neurorl.envs.fpga.reports.text import Source

_COLUMNS = {
    f"{total}{suffix}".casefold().replace(" ", ""): f"{total.lower()}_{field}"
    for worst, total in (("WNS", "TNS"), ("WHS", "THS"), ("WPWS", "TPWS"))
    for suffix, field in ((" Failing Endpoints", "failing_endpoints"), (" Total Endpoints", "total_endpoints"))
} | {f"{name}(ns)": f"{name}_ns" for name in ("wns", "tns", "whs", "ths", "wpws", "tpws")}
_UNTIMED = ("clockwaveform(ns)", "pathgroupfromclocktoclock")
_WAVEFORM = re.compile(r"\{\s{0,9}([-+0-9. ]{1,4000}?)\s{0,9}\}")


@dataclasses.dataclass(frozen=True)
class Slacks:
    """Slack of setup, hold and pulse width; None is NA."""

    wns_ns: float | None = None
    tns_ns: float | None = None
    whs_ns: float | None = None
    ths_ns: float | None = None
    wpws_ns: float | None = None
    tpws_ns: float | None = None
    tns_failing_endpoints: int | None = None
    tns_total_endpoints: int | None = None
    ths_failing_endpoints: int | None = None
    ths_total_endpoints: int | None = None
    tpws_failing_endpoints: int | None = None
    tpws_total_endpoints: int | None = None


@dataclasses.dataclass(frozen=True)
class Clock:
    """A clock, and the slack of the paths that begin and end on it."""

    name: str
    depth: int  # how deep it is nested under the clocks it is made from
    period_ns: float | None
    frequency_mhz: float | None
    waveform_ns: tuple[float, ...]  # edges: rise, fall, ...
    slacks: Slacks = Slacks()


@dataclasses.dataclass(frozen=True)
class PathGroup:
    """Paths that are timed together."""

    kind: str  # "intra": one clock; "inter": from one clock to another; "other": a path group, as **async_default**
    name: str | None  # of the path group, where kind is "other"
    from_clock: str
    to_clock: str
    slacks: Slacks = Slacks()

    @property
    def clock(self) -> str:
        """The clock, or ``from->to``."""
        return self.to_clock if self.from_clock == self.to_clock else f"{self.from_clock}->{self.to_clock}"


@dataclasses.dataclass(frozen=True)
class Untimed:
    """Paths that are ignored because the user said so, or that nothing constrains."""

    name: str
    from_clock: str
    to_clock: str
    kind: str  # "ignored" or "unconstrained"
    max_delay_endpoints: int | None = None
    min_delay_endpoints: int | None = None


@dataclasses.dataclass
class Timed:
    """What the tables say, together."""

    slacks: Slacks | None = None  # of the whole design
    clocks: list[Clock] = dataclasses.field(default_factory=list)
    groups: list[PathGroup] = dataclasses.field(default_factory=list)
    untimed: list[Untimed] = dataclasses.field(default_factory=list)


def parse_table(source: Source, at: int, section: str, timed: Timed) -> int | None:
    """Add to ``timed`` the table whose names stand at the line ``at``; return the index after it, None if this is no such table.

    Args:
        source: The text.
        at: Index of a line.
        section: Title of the section around it, which tells paths that are ignored from those without constraint.
        timed: What was read before.
    """
    names = source.lines[at].strip().casefold().replace(" ", "")
    slack = any(f"{name}(ns)" in names for name in ("wns", "whs", "wpws"))
    design = names.startswith(("wns(ns)", "whs(ns)", "wpws(ns)"))
    if not design and not (slack and names.startswith(("clock", "fromclock", "pathgroup"))) and not names.startswith(_UNTIMED):
        return None
    if len(timed.clocks) + len(timed.groups) + len(timed.untimed) > tables.MAX_GROUPS:
        source.warn(at, f"only about {tables.MAX_GROUPS:,} clocks and path groups were read")
        return at + 1
    table = tables.dashed(source, at)
    if design:
        if timed.slacks is None and table.rows:
            timed.slacks = _slacks(source, table, table.rows[0])
        return max(table.end, at + 1)
    for row, depth in zip(table.rows, tables.depths(table.rows), strict=True):
        cells = dict(zip(table.columns, row.cells, strict=True))
        if row.cut and not (slack and all(cells.get(name, "-") for name in ("Clock", "From Clock", "To Clock"))):
            continue  # its names are not whole
        if not slack and "Waveform(ns)" in cells:
            timed.clocks.append(_clock(source, row.line, cells, depth))
        elif not slack:
            kind = "ignored" if "Ignored" in section else "unconstrained"
            timed.untimed.append(Untimed(row.cells[0], cells["From Clock"], cells["To Clock"], kind))
        elif row.cells[0]:
            timed.groups.append(_group(row.cells[0], cells, _slacks(source, table, row)))
    return max(table.end, at + 1)


def _group(first: str, cells: dict[str, str], slacks: Slacks) -> PathGroup:
    if "Path Group" in cells:
        return PathGroup("other", first, cells.get("From Clock", ""), cells.get("To Clock", ""), slacks)
    if "From Clock" in cells:
        return PathGroup("inter", None, first, cells.get("To Clock", ""), slacks)
    return PathGroup("intra", None, first, first, slacks)


def _slacks(source: Source, table: Table, row: Row) -> Slacks:
    """Return the slack columns of a row."""
    fields: dict[str, Any] = {}
    for column, cell in zip(table.columns, row.cells, strict=True):
        name = _COLUMNS.get(column.casefold().replace(" ", ""))
        if name:
            value = values.reading(source, row.line, column, cell).value
            if value is not None:
                fields[name] = int(value) if name.endswith("endpoints") and math.isfinite(value) else float(value)
    return Slacks(**fields)


def _clock(source: Source, line: int, cells: dict[str, str], depth: int) -> Clock:
    numbers = {name: values.reading(source, line, name, cells.get(name, "")).value for name in ("Period(ns)", "Frequency(MHz)")}
    match = _WAVEFORM.search(cells["Waveform(ns)"])
    edges = [values.reading(source, line, "Waveform(ns)", edge).value for edge in match[1].split()] if match else []
    waveform = tuple(float(edge) for edge in edges if edge is not None)
    return Clock(cells["Clock"], depth, numbers["Period(ns)"], numbers["Frequency(MHz)"], waveform)
