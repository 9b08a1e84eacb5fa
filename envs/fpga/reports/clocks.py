"""Clocks and path groups, and the slack of each, from the tables of a timing summary."""

import dataclasses
import math
from typing import Any

from neurorl.envs.fpga.reports import dashed, values
from neurorl.envs.fpga.reports.tables import Row, Table, depths
from neurorl.envs.fpga.reports.text import Source

_COLUMNS = {
    f"{total}{suffix}": f"{total.lower()}_{field}"
    for total in ("TNS", "THS", "TPWS")
    for suffix, field in ((" Failing Endpoints", "failing_endpoints"), (" Total Endpoints", "total_endpoints"))
} | {f"{name}(ns)": f"{name.lower()}_ns" for name in ("WNS", "TNS", "WHS", "THS", "WPWS", "TPWS")}
_NAMES = ("Path Group", "Clock", "From Clock", "To Clock")


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
    from_clock: str | None  # None: they begin on no clock
    to_clock: str | None
    slacks: Slacks = Slacks()

    @property
    def clock(self) -> str:
        """The clock, or ``from->to`` with nothing where there is no clock."""
        return (self.to_clock if self.from_clock == self.to_clock else f"{self.from_clock or ''}->{self.to_clock or ''}") or ""


@dataclasses.dataclass(frozen=True)
class Untimed:
    """Paths that are ignored because the user said so, or that nothing constrains."""

    name: str | None
    from_clock: str | None
    to_clock: str | None
    kind: str  # "ignored", "unconstrained", or "unknown" where the text does not say
    max_delay_endpoints: int | None = None
    min_delay_endpoints: int | None = None


@dataclasses.dataclass
class Timed:
    """What the tables say, together."""

    slacks: Slacks | None = None  # of the whole design
    clocks: list[Clock] = dataclasses.field(default_factory=list)
    groups: list[PathGroup] = dataclasses.field(default_factory=list)
    untimed: list[Untimed] = dataclasses.field(default_factory=list)


def parse_table(source: Source, at: int, kind: str, section: str, timed: Timed) -> int:
    """Add to ``timed`` the table whose names stand at the line ``at``; return the index after it.

    Args:
        source: The text.
        at: Index of the line of the names.
        kind: Which table it is, see ``dashed.kind``.
        section: Title of the section around it, which tells paths that are ignored from those without constraint.
        timed: What was read before.
    """
    if len(timed.clocks) + len(timed.groups) + len(timed.untimed) > dashed.MAX_GROUPS:
        source.warn(at, f"only about {dashed.MAX_GROUPS:,} clocks and path groups were read")
        source.mark(at)
        return at + 1
    table = dashed.table(source, at)
    if kind == "design":
        _design(source, table, timed)
        return max(table.end, at + 1)
    for row, depth in zip(table.rows, depths(table.rows), strict=True):
        cells = {name: cell or None for name, cell in zip(table.columns, row.cells, strict=True)}
        if row.cut and (kind in ("clocks", "untimed") or not all(cells[name] for name in cells if name in _NAMES)):
            continue  # its names are not whole
        if kind == "clocks":
            timed.clocks.append(_clock(source, row.line, cells, depth))
        elif kind == "untimed":
            names = (cells["Path Group"], cells["From Clock"], cells["To Clock"])
            timed.untimed.append(Untimed(*names, _untimed(source, row.line, section)))
        else:
            timed.groups.append(_group(kind, cells, _slacks(source, table, row)))
    return max(table.end, at + 1)


def _design(source: Source, table: Table, timed: Timed) -> None:
    rows = table.rows
    if timed.slacks is None and rows:
        timed.slacks = _slacks(source, table, rows[0])
        rows = rows[1:]
    for row in rows:
        source.warn(row.line, "the design has a second row of slacks, which was not read")


def _untimed(source: Source, line: int, section: str) -> str:
    if "ignored" in section or "unconstrained" in section:
        return "ignored" if "ignored" in section else "unconstrained"
    return unknown(source, line)


def unknown(source: Source, line: int) -> str:
    """Return the kind of paths without timing of which the text does not tell it, and note that."""
    source.warn(line, "the text does not say whether these paths are ignored or unconstrained")
    return "unknown"


def _group(kind: str, cells: dict[str, str | None], slacks: Slacks) -> PathGroup:
    if kind == "intra":
        return PathGroup("intra", None, cells["Clock"], cells["Clock"], slacks)
    return PathGroup(kind, cells.get("Path Group"), cells.get("From Clock"), cells.get("To Clock"), slacks)


def _slacks(source: Source, table: Table, row: Row) -> Slacks:
    """Return the slack columns of a row."""
    fields: dict[str, Any] = {}
    for column, cell in zip(table.columns, row.cells, strict=True):
        name = _COLUMNS.get(column)
        if name:
            value = values.reading(source, row.line, column, cell).value
            if value is not None:
                fields[name] = int(value) if name.endswith("endpoints") and math.isfinite(value) else float(value)
    return Slacks(**fields)


def _clock(source: Source, line: int, cells: dict[str, str | None], depth: int) -> Clock:
    period, frequency = (
        values.reading(source, line, name, cells.get(name) or "").value for name in ("Period(ns)", "Frequency(MHz)")
    )
    waveform = cells.get("Waveform(ns)") or ""
    if not (waveform.startswith("{") and waveform.endswith("}")):
        source.warn(line, f"'Waveform(ns)' is {waveform[:40]!r}, which is not in braces")
    edges = [values.reading(source, line, "Waveform(ns)", edge).value for edge in waveform.strip("{}").split()]
    waves = tuple(float(edge) for edge in edges if edge is not None)
    return Clock(cells.get("Clock") or "", depth, period, frequency, waves)
