"""Static timing, from ``report_timing_summary`` and ``report_timing``.

Setup is whether data arrive early enough, hold whether they stay long enough, pulse width whether clocks are slow enough.
WNS, WHS and WPWS are the worst slack of each, below 0 where it is violated; TNS, THS and TPWS are the sums over the endpoints
that fail.
"""

import dataclasses
import math
import re
from typing import Any

from neurorl.envs.fpga.reports import check_timing, methodology, paths, tables, values
from neurorl.envs.fpga.reports.check_timing import Check
from neurorl.envs.fpga.reports.document import Document
from neurorl.envs.fpga.reports.methodology import Rule
from neurorl.envs.fpga.reports.paths import Path
from neurorl.envs.fpga.reports.pulse_width import PulseWidthCheck, parse_checks
from neurorl.envs.fpga.reports.tables import Table
from neurorl.envs.fpga.reports.text import Source

MAX_PATHS = 20_000
_COLUMNS = {
    f"{total}{suffix}".casefold().replace(" ", ""): f"{total.lower()}_{field}"
    for worst, total in (("WNS", "TNS"), ("WHS", "THS"), ("WPWS", "TPWS"))
    for suffix, field in ((" Failing Endpoints", "failing_endpoints"), (" Total Endpoints", "total_endpoints"))
} | {f"{name}(ns)": f"{name}_ns" for name in ("wns", "tns", "whs", "ths", "wpws", "tpws")}
_VERDICTS = (
    (re.compile(r"timing constraints are not met", re.IGNORECASE), "not_met"),
    (re.compile(r"timing constraints are met", re.IGNORECASE), "met"),
    (re.compile(r"no user specified timing constraints", re.IGNORECASE), "no_constraints"),
)
_SETTING = re.compile(r"  ([A-Z][A-Za-z0-9 /.-]{2,60}?)\s{0,40}:  (\S.{0,80}?)\s*")
_BLOCK = re.compile(
    r"(Setup|Hold|PW)\s{0,10}:\s+(\S+)\s+Failing Endpoints,\s+Worst Slack\s+(\S+?)(?:ns)?\s*,"
    r"\s+Total Violation\s+(\S+?)(?:ns)?\s*"
)
_UNTIMED = re.compile(r"(Max|Min) Delay\s{1,20}([0-9]{1,12}) Endpoints?")
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


@dataclasses.dataclass(frozen=True)
class Worst:
    """What sets WNS or WHS."""

    slack_ns: float | None
    kind: str | None  # of the path group: "intra", "inter" or "other"
    clock: str | None  # or "from->to"
    period_ns: float | None  # of the clock at the destination; 1 / (period - WNS) is the frequency reached only within one clock
    path: Path | None  # None where the report does not show it


@dataclasses.dataclass(frozen=True)
class TimingReport:
    """All that a timing report tells, but for the cells and nets of each path."""

    slacks: Slacks = Slacks()  # of the whole design
    verdict: str | None = None  # "met", "not_met" or "no_constraints"
    worst_setup: Worst | None = None
    worst_hold: Worst | None = None
    worst_pulse_width: PulseWidthCheck | None = None
    clocks: tuple[Clock, ...] = ()
    groups: tuple[PathGroup, ...] = ()
    untimed: tuple[Untimed, ...] = ()
    paths: tuple[Path, ...] = ()
    pulse_widths: tuple[PulseWidthCheck, ...] = ()
    checks: tuple[Check, ...] = ()  # of check_timing: what is not constrained
    settings: dict[str, str] = dataclasses.field(default_factory=dict)  # of the timer


@dataclasses.dataclass
class _Found:
    """What was met so far."""

    slacks: Slacks | None = None
    verdict: str | None = None
    clocks: list[Clock] = dataclasses.field(default_factory=list)
    groups: list[PathGroup] = dataclasses.field(default_factory=list)
    untimed: list[Untimed] = dataclasses.field(default_factory=list)
    paths: list[Path] = dataclasses.field(default_factory=list)
    pulse_widths: list[PulseWidthCheck] = dataclasses.field(default_factory=list)
    rules: tuple[Rule, ...] = ()
    settings: dict[str, str] = dataclasses.field(default_factory=dict)
    blocks: dict[tuple[str, str, str], list[dict[str, Any]]] = dataclasses.field(default_factory=dict)  # heads of the details
    widths: set[str] = dataclasses.field(default_factory=set)  # clocks whose pulse widths were met
    block: tuple[str, str, str] | None = None  # the one that was met last
    shown: set[str | None] = dataclasses.field(default_factory=set)  # checks of the paths under it
    cells: list[bool] = dataclasses.field(default_factory=list)  # whether the cells and nets of each path were shown
    section: str = ""
    sections: set[str] = dataclasses.field(default_factory=set)


def parse(document: Document) -> tuple[TimingReport | None, tuple[Rule, ...]]:
    """Return the timing that a text tells, or None where it tells nothing of it, and the methodology rules in it."""
    source, found = document.source, _Found()
    checks = check_timing.parse(source)
    skip = {at: placed.table.end for placed in document.tables for at in (placed.table.line,)}
    at = 0
    while at < len(source.lines):
        if at in skip:
            at = max(skip[at], at + 1)
        elif source.lines[at].strip():
            at = _line(source, at, found)
        else:
            at += 1
    said = found.slacks or found.clocks or found.groups or found.paths or found.pulse_widths or found.blocks or found.verdict
    if not (said or checks or document.kind == "timing" or "Timing Summary Report" in document.titles):
        return None, found.rules
    _from_blocks(found)
    if found.cells and not found.cells[-1] and (any(found.cells) or document.titles):
        source.warn(len(source.lines) - 1, "the text ends before the cells and nets of its last path")
    if "Timing Summary Report" in document.titles:
        _complete(source, found, document.header.command)
    elif document.kind == "timing" and not (found.paths or found.slacks):
        source.warn(len(source.lines) - 1, "the text ends before its first path")
    return _report(found, checks), found.rules


def _line(source: Source, at: int, found: _Found) -> int:
    """Read what stands at the line ``at`` into ``found``; return the index to go on at."""
    line = source.lines[at]
    text = line.strip()
    if text.startswith("| "):
        following = source.lines[at + 1].strip() if at + 1 < len(source.lines) else ""
        if following.startswith("| -"):
            found.section = text[2:].strip()
            found.sections.add(found.section)
        return at + 1
    if paths.is_path(line):
        path, end, cells = paths.parse(source, at)
        if path is not None and len(found.paths) < MAX_PATHS:
            found.paths.append(path)
            found.cells.append(cells)
            found.shown.add(path.check)
            if len(found.paths) == MAX_PATHS:
                source.warn(at, f"only the first {MAX_PATHS:,} paths were kept")
        return end
    if text.startswith(("From Clock:", "Path Group:")):
        return _block(source, at, found)
    if text.startswith("Pulse Width Checks"):
        clock, checks, end = parse_checks(source, at)
        found.pulse_widths += checks
        if clock is not None:
            found.widths.add(clock)
        return end
    compact = text.casefold().replace(" ", "")
    if compact.startswith(("wns(ns)", "whs(ns)", "wpws(ns)")):
        return _summary(source, at, found)
    if text.startswith(("Clock ", "From Clock ", "Path Group ")):
        return _clock_table(source, at, found, compact)
    if text.startswith("Rule ") and methodology.is_table(tuple(text.split())):
        table = tables.dashed(source, at)
        found.rules = found.rules or methodology.rules(source, table)
        return max(table.end, at + 1)
    if found.verdict is None and "constraints" in text:
        found.verdict = next((name for pattern, name in _VERDICTS if pattern.search(text)), None)
    elif found.section == "Timer Settings" and (match := _SETTING.fullmatch(line)) and not source.open(at):
        found.settings[match[1]] = match[2]
    return at + 1


def _summary(source: Source, at: int, found: _Found) -> int:
    """Read the summary of the design."""
    table = tables.dashed(source, at)
    if found.slacks is None and table.rows:
        found.slacks = _slacks(source, table, 0)
    return max(table.end, at + 1)


def _slacks(source: Source, table: Table, row: int) -> Slacks:
    """Return the slack columns of a row."""
    fields: dict[str, Any] = {}
    line = table.rows[row].line
    for column, cell in zip(table.columns, table.rows[row].cells, strict=True):
        name = _COLUMNS.get(column.casefold().replace(" ", ""))
        if name:
            value = values.reading(source, line, column, cell).value
            if value is not None:
                fields[name] = int(value) if name.endswith("endpoints") and math.isfinite(value) else float(value)
    return Slacks(**fields)


def _clock_table(source: Source, at: int, found: _Found, compact: str) -> int:
    """Read a table of clocks or of path groups."""
    timed = any(f"{name}(ns)" in compact for name in ("wns", "whs", "wpws"))
    if not timed and not compact.startswith(("clockwaveform(ns)", "pathgroupfromclocktoclock")):
        return at + 1
    if len(found.clocks) + len(found.groups) + len(found.untimed) > tables.MAX_GROUPS:
        source.warn(at, f"only about {tables.MAX_GROUPS:,} clocks and path groups were read")
        return at + 1
    table = tables.dashed(source, at)
    nested = tables.depths(table.rows)
    for index, row in enumerate(table.rows):
        cells = dict(zip(table.columns, row.cells, strict=True))
        first = row.cells[0]
        if (row.cut and not timed) or (timed and not all(cells.get(name, "x") for name in ("Clock", "From Clock", "To Clock"))):
            continue  # the text ends within it
        if not timed and "Waveform(ns)" in cells:
            found.clocks.append(_clock(source, row.line, cells, nested[index]))
        elif not timed:
            kind = "ignored" if "Ignored" in found.section else "unconstrained"
            found.untimed.append(Untimed(first, cells["From Clock"], cells["To Clock"], kind))
        elif "Path Group" in cells:
            slacks = _slacks(source, table, index)
            found.groups.append(PathGroup("other", first, cells.get("From Clock", ""), cells.get("To Clock", ""), slacks))
        elif "From Clock" in cells:
            found.groups.append(PathGroup("inter", None, first, cells.get("To Clock", ""), _slacks(source, table, index)))
        else:
            found.groups.append(PathGroup("intra", None, first, first, _slacks(source, table, index)))
    return max(table.end, at + 1)


def _clock(source: Source, line: int, cells: dict[str, str], depth: int) -> Clock:
    period = values.reading(source, line, "Period(ns)", cells.get("Period(ns)", "")).value
    frequency = values.reading(source, line, "Frequency(MHz)", cells.get("Frequency(MHz)", "")).value
    match = _WAVEFORM.search(cells["Waveform(ns)"])
    edges = (
        tuple(
            value
            for value in (values.reading(source, line, "Waveform(ns)", e).value for e in match[1].split())
            if value is not None
        )
        if match
        else ()
    )
    return Clock(cells["Clock"], depth, period, frequency, edges)


def _block(source: Source, at: int, found: _Found) -> int:
    """Read the head of the details of a path group."""
    names: dict[str, str] = {}
    start = at
    while at < len(source.lines) and at < start + 3:
        name, colon, value = source.lines[at].strip().partition(":")
        if not colon or name not in ("Path Group", "From Clock", "To Clock") or name in names:
            break
        names[name] = value.strip()
        at += 1
    found.block = (names.get("Path Group", ""), names.get("From Clock", ""), names.get("To Clock", ""))
    found.shown = set()
    fields: dict[str, Any] = {}
    found.blocks.setdefault(found.block, []).append(fields)
    for index in range(at, min(at + 5, len(source.lines))):
        text = source.lines[index].strip()
        if (untimed := _UNTIMED.fullmatch(text)) and not source.open(index):
            fields[f"{untimed[1].casefold()}_delay_endpoints"] = int(untimed[2])
        match = _BLOCK.fullmatch(text)
        if match and not source.open(index):
            worst, total = {"Setup": ("wns", "tns"), "Hold": ("whs", "ths"), "PW": ("wpws", "tpws")}[match[1]]
            numbers = [values.reading(source, index, match[1], cell).value for cell in match.groups()[1:]]
            fields |= {f"{total}_failing_endpoints": numbers[0], f"{worst}_ns": numbers[1], f"{total}_ns": numbers[2]}
    return max(at, start + 1)


def _from_blocks(found: _Found) -> None:
    """Take the path groups from the heads of their details where an excerpt has no tables."""
    if found.groups:
        return
    for (group, source_clock, to_clock), (fields, *_) in found.blocks.items():
        if "wns_ns" in fields or "whs_ns" in fields or "wpws_ns" in fields:
            kind = "other" if group else "intra" if source_clock == to_clock else "inter"
            found.groups.append(PathGroup(kind, group or None, source_clock, to_clock, Slacks(**fields)))


def _complete(source: Source, found: _Found, command: str | None) -> None:
    """Note what a timing summary has and this text has not."""
    end = len(source.lines) - 1
    if found.slacks is None:
        source.warn(end, "the text ends before the Design Timing Summary")
        return
    for section in ("Clock Summary", "Intra Clock Table", "Inter Clock Table", "Other Path Groups Table"):
        if section not in found.sections:
            source.warn(end, f"the text ends before the {section}")
            return
    if "Timing Details" not in found.sections:
        if command and "-no_detailed_paths" not in command:
            source.warn(end, "the text ends before the Timing Details")
        return
    for group in found.groups:
        if (group.name or "", group.from_clock, group.to_clock) not in found.blocks:
            source.warn(end, f"the text ends before the details of '{group.clock[:80]}'")
            return
        if group.kind == "intra" and group.slacks.wpws_ns is not None and group.from_clock not in found.widths:
            source.warn(end, f"the text ends before the pulse widths of '{group.clock[:80]}'")
            return
    for untimed in _untimed(found):
        if untimed.max_delay_endpoints is None and untimed.min_delay_endpoints is None:
            source.warn(end, f"the text ends before the {untimed.kind} paths from '{untimed.from_clock[:80]}'")
            return
    head = found.blocks[found.block][-1] if found.block else {}
    for check, worst, endpoints in (("setup", "wns_ns", "max_delay_endpoints"), ("hold", "whs_ns", "min_delay_endpoints")):
        expected = head.get(worst) is not None or head.get(endpoints)
        if expected and check not in found.shown and "-slack_lesser_than" not in (command or ""):
            source.warn(end, f"the text ends before the {check} paths of its last path group")
            return


def _report(found: _Found, checks: tuple[Check, ...]) -> TimingReport:
    within = {group.from_clock: group.slacks for group in found.groups if group.kind == "intra"}
    clocks = tuple(dataclasses.replace(clock, slacks=within.get(clock.name, Slacks())) for clock in found.clocks)
    slacks = found.slacks or Slacks()
    return TimingReport(
        slacks=slacks,
        verdict=found.verdict,
        worst_setup=_worst(found, "setup", slacks.wns_ns),
        worst_hold=_worst(found, "hold", slacks.whs_ns),
        worst_pulse_width=min(found.pulse_widths, key=lambda check: check.slack_ns, default=None),
        clocks=clocks,
        groups=tuple(found.groups),
        untimed=_untimed(found),
        paths=tuple(found.paths),
        pulse_widths=tuple(found.pulse_widths),
        checks=checks,
        settings=found.settings,
    )


def _untimed(found: _Found) -> tuple[Untimed, ...]:
    """Return the groups without timing, with the endpoints that the heads of their details count, in the same order."""
    met: dict[tuple[str, str, str], int] = {}
    result = []
    for untimed in found.untimed:
        key = (untimed.name, untimed.from_clock, untimed.to_clock)
        heads = found.blocks.get(key, [])
        met[key] = met.get(key, 0) + 1
        head = heads[met[key] - 1] if len(heads) >= met[key] else {}
        endpoints = {name: head[name] for name in ("max_delay_endpoints", "min_delay_endpoints") if name in head}
        result.append(dataclasses.replace(untimed, **endpoints))
    return tuple(result)


def _worst(found: _Found, check: str, design: float | None) -> Worst | None:
    """Return what sets the worst slack of a check: the path group, and its path where it is shown."""
    candidates = [path for path in found.paths if path.check == check]
    timed = [path for path in candidates if math.isfinite(path.slack_ns)]
    slack_of = (lambda g: g.slacks.wns_ns) if check == "setup" else (lambda g: g.slacks.whs_ns)
    groups = [group for group in found.groups if slack_of(group) is not None and math.isfinite(slack_of(group))]
    group = min(groups, key=slack_of, default=None)
    if group is not None:
        slack = slack_of(group)
        path = next((p for p in timed if p.slack_ns == slack and _belongs(p, group)), None)
        path = path or next((p for p in timed if p.slack_ns == slack), None)
        kind, clock, to_clock = group.kind, group.clock, group.to_clock
    elif timed:
        path = min(timed, key=lambda p: p.slack_ns)
        slack, to_clock = path.slack_ns, path.to_clock
        kind, clock = _kind_of(path)
    elif design is not None or candidates:
        path = max(candidates, key=lambda p: p.data_path_delay_ns or 0.0, default=None)
        slack, kind, clock, to_clock = (path.slack_ns if path else design), None, None, None
    else:
        return None
    period = next((c.period_ns for c in found.clocks if c.name == to_clock), path.to_period_ns if path else None)
    return Worst(slack if design is None else design, kind, clock, period, path)


def _belongs(path: Path, group: PathGroup) -> bool:
    ends = (path.from_clock in (None, group.from_clock)) and (path.to_clock in (None, group.to_clock))
    return ends and path.path_group == (group.name or group.to_clock)


def _kind_of(path: Path) -> tuple[str | None, str | None]:
    """Return kind and clock of the group of a path that stands alone."""
    if path.from_clock is None or path.to_clock is None:
        return None, path.path_group
    clock = path.to_clock if path.from_clock == path.to_clock else f"{path.from_clock}->{path.to_clock}"
    if path.path_group not in (None, path.to_clock):
        return "other", clock
    return "intra" if path.from_clock == path.to_clock else "inter", clock
